"""What the runner costs beside the trials: planning, going on, per trial, per evaluation, memory.

Run ``python -m benchmarks.runner_scale``; prints a markdown table. Trials are those of
``experiments/launches/many_trials.yaml`` (random search of the memory controller, 100 evaluations
each), 240 of them unless ``--trials`` says otherwise; ``--trials 21600 --store DIR`` is the whole
launch. A trial's own time is what its agent and its cost model take, as stored; the rest is the
runner's. ``--speedup`` adds how much faster two workers are than one, Ray's start aside, which
says something on an idle machine alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import archgym
from archgym.evaluator import Evaluator
from archgym.experiments.executors.base import Executor
from archgym.experiments.executors.local import LocalExecutor
from archgym.experiments.executors.ray import RayExecutor
from archgym.experiments.experiment import Result, run_experiment
from archgym.experiments.json_progress import JsonProgress
from archgym.experiments.launch import parse_launch, read_launch
from archgym.experiments.plan import Plan, make_plan
from archgym.results.store import RunFolder, Store
from archgym.results.writer import PartWriter
from benchmarks.core_overhead import problem

LAUNCH = Path(__file__).parents[1] / "experiments/launches/many_trials.yaml"
TRIALS, PROBLEMS, LOCAL_TRIALS = 240, 12, 60
EVALUATIONS, BATCH = 200_000, 64
LONG_BUDGET, LONG_SEEDS, WARMING_SEEDS = 400, range(24), range(100, 104)
COLUMNS = ["figure", "unit", "bar", "measured"]
MEBIBYTE = 2**20


@dataclass
class Timed:
    """Wall-clock and CPU seconds of this process in a call, and what it returned."""

    wall: float
    cpu: float
    value: object


def timed(call: Callable[[], object]) -> Timed:
    wall, cpu = time.perf_counter(), time.process_time()
    value = call()
    return Timed(time.perf_counter() - wall, time.process_time() - cpu, value)


class PeakMemory:
    """The most memory that this process held while entered, in MiB."""

    def __enter__(self) -> PeakMemory:
        self.mebibytes, self._ended = 0.0, threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._looking.join()

    def _look(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") / MEBIBYTE
        while not self._ended.wait(0.1):
            held = int(Path("/proc/self/statm").read_text().split()[1]) * page
            self.mebibytes = max(self.mebibytes, held)


def plan_of(trials: int) -> Plan:
    launch = read_launch(LAUNCH)
    seeds = list(range(max(1, trials // PROBLEMS)))
    return make_plan(launch.model_copy(update={"seeds": seeds}), LAUNCH)


def long_plan(seeds: Sequence[int] = LONG_SEEDS) -> Plan:
    """Return trials of about a second that gain nothing from one another.

    The model must not be one that remembers what a process simulated, as that of memory
    controllers: trials of designs in common would be cheaper in one process than in two.
    """
    launch = {
        "name": "long-trials",
        "problems": [{"env": "analog.sizing", "workload": "miller2"}],
        "agents": ["random"],
        "budget": LONG_BUDGET,
        "seeds": list(seeds),
    }
    return make_plan(parse_launch(launch, "long-trials"), Path("long-trials"))


def run(plan: Plan, store: Path, executor: Callable[[int], Executor]) -> Result:
    with open(os.devnull, "w") as nowhere:
        watcher = JsonProgress("benchmark", nowhere)
        result = run_experiment(plan, Store.create(store), executor, watcher)
    if result.done != result.total:
        raise SystemExit(
            f"{result.total - result.done} trials are not done: {result.not_done[:3]}"
        )
    return result


def own_seconds(store: Path) -> float:
    """Return the mean time that a stored trial's agent and cost model took."""
    done = [folder.read_done() or {} for folder in Store.open(store).runs()]
    return float(np.mean([d["ask_seconds"] + d["evaluate_seconds"] for d in done]))


def per_trial_ms(store: Path, start: Callable[[], Executor]) -> float:
    """Return wall-clock milliseconds per trial beyond its own time; one worker, which is warm."""
    executor = start()
    kept = _Kept(executor)
    try:
        run(plan_of(PROBLEMS), store / "warm", lambda _: kept)
        plan = plan_of(LOCAL_TRIALS)
        took = timed(lambda: run(plan, store / "counted", lambda _: kept))
    finally:
        executor.close()
    return 1e3 * (took.wall / len(plan.trials) - own_seconds(store / "counted"))


class _Kept:
    """An executor that outlives an experiment."""

    def __init__(self, executor: Executor):
        self.workers = executor.workers
        self.submit, self.wait, self.stop = executor.submit, executor.wait, executor.stop
        self._executor = executor

    @property
    def room(self) -> int:
        return self._executor.room

    def close(self) -> None:
        """Leave it to whoever made it."""


def per_evaluation_us(store: Path) -> float:
    """Return CPU microseconds that storing adds to an evaluation, in batches of 64."""
    asked = problem()
    folder = RunFolder(Store.create(store).path / "env=e" / "agent=a" / "run=r0000000000000000")
    Path(str(folder.path)).mkdir(parents=True)

    def search(recorder: PartWriter | None) -> None:
        agent = archgym.make_agent("random", asked, seed=0)
        evaluator = Evaluator(asked, EVALUATIONS, recorder)
        while evaluator.remaining:
            count = min(BATCH, evaluator.remaining)
            evaluator.evaluate(asked.space.sample(agent.rng, count))
        if recorder is not None:
            recorder.flush()

    plain, stored = [], []
    for _ in range(3):
        plain.append(timed(lambda: search(None)).cpu)
        stored.append(timed(lambda: search(PartWriter(folder, asked))).cpu)
    return 1e6 * (min(stored) - min(plain)) / EVALUATIONS


def speedup(store: Path) -> float:
    """Return how much faster two workers are than one on trials of some seconds, both warm."""
    walls = []
    for workers in (1, 2):
        executor = RayExecutor(workers)
        kept = _Kept(executor)
        place = store / f"workers{workers}"
        try:
            run(long_plan(WARMING_SEEDS), place / "warm", lambda _, kept=kept: kept)
            plan = long_plan()
            counted = place / "counted"
            walls.append(timed(lambda p=plan, c=counted, k=kept: run(p, c, lambda _: k)).wall)
        finally:
            executor.close()
    return walls[0] / walls[1]


def rows(trials: int, scratch: Path, store: Path) -> list[tuple[str, str, float, float]]:
    planned = timed(lambda: plan_of(trials))
    plan = plan_of(trials)
    with PeakMemory() as peak:
        ran = timed(lambda: run(plan, store, lambda _: RayExecutor(2)))
    again = timed(lambda: run(plan, store, lambda _: RayExecutor(2)))
    share = trials / 21_600
    return [
        (f"planning {trials:,} trials, CPU", "s", 5.0, planned.cpu),
        (f"running {trials:,} trials with two workers", "min", 25 * share, ran.wall / 60),
        ("driver's CPU in it, per trial", "ms", 10, 1e3 * ran.cpu / trials),
        ("driver's peak memory in it", "MiB", 500, peak.mebibytes),
        ("going on where all is done, CPU", "s", 10, again.cpu),
        ("overhead per trial, local", "ms", 30, per_trial_ms(scratch / "local", LocalExecutor)),
        (
            "overhead per trial, Ray, warm",
            "ms",
            60,
            per_trial_ms(scratch / "ray", lambda: RayExecutor(1)),
        ),
        ("storing, per evaluation, CPU", "us", 3, per_evaluation_us(scratch / "rows")),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--store", type=Path, help="where the trials are kept; else nowhere")
    parser.add_argument("--speedup", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        measured = rows(given.trials, scratch, given.store or scratch / "trials")
        if given.speedup:
            measured.append(("two workers against one", "x", 1.85, speedup(scratch)))
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    for figure, unit, bar, value in measured:
        print(f"| {figure} | {unit} | {bar:.3g} | {value:.3g} |")


if __name__ == "__main__":
    main()
