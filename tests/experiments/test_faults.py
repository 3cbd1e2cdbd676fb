"""Disks that fill up or turn read-only, models that leak: nothing stored is lost by them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archgym.isolation import IsolatedModel
from archgym.results.store import State, Store
from tests.experiments.launching import archgym, run_locally, start_archgym, stored, toy_plan
from tests.experiments.launching import write_launch as written
from tests.experiments.test_resume import SLOW, attempts, wait_for

LEAKY = [{"env": "tests.experiments.odd_models:LEAKY_TOY"}]


def mount(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *words], capture_output=True, text=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, for the store."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        made = mount("-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place))
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if made.returncode:
        pytest.skip(f"a disk of its own cannot be mounted: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_stops_the_run_and_the_same_command_goes_on(
    tmp_path: Path, disk: Path
) -> None:
    launch = written(tmp_path, seeds=10)
    command = ("run", launch, "--store", disk / "s", "--workers", 1)
    full = archgym(*command, cwd=tmp_path)
    assert full.returncode == 2, full.stdout + full.stderr
    assert full.stderr.strip().endswith("No space left on device")
    assert len(full.stderr.splitlines()) == 1
    finished = [run for run in Store.open(disk / "s").runs() if run.state() == State.DONE]
    assert 0 < len(finished) < 20
    assert mount("-o", "remount,size=8m", str(disk)).returncode == 0
    ended = archgym(*command, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    run_locally(toy_plan(seeds=10), tmp_path / "whole")
    assert stored(disk / "s") == stored(tmp_path / "whole")


def test_a_disk_that_turns_read_only_stops_the_run(tmp_path: Path, disk: Path) -> None:
    assert mount("-o", "remount,size=8m", str(disk)).returncode == 0
    launch = written(tmp_path, agents=[SLOW], budget=1500, seeds=1)
    command = ("run", launch, "--store", disk / "s", "--workers", 1)
    process = start_archgym(*command, cwd=tmp_path)
    wait_for(lambda: attempts(disk / "s") == 1)
    wait_for(lambda: mount("-o", "remount,ro", str(disk)).returncode == 0)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2, output
    assert "Read-only file system" in output
    assert "Traceback" not in output
    assert mount("-o", "remount,rw", str(disk)).returncode == 0
    ended = archgym(*command, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    run_locally(toy_plan(agents=[SLOW], budget=1500, seeds=1), tmp_path / "whole")
    assert stored(disk / "s") == stored(tmp_path / "whole")


def test_a_leaking_model_fails_its_trial_at_the_limit(tmp_path: Path) -> None:
    plan = toy_plan(problems=LEAKY, budget=64, seeds=1, resources={"memory_mib": 2000})
    result = run_locally(plan, tmp_path / "s")
    assert result.count(State.FAILED) == 1
    assert result.not_done[0].reason == "out of memory, beyond memory_mib 2000"
    (run,) = Store.open(tmp_path / "s").runs()
    told = json.loads((Path(str(run.path)) / "failed.json").read_text())
    assert told["kind"] == "memory"
    assert "MemoryError" in told["traceback"]
    assert run_locally(toy_plan(), tmp_path / "s").done == 4


def test_a_leaking_model_in_its_own_process_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[IsolatedModel] = []
    start = IsolatedModel._start
    monkeypatch.setattr(
        IsolatedModel, "_start", lambda model: (starts.append(model), start(model))[1]
    )
    resources = {"memory_mib": 2000}
    plan = toy_plan(problems=LEAKY, budget=40, seeds=1, timeout_s=60.0, resources=resources)
    assert run_locally(plan, tmp_path / "s").done == 1
    (rows,) = stored(tmp_path / "s").values()
    assert set(rows["status"]) == {0}
    assert len(rows["step"]) == 40
    assert len(starts) > 1
