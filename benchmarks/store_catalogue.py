"""How long boards and curves take over a store of 21,600 finished trials.

``python -m benchmarks.store_catalogue make STORE [RUNS]`` fills a store with small runs: one real
trial, copied under other specs with other rewards. ``... time STORE`` times the verbs on any store
and prints a markdown table; run it once without and once with an index (``archgym index``).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from pathlib import Path

import numpy as np

from archgym.experiments.trial import Job, run_trial
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

RUNS, EVALUATIONS = 21_600, 100
WORKLOADS, OBJECTIVES = ("mixed", "other"), ("latency", "energy", "frugal")
BATCHES, SEEDS = range(1, 721), range(5)
VERBS = (
    ("status",),
    ("leaderboard", "--format", "csv"),
    ("query", "curves", "--format", "csv"),
)


def specs() -> Iterator[TrialSpec]:
    """Yield specs of random search: problems x configurations x seeds."""
    first = TrialSpec(
        env="archgym.testing.toys:TOY", env_version=0, workload="mixed", objective="latency",
        settings={"max_banks": 5, "flavour": "plain"}, cost_model="distance",
        cost_model_version="1", agent="random", agent_version="1",
        hyperparameters={"batch_size": 64, "distinct": False}, seed=0, budget=EVALUATIONS,
    )  # fmt: skip
    for batch, workload, objective, seed in product(BATCHES, WORKLOADS, OBJECTIVES, SEEDS):
        own = {"batch_size": batch, "distinct": False}
        yield replace(
            first, workload=workload, objective=objective, seed=seed, hyperparameters=own
        )


def make(path: str, count: int) -> None:
    """Fill a store."""
    store, rng = Store.create(path), np.random.default_rng(0)
    wanted = list(islice(specs(), count))
    assert len(wanted) == count
    assert run_trial(Job(wanted[0].data, path)).new_evaluations == EVALUATIONS
    real = store.folder(wanted[0])
    data = real.data_file.read_bytes()
    run, done = real.read_run(), real.read_done() or {}
    for spec in wanted[1:]:
        folder = Path(str(store.folder(spec).path))
        folder.mkdir(parents=True, exist_ok=True)
        reward = float(rng.uniform(1.0, 4.0))
        own = {"run": spec.run_id, "spec": spec.data}
        best = {**done["best"], "reward": reward}
        (folder / "run.json").write_text(json.dumps({**run, **own}, indent=1))
        (folder / "attempt-1.json").write_text("{}")
        (folder / "data.parquet").write_bytes(data)
        (folder / "done.json").write_text(json.dumps({**done, **own, "best": best}, indent=1))


def seconds(*words: str) -> tuple[float, float]:
    """Return the wall-clock and CPU time of a command in a fresh process."""
    command = [str(Path(sys.executable).with_name("archgym")), *words]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu


def main() -> None:
    what, path, *rest = sys.argv[1:]
    if what == "make":
        make(path, int(rest[0]) if rest else RUNS)
        return
    print("| verb | s | CPU s |\n|---|---|---|")
    for words in VERBS:
        wall, cpu = min(seconds(*words, "--store", path) for _ in range(3))
        print(f"| `archgym {' '.join(words)}` | {wall:.2f} | {cpu:.2f} |")


if __name__ == "__main__":
    main()
