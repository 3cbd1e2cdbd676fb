"""Two drivers of one launch and store: the second is told who the first is; dead ones are gone."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from archgym.errors import StoreError
from archgym.experiments.driver_lock import (
    FOLDER,
    GONE_SECONDS,
    DriverLock,
    drivers_at_work,
    process_start,
)
from archgym.results.store import Store
from tests.experiments.launching import (
    archgym,
    run_locally,
    start_archgym,
    stored,
    toy_plan,
    write_launch,
)
from tests.experiments.test_resume import SLOW, attempts, wait_for


def left_behind(store: Store, **changes: Any) -> Path:
    """Write a lock as another driver would."""
    mine = {"pid": os.getpid(), "process_started": process_start(os.getpid())}
    content = {
        "host": socket.gethostname(),
        "token": "other",
        "renewed": "then",
        **mine,
        **changes,
    }
    path = Path(str(store.path)) / FOLDER / "toys.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=100_000, seeds=1)
    first = start_archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
    wait_for(lambda: attempts(tmp_path / "s") == 1)
    second = archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
    assert second.returncode == 2
    assert len(second.stderr.splitlines()) == 1
    assert f"'toys' is being run by process {first.pid} on host" in second.stderr
    assert attempts(tmp_path / "s") == 1
    (driver,) = drivers_at_work(Store.open(tmp_path / "s"))
    assert driver["pid"] == first.pid
    first.kill()
    first.wait()
    assert not drivers_at_work(Store.open(tmp_path / "s"))
    write_launch(tmp_path, budget=50, seeds=1)
    third = archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
    assert third.returncode == 0, third.stderr
    assert not list((tmp_path / "s" / FOLDER).iterdir())


def test_one_waits_until_the_other_ended(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    first = DriverLock(store, "toys")
    with first:
        threading.Timer(0.3, first.__exit__, (None, None, None)).start()
        began = time.monotonic()
        with DriverLock(store, "toys", wait=True):
            assert time.monotonic() - began >= 0.3
    assert not drivers_at_work(store)


def test_different_launches_share_a_store(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    with DriverLock(store, "toys"), DriverLock(store, "a / b: c"):
        assert len(drivers_at_work(store)) == 2
        with pytest.raises(StoreError, match=f"process {os.getpid()} on host"):
            DriverLock(store, "toys").__enter__()


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"pid": 2**22 + 1}, True),
        ({"pid": os.getppid(), "process_started": "1"}, True),
        ({"pid": os.getppid(), "process_started": process_start(os.getppid())}, False),
        ({"host": "elsewhere", "renewed_s": time.time() - GONE_SECONDS - 5.0}, True),
        ({"host": "elsewhere", "renewed_s": time.time() + 3600.0}, False),
        # Of this process, left in a store that was lost meanwhile.
        ({}, True),
    ],
)
def test_who_is_gone(tmp_path: Path, changes: dict[str, Any], gone: bool) -> None:
    store = Store.create(tmp_path)
    left_behind(store, **changes)
    if gone:
        with DriverLock(store, "toys"):
            assert len(drivers_at_work(store)) == 1
    else:
        with pytest.raises(StoreError, match="is being run"):
            DriverLock(store, "toys").__enter__()


def test_a_lock_is_renewed_and_a_foreign_one_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archgym.experiments.driver_lock.RENEW_SECONDS", 0.02)
    store = Store.create(tmp_path)
    with DriverLock(store, "toys") as lock:
        before = json.loads(Path(str(lock.path)).read_text())["renewed_s"]
        wait_for(lambda: json.loads(Path(str(lock.path)).read_text())["renewed_s"] > before)
        left_behind(store)
    assert json.loads(Path(str(lock.path)).read_text())["token"] == "other"


def test_a_store_with_a_lock_alone_is_a_store(tmp_path: Path) -> None:
    with DriverLock(Store.create(tmp_path), "toys"):
        assert stored(tmp_path) == {}


def test_a_store_that_is_an_url_is_locked_and_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    url, plan = "fsspec+memory://driver-lock/runs", toy_plan(seeds=3)
    assert run_locally(plan, url).done == 6
    monkeypatch.setattr("archgym.experiments.experiment.READERS", 3)
    again = run_locally(plan, url)
    assert (again.done, again.before) == (6, 6)
    store = Store.open(url)
    with (
        DriverLock(store, "toys"),
        pytest.raises(StoreError, match=f"process {os.getpid()} on host"),
    ):
        DriverLock(store, "toys").__enter__()
    assert not drivers_at_work(store)
