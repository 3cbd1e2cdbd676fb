"""``benchmark: NAME`` in a launch stands for the benchmark's problems, budget and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from archgym import registry
from archgym.errors import ArchgymError, LaunchError, StoreError
from archgym.results.benchmark import Benchmark, load_benchmark
from archgym.results.spec import digest
from archgym.results.store import Store
from archgym.whole_file import write_whole

KEY = "benchmark"
_FOLDER = ".launches"
_FIXED = ("problems", "budget", "seeds", "timeout_s", "tune")
_FIXED_OF_AGENTS = ("budget", "seeds")


def with_benchmark(content: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """Return a launch's content in which the benchmark is written out, if it names one.

    Raises:
        LaunchError: The benchmark is unknown, needs versions that are not installed, or the launch
            sets what the benchmark sets.
    """
    if content.get(KEY) is None:
        return content
    try:
        benchmark = load_benchmark(str(content[KEY]))
        _check_not_set(content, benchmark)
        problems = [_entry(benchmark, at) for at in range(len(benchmark.problems))]
    except ArchgymError as error:
        raise LaunchError(f"{source}: {KEY}: {error}") from None
    return {
        **content,
        "problems": problems,
        "budget": benchmark.budget,
        "seeds": benchmark.seeds,
    }


def _check_not_set(content: Mapping[str, Any], benchmark: Benchmark) -> None:
    given = [key for key in _FIXED if key in content]
    agents = content.get("agents")
    for at, agent in enumerate(agents if isinstance(agents, list) else []):
        own = agent if isinstance(agent, Mapping) else {}
        given += [f"agents[{at}].{key}" for key in _FIXED_OF_AGENTS if key in own]
    if given:
        raise LaunchError(f"{benchmark.name} sets {given[0]}; leave it out")


def _entry(benchmark: Benchmark, at: int) -> dict[str, Any]:
    problem = benchmark.problems[at]
    problem.make()
    return {
        "env": problem.env,
        "workload": problem.workload,
        "objective": problem.objective,
        "cost_model": problem.cost_model,
        "settings": dict(problem.settings),
    }


def write_launch(
    name: str, agent: str, hyperparameters: Mapping[str, Any], store: Path | str
) -> Path:
    """Write the launch of one agent on a benchmark into a store, and return its path.

    So it can be repeated, and `archgym status` names it.

    Raises:
        UnknownNameError: There is no such benchmark, agent or hyper-parameter.
        SettingError: A value is not allowed.
        StoreError: The store cannot be written, or is not a folder.
    """
    benchmark = load_benchmark(name)
    registry.agents.get(agent).check(hyperparameters)
    if "://" in str(store):
        raise StoreError(f"{store}: write a launch with `benchmark: {name}` and run that instead")
    content = {
        "name": f"{benchmark.name}-{agent}",
        KEY: str(Path(name).resolve()) if Path(name).is_file() else name,
        "agents": [{"name": agent, "hyperparameters": dict(hyperparameters)}],
    }
    folder = Path(str(Store.create(store).path)) / _FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{benchmark.name}-{digest(content)[:8]}.yaml"
    write_whole(path, yaml.safe_dump(content, sort_keys=False).encode())
    return path
