"""A hundred times kill -9, at random moments: no stored row is lost, none stands twice.

Run ``python -m benchmarks.kill_storm [--kills 100]``; prints a markdown table. A launch of toys is
run over and over, half of the time by one process, half of the time by Ray with two workers. Its
driver or one of its workers is killed; the same command goes on. After each kill what is stored
must hold all that was stored before, and be the beginning of what an undisturbed run stores; in
the end the launch must be done, with the same rows. Ends with exit code 1 at the first difference.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml

from archgym.agents.base import AskTellAgent
from archgym.batch import Batch
from archgym.experiments.driver_lock import process_start
from archgym.outcome import Outcomes
from archgym.results.reader import read_rows
from archgym.results.schema import TIMINGS
from archgym.results.store import State, Store

ROOT = Path(__file__).parents[1]
KILLS, LONGEST_REST_S, ENDS_WITHIN_S = 100, 1.5, 300.0
LAUNCH = {
    "name": "kill-storm",
    "problems": [{"env": "archgym.testing.toys:TOY", "workload": ["mixed", "other"]}],
    "agents": ["benchmarks.kill_storm:UnhurriedAgent", "genetic"],
    "budget": 2_000,
    "seeds": 3,
    # Deaths are what is tested here, not their cap.
    "attempts": 100,
}


class UnhurriedAgent(AskTellAgent):
    """Random designs, ten at a time, with a rest before each ten."""

    name, version = "unhurried", "1"
    summary = "random"
    constraint_handling = "mask"
    hyperparameters: ClassVar = {}
    batch_size = 10

    def ask(self, count: int) -> Batch:
        time.sleep(0.02)
        return self.space.sample(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""


def rows_of(store: Path) -> dict[str, Any]:
    """Return run id -> the columns of its rows, timings aside."""
    if not store.exists():
        return {}
    found = {run.run_id: read_rows(run) for run in Store.open(store).runs()}
    return {
        run: rows.drop_columns(list(TIMINGS)) for run, rows in found.items() if rows is not None
    }


def check_against(rows: dict[str, Any], whole: dict[str, Any], before: dict[str, int]) -> None:
    """Refuse rows that are not the beginning of the undisturbed ones, or fewer than before."""
    for run, known in before.items():
        if run not in rows or len(rows[run]) < known:
            raise SystemExit(f"{run}: {known} rows were stored, {len(rows.get(run, ()))} are left")
    for run, table in rows.items():
        if table.to_pylist() != whole[run].slice(0, len(table)).to_pylist():
            raise SystemExit(f"{run}: the rows differ from the undisturbed ones")


class Storm:
    """Kills, starts again and checks, until a store is finished."""

    def __init__(self, folder: Path, whole: dict[str, Any], rng: np.random.Generator):
        self.folder, self.whole, self.rng = folder, whole, rng
        self.killed: Counter[str] = Counter()

    def finish(self, store: Path, workers: int, kills: int) -> None:
        """Run the launch into a store, killing up to ``kills`` times."""
        process = start(self.folder, store, workers)
        while kills and self._rest(process, store):
            before = {run: len(rows) for run, rows in rows_of(store).items()}
            victim = self._kill(process, store)
            if victim == "driver":
                process.wait()
            if victim:
                kills -= 1
                self.killed[f"{victim}, {workers} at a time"] += 1
            check_against(rows_of(store), self.whole, before)
            if process.poll() is not None:
                process = start(self.folder, store, workers)
        if process.wait(ENDS_WITHIN_S) != 0:
            raise SystemExit(f"the launch ended with exit code {process.returncode}")
        states = {run.state() for run in Store.open(store).runs()}
        rows = rows_of(store)
        check_against(rows, self.whole, {run: len(rows) for run, rows in self.whole.items()})
        if states != {State.DONE}:
            raise SystemExit(f"not all runs are done: {states}")

    def _rest(self, process: subprocess.Popen[bytes], store: Path) -> bool:
        """Wait until trials are at work, and then a little; False where the launch ended."""
        while process.poll() is None and not at_work(store):
            time.sleep(0.05)
        time.sleep(float(self.rng.uniform(0.0, LONGEST_REST_S)))
        return process.poll() is None

    def _kill(self, process: subprocess.Popen[bytes], store: Path) -> str:
        workers = [pid for pid in at_work(store) if pid != process.pid]
        if workers and self.rng.random() < 0.75:
            os.kill(int(self.rng.choice(workers)), signal.SIGKILL)
            return "worker"
        if process.poll() is None:
            process.kill()
            return "driver"
        return ""


def at_work(store: Path) -> list[int]:
    """Return the processes that began a trial and have not ended it."""
    pids = []
    for run in store.glob("env=*/agent=*/run=*"):
        marks = sorted(run.glob("attempt-*.json"), key=lambda path: path.stat().st_mtime)
        if marks and not (run / "done.json").exists():
            pids.append(int(json.loads(marks[-1].read_text())["host"]["pid"]))
    return [pid for pid in pids if process_start(pid)]


def start(folder: Path, store: Path, workers: int) -> subprocess.Popen[bytes]:
    code = "from archgym.cli import main; main()"
    words = ["run", str(folder / "launch.yaml"), "--store", str(store), "--workers", str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], env=environment, stdout=subprocess.DEVNULL
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began, rounds = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "launch.yaml").write_text(yaml.safe_dump(LAUNCH))
        if start(folder, folder / "whole", 1).wait() != 0:
            raise SystemExit("the undisturbed run failed")
        storm = Storm(folder, rows_of(folder / "whole"), np.random.default_rng(given.seed))
        while (left := given.kills - storm.killed.total()) > 0:
            workers = 1 + rounds % 2
            storm.finish(folder / f"store{rounds}", workers, min(left, given.kills // 4 or 1))
            rounds += 1
    print("| killed | times |\n|---|---|")
    for what, times in sorted(storm.killed.items()):
        print(f"| {what} | {times} |")
    seconds = time.monotonic() - began
    print(f"\n{rounds} stores finished, all rows as undisturbed, in {seconds:.0f} s")


if __name__ == "__main__":
    main()
