"""The command line is killed and interrupted for real; the same command finishes the work."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.experiments.launching import ODD, archgym, start_archgym, stored, write_launch

SLOW = {"name": f"{ODD}:PlainAgent", "hyperparameters": {"pause_s": 0.01, "largest": 20}}
KILLS = 4


def wait_for(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def attempts(store: Path) -> int:
    return len(list(store.rglob("attempt-*.json")))


def has_begun(store: Path, known: int, process: subprocess.Popen[str]) -> bool:
    return attempts(store) > known or process.poll() is not None


def test_killed_at_random_moments_equals_undisturbed(tmp_path: Path) -> None:
    launch = write_launch(
        tmp_path, agents=[SLOW, "genetic"], budget=400, seeds=2, attempts=KILLS + 1
    )
    whole = archgym("run", launch, "--store", "whole", "--workers", 1, cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    moments = random.Random(7)
    for _ in range(KILLS):
        known = attempts(tmp_path / "cut")
        process = start_archgym("run", launch, "--store", "cut", "--workers", 1, cwd=tmp_path)
        wait_for(partial(has_begun, tmp_path / "cut", known, process))
        time.sleep(moments.random() * 0.7)
        process.kill()
        process.wait()
    ended = archgym("run", launch, "--store", "cut", "--workers", 1, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert stored(tmp_path / "cut") == stored(tmp_path / "whole")
    assert len(stored(tmp_path / "cut")) == 8
    assert attempts(tmp_path / "cut") > 8


def test_ctrl_c_stores_what_there_is_and_says_how_to_go_on(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=3000, seeds=1)
    for number in (signal.SIGINT, signal.SIGTERM):
        known = attempts(tmp_path / "s")
        process = start_archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
        wait_for(partial(has_begun, tmp_path / "s", known, process))
        time.sleep(0.1)
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 130, output
        assert f"go on with: archgym run {launch} --store s --workers 1" in output
        assert "Traceback" not in output
    marks = [path.read_text() for path in (tmp_path / "s").rglob("attempt-*.json")]
    assert all('"ended": "stopped"' in mark for mark in marks)
    assert sum(len(rows.get("step", [])) for rows in stored(tmp_path / "s").values()) > 0


def test_output_is_two_lines_where_nobody_watches(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, seeds=1)
    ended = archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
    assert ended.returncode == 0
    first, last = ended.stdout.splitlines()
    assert first == "toys: 2 trials to run"
    assert last.startswith("2 of 2 trials done, 0 failed, 100 evaluations in ")
    assert ended.stderr == ""


def test_options_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    launch = write_launch(tmp_path)
    ended = archgym("run", launch, "--executor", "local", "--workers", 3, cwd=tmp_path)
    assert ended.returncode == 2
    assert "--executor local" in ended.stderr
    assert not (tmp_path / "runs").exists()
