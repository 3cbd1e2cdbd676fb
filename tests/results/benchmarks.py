"""A small benchmark of toys, and a store with runs of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import make_plan
from archgym.results.benchmark import Benchmark, load_benchmark
from tests.experiments.launching import ODD, run_locally

Spoken = Callable[..., tuple[int, str, str]]
NAME = "toys-v1"
RANDOM = {"name": "random", "hyperparameters": {"batch_size": [4, 10]}}
PROBLEM: dict[str, Any] = {
    "env": "tests.toys:TOY",
    "env_version": 0,
    "cost_model": "distance",
    "cost_model_version": "1",
    "settings": {"max_banks": 6},
    "workload": "mixed",
    "objective": "latency",
    "best": 7.5,
    "best_is": "known",
}
FRONT: dict[str, Any] = {
    "env": "tests.toys:TOY_FRONT",
    "env_version": 0,
    "cost_model": "front",
    "cost_model_version": "1",
    "workload": "plain",
    "objective": "tradeoff",
    "reference": [0.1, 0.1],
    "best": 893.0,
    "best_is": "known",
}


def toy_benchmark(**changes: Any) -> dict[str, Any]:
    """Return a benchmark's content; keys given replace those of it."""
    content = {
        "name": NAME,
        "description": "two toys",
        "budget": 40,
        "seeds": 3,
        "problems": [PROBLEM, PROBLEM | {"workload": "other", "best": 4.2}],
    }
    return content | changes


def write_benchmark(folder: Path, **changes: Any) -> Path:
    content = toy_benchmark(**changes)
    path = folder / f"{content['name']}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def front_benchmark(folder: Path) -> Benchmark:
    return load_benchmark(str(write_benchmark(folder, name="fronts-v1", problems=[FRONT])))


def run_benchmark(path: Path, store: Path, agents: list[Any]) -> None:
    content = {"name": "toys", "benchmark": str(path), "agents": agents}
    run_locally(make_plan(parse_launch(content, "toys.yaml"), Path("toys.yaml")), store)


def toy_store(path: Path, store: Path) -> None:
    """Run two configurations of random search, an agent of the tests, and one that fails."""
    run_benchmark(path, store, [RANDOM, f"{ODD}:PlainAgent", f"{ODD}:RaisingAgent"])
