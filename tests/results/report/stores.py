"""Stores that the tests of the report share."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from archgym.results.catalogue import load_runs
from archgym.results.reader import read_rows
from archgym.results.store import Store
from tests.experiments.launching import ODD, run_locally, toy_plan

TOY = "tests.toys:TOY"
PROBLEMS = [
    {"env": TOY, "workload": ["mixed", "other"], "objective": ["latency", "energy_delay"]},
]
AGENTS = [
    "random",
    {"name": f"{ODD}:PlainAgent", "hyperparameters": {"largest": [3, 5, 9]}},
    f"{ODD}:RaisingAgent",
]


def make_store(path: Path, **changes: Any) -> Store:
    """Run toys: four problems, two agents that finish and one that fails, three seeds."""
    launch: dict[str, Any] = {"problems": PROBLEMS, "agents": AGENTS, "seeds": 3}
    run_locally(toy_plan(**(launch | changes)), path)
    return Store.open(path)


def multiply(store: Store, path: Path, trials: int) -> Store:
    """Return a store of so many finished trials: those of another one with further seeds."""
    large = Store.create(path)
    done = [run for run in load_runs(store) if run.scored]
    for number in range(trials):
        run = done[number % len(done)]
        own = dict(run.spec.hyperparameters)
        if "pause_s" in own:
            own["pause_s"] = number // len(done) % 20 / 1000
        spec = replace(run.spec, hyperparameters=own, seed=1_000 + number)
        source, target = store.folder(run.spec), large.folder(spec)
        Path(str(target.path)).mkdir(parents=True)
        summary = source.read_done() or {}
        summary |= {"spec": spec.data, "run": spec.run_id}
        Path(str(target.done_file)).write_text(json.dumps(summary))
        for part in source.parts():
            Path(str(target.path / part.name)).hardlink_to(str(part))
    return large


def rewards_of(store: Store) -> dict[str, Any]:
    """Return run id -> rewards in the order of evaluation, of runs with rows."""
    tables = {run.run_id: read_rows(run) for run in store.runs()}
    return {run: rows["reward"].to_numpy() for run, rows in tables.items() if rows is not None}
