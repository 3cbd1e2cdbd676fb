"""What storing an evaluation costs: CPU, bytes, and the fixed price of a small trial.

Run ``python -m benchmarks.store_rows``; prints a markdown table. Evaluations of the memory
controller (15 parameters, 26 metrics) are measured once and stored again and again, so that only
the store's own work counts: recording, parts, and the one file that a finished run keeps.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import archgym
from archgym.evaluator import Evaluator, Record
from archgym.experiments.trial import Job, run_trial
from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder
from archgym.results.writer import PartWriter
from archgym.testing.toys import toy_problem

ROWS, BATCH, TRIALS, SMALL, REPEATS = 20_000, 64, 40, 100, 5


def recorded(problem: archgym.Problem, rows: int, batch: int) -> list[Record]:
    """Return what the evaluator tells of random designs in batches of one size."""
    records: list[Record] = []
    evaluator = Evaluator(problem, rows, records.append)
    rng = np.random.default_rng(0)
    for _ in range(rows // batch):
        evaluator.evaluate(problem.space.sample(rng, batch))
    return records


def stored(problem: archgym.Problem, records: Sequence[Record]) -> tuple[float, float]:
    """Return CPU microseconds and bytes per row of storing records."""
    with tempfile.TemporaryDirectory() as folder:
        writer = PartWriter(RunFolder(Path(folder)), problem)
        rows = sum(len(record.batch) for record in records)
        before = time.process_time()
        for record in records:
            writer(record)
        writer.finish()
        seconds = time.process_time() - before
        size = RunFolder(Path(folder)).data_file.stat().st_size  # type: ignore[union-attr]
    return 1e6 * seconds / rows, size / rows


def small_trial_ms(clock: Callable[[], float]) -> float:
    """Return the median time that storing takes in a random trial of 100 cheap evaluations."""
    spec = TrialSpec(
        env="archgym.testing.toys:TOY", env_version=0, workload="mixed", objective="latency",
        settings={"max_banks": 5, "flavour": "plain"}, cost_model="distance",
        cost_model_version="1", agent="random", agent_version="1",
        hyperparameters={"batch_size": 64, "distinct": False}, seed=0, budget=SMALL,
    )  # fmt: skip
    stored_s, bare_s = [], []
    with tempfile.TemporaryDirectory() as store:
        for seed in range(TRIALS):
            trial = replace(spec, seed=seed)
            start = clock()
            report = run_trial(Job(trial.data, store))
            assert report.new_evaluations == SMALL, report
            middle = clock()
            problem = trial.make_problem()
            trial.make_agent(problem).run(Evaluator(problem, SMALL))
            stored_s.append(middle - start)
            bare_s.append(clock() - middle)
    return 1e3 * float(np.median(stored_s) - np.median(bare_s))


def main() -> None:
    dram = archgym.make_problem("dram", workload="stream")
    toy = toy_problem("toy.flat")
    print("| figure | measured |\n|---|---|")
    for name, problem, batch, rows in (
        ("dram", dram, BATCH, ROWS),
        ("dram", dram, 1, ROWS // 4),
        ("toy", toy, BATCH, ROWS),
        ("toy", toy, 1, ROWS),
    ):
        records = recorded(problem, rows, batch)
        cpu_us, size = min(stored(problem, records) for _ in range(REPEATS))
        print(f"| {name}, {rows} in batches of {batch} | {cpu_us:.2f} us, {size:.1f} bytes |")
    wall, cpu = small_trial_ms(time.perf_counter), small_trial_ms(time.process_time)
    print(f"| storing a trial of {SMALL} evaluations | {wall:.1f} ms, CPU {cpu:.1f} ms |")


if __name__ == "__main__":
    main()
