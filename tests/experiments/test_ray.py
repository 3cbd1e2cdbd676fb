"""On Ray: the same rows, deaths survived, Ctrl-C heeded. Ray is started for real."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from archgym.experiments.executors.ray import RayExecutor
from archgym.experiments.experiment import run_experiment
from archgym.results.store import State, Store
from tests.experiments.launching import (
    ODD,
    Silent,
    archgym,
    run_locally,
    start_archgym,
    stored,
    toy_plan,
    write_launch,
)
from tests.experiments.test_resume import SLOW, attempts, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def test_ray_stores_the_same_rows_and_caps_deaths(tmp_path: Path) -> None:
    agents = [f"{ODD}:PlainAgent", "genetic", f"{ODD}:DyingAgent", f"{ODD}:RaisingAgent"]
    problems = [{"env": "tests.toys:TOY", "workload": ["mixed", "other"], "cost_model": "rough"}]
    plan = toy_plan(agents=agents, problems=problems, recheck=3, seeds=1, attempts=2)
    survivors = toy_plan(agents=agents[:2], problems=problems, recheck=3, seeds=1)
    run_locally(survivors, tmp_path / "local")
    watcher, store = Silent(), Store.create(tmp_path / "ray")
    result = run_experiment(plan, store, lambda _: RayExecutor(2), watcher)
    assert (result.done, result.count(State.FAILED)) == (4, 4)
    reasons = sorted(report.reason for report in result.not_done)
    assert "its process ended 2 times" in reasons[2]
    assert "gives up" in reasons[0]
    for rechecked in (False, True):
        rows = stored(tmp_path / "ray", rechecked)
        for run, expected in stored(tmp_path / "local", rechecked).items():
            assert rows[run] == expected
            assert len(expected["step"]) == (3 if rechecked else 50)


def test_a_killed_driver_and_killed_workers_lose_nothing(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=3000, seeds=1)
    process = start_archgym("run", launch, "--store", "cut", "--workers", 2, cwd=tmp_path)
    wait_for(lambda: attempts(tmp_path / "cut") == 2)
    time.sleep(0.5)
    os.kill(worker_of(tmp_path / "cut"), signal.SIGKILL)
    wait_for(lambda: attempts(tmp_path / "cut") >= 3)
    time.sleep(0.5)
    process.kill()
    process.wait()
    acknowledged = {
        run: len(rows.get("step", [])) for run, rows in stored(tmp_path / "cut").items()
    }
    ended = archgym("run", launch, "--store", "cut", "--workers", 1, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    run_locally(toy_plan(agents=[SLOW], budget=3000, seeds=1), tmp_path / "whole")
    rows = stored(tmp_path / "cut")
    assert rows == stored(tmp_path / "whole")
    assert any(acknowledged.values())


def worker_of(store: Path) -> int:
    mark = json.loads(next(store.rglob("attempt-1.json")).read_text())
    return int(mark["host"]["pid"])


def test_ctrl_c_on_ray_stores_what_there_is(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=100_000, seeds=2)
    process: Any = start_archgym("run", launch, "--store", "s", "--workers", 2, cwd=tmp_path)
    wait_for(lambda: attempts(tmp_path / "s") == 2)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=40)
    assert process.returncode == 130, output
    assert "go on with: archgym run" in output
    assert "Traceback" not in output
    marks = [path.read_text() for path in (tmp_path / "s").rglob("attempt-1.json")]
    assert all('"ended": "stopped"' in mark for mark in marks)
