"""What the tests of the runner share: launches of toys, the command line, stored rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from archgym.experiments.executors.local import LocalExecutor
from archgym.experiments.experiment import Result, run_experiment
from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import Plan, make_plan
from archgym.experiments.trial import Report
from archgym.results.reader import read_rows
from archgym.results.schema import TIMINGS
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

ROOT = Path(__file__).resolve().parents[2]
ODD = "tests.experiments.odd_agents"
COMMAND = [sys.executable, "-c", "from archgym.cli import main; main()"]


def toy_launch(**changes: Any) -> dict[str, Any]:
    """Return a small launch; keys given replace those of the launch."""
    launch = {
        "name": "toys",
        "problems": [{"env": "tests.toys:TOY", "workload": ["mixed", "other"]}],
        "agents": [f"{ODD}:PlainAgent"],
        "budget": 50,
        "seeds": 2,
    }
    return launch | changes


def toy_plan(**changes: Any) -> Plan:
    return make_plan(parse_launch(toy_launch(**changes), "toys.yaml"), Path("toys.yaml"))


class Silent:
    """A watcher that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def began(
        self, pending: Sequence[TrialSpec], before: Sequence[tuple[TrialSpec, Report]]
    ) -> None:
        self.heard.append(("began", (len(pending), len(before))))

    def submitted(self, trial: TrialSpec) -> None:
        self.heard.append(("submitted", trial.run_id))

    def ended(self, trial: TrialSpec, report: Report) -> None:
        self.heard.append(("ended", report))


def run_locally(plan: Plan, store: Path | str, retry_failed: bool = False) -> Result:
    return run_experiment(
        plan, Store.create(store), lambda _: LocalExecutor(), Silent(), retry_failed
    )


def write_launch(folder: Path, **changes: Any) -> Path:
    path = folder / "toys.yaml"
    path.write_text(yaml.safe_dump(toy_launch(**changes)))
    return path


def archgym(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


def start_archgym(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def stored(store: Path | str, rechecked: bool = False) -> dict[str, dict[str, list[Any]]]:
    """Return run id -> all columns but timings, of all runs, or of their re-checks."""
    runs = list(Store.open(store).runs())
    tables = {run.run_id: read_rows(run.recheck if rechecked else run) for run in runs}
    return {
        run: {} if rows is None else rows.drop_columns(list(TIMINGS)).to_pydict()
        for run, rows in tables.items()
    }
