"""A store on S3: the real protocol, served on this machine; run, kill, resume, read, replay."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archgym.errors import StoreError
from archgym.results.catalogue import load_runs, write_index
from archgym.results.files import create_json, names, place, put, read_json, remove, rename
from archgym.results.leaderboard import leaderboard
from archgym.results.merging import Verdict, merge
from archgym.results.remote import RemotePath
from archgym.results.replay import replay_best
from archgym.results.status import failures, status_rows
from archgym.results.store import State, Store
from tests.experiments.launching import (
    ODD,
    archgym,
    run_locally,
    start_archgym,
    stored,
    toy_plan,
    write_launch,
)

moto = pytest.importorskip("moto.server", reason="needs moto[s3], flask, flask-cors (extra dev)")
SLOW = {"name": f"{ODD}:PlainAgent", "hyperparameters": {"pause_s": 0.01, "largest": 20}}
TOY = [{"env": "tests.toys:TOY"}]
AGENTS = [{"name": f"{ODD}:PlainAgent"}, f"{ODD}:RaisingAgent"]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server with one empty bucket; its address."""
    import logging

    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "hush",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="bucket")
        yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def url(endpoint: str, request: pytest.FixtureRequest) -> str:
    """The URL of a store of its own for each test."""
    name = request.node.name.replace("[", "-").strip("]")
    return f"s3://bucket/{name}/runs?endpoint_override={endpoint}&scheme=http"


def test_files_behave_as_on_a_disk(url: str) -> None:
    folder = place(url)
    assert isinstance(folder, RemotePath)
    assert folder.address == url
    assert str(folder) == url.partition("?")[0]
    assert names(folder) == []
    assert read_json(folder / "absent.json") is None
    put(folder / "a.json", b'{"x": 1}')
    put(folder / "below" / "b.json", b"{}")
    assert names(folder) == [("a.json", False), ("below", True)]
    assert not create_json(folder / "a.json", {"x": 2})
    assert create_json(folder / "c.json", {"x": 2})
    assert read_json(folder / "a.json") == {"x": 1}
    rename(folder / "a.json", "a.json.damaged")
    remove(folder / "a.json")
    remove(folder / "c.json")
    assert names(folder) == [("a.json.damaged", False), ("below", True)]


def test_a_run_on_s3_equals_one_on_disk(url: str, tmp_path: Path) -> None:
    plan = toy_plan(agents=AGENTS, seeds=1)
    run_locally(plan, tmp_path / "s")
    run_locally(plan, url)
    remote, local = Store.open(url), Store.open(tmp_path / "s")
    assert stored(url) == stored(tmp_path / "s")
    assert status_rows(remote) == status_rows(local)
    assert len(failures(remote)) == 2
    assert f"--store '{url}'" in failures(remote)[0]["retry"]
    assert "hush" not in json.dumps([run.read_run() for run in remote.runs()])
    boards = [leaderboard(load_runs(store)) for store in (remote, local)]
    assert [b.rows[0]["mean"] for b in boards[0]] == [b.rows[0]["mean"] for b in boards[1]]
    assert write_index(remote) == 2
    assert [b.rows[0]["mean"] for b in leaderboard(load_runs(remote))] == [
        b.rows[0]["mean"] for b in boards[1]
    ]
    assert all(replayed.ok for replayed in replay_best(remote))
    assert {run.verdict for run in merge(remote, local)} == {Verdict.EQUAL}
    brought = list(merge(local, Store.create(f"{tmp_path}/third")))
    assert {run.verdict for run in brought} == {Verdict.NEW}


def test_a_recheck_on_s3_equals_one_on_disk(url: str, tmp_path: Path) -> None:
    rough = [{"env": "tests.toys:TOY", "cost_model": "rough"}]
    plan = toy_plan(agents=AGENTS[:1], problems=rough, seeds=1, recheck=3)
    run_locally(plan, tmp_path / "s")
    run_locally(plan, url)
    assert stored(url, rechecked=True) == stored(tmp_path / "s", rechecked=True)
    remote, local = Store.open(url), Store.open(tmp_path / "s")
    (run,) = load_runs(remote)
    assert run.true_evaluations == len(stored(url, rechecked=True)[run.run_id]["step"]) == 3
    assert {run.verdict for run in merge(remote, local)} == {Verdict.EQUAL}
    assert len(list(replay_best(remote))) == 2


def test_killed_and_resumed(url: str, tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=400, seeds=1, problems=TOY)
    run = ("run", launch, "--workers", 1, "--store")
    process = start_archgym(*run, url, cwd=tmp_path)
    store = Store.at(url)
    end = time.monotonic() + 60.0
    while not any(run.parts() for run in store.runs()):
        assert time.monotonic() < end, process.communicate(timeout=5)
        time.sleep(0.05)
    process.kill()
    process.wait()
    (cut,) = store.runs()
    assert cut.state() in (State.RUNNING, State.INTERRUPTED)
    ended = archgym(*run, url, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    quick = {"name": f"{ODD}:PlainAgent", "hyperparameters": {"largest": 20}}
    plan = toy_plan(agents=[quick], budget=400, seeds=1, problems=TOY)
    run_locally(plan, tmp_path / "undisturbed")
    assert cut.state() == State.DONE
    assert len(cut.attempts()) == 2
    assert [part.name for part in cut.parts()] == ["data.parquet"]
    assert list(stored(url).values()) == list(stored(tmp_path / "undisturbed").values())
    again = archgym("replay", cut.run_id, "--store", url, cwd=tmp_path)
    assert "ok, 400 evaluations" in again.stdout


def test_what_is_wrong_is_said_in_one_line(url: str, endpoint: str) -> None:
    at = f"endpoint_override={endpoint}&scheme=http"
    for bad, says in (
        (f"s3://nowhere/runs?{at}", "there is no such bucket; create it first"),
        ("s3://bucket/runs?endpoint_override=127.0.0.1:9&scheme=http", "cannot be reached"),
        (f"s3://me:secret@bucket/runs?{at}", "leave credentials out of the URL"),
        (f"s3://bucket/runs?{at}&secret_key=secret", "leave credentials out of the URL"),
        (f"s3://bucket/runs?{at}&endpiont=1", "unknown option 'endpiont'"),
        ("s3:///runs", "names no bucket"),
        ("ftp://host/runs", "is no store's URL"),
    ):
        with pytest.raises(StoreError, match=says) as raised:
            Store.create(bad)
        assert "secret" not in str(raised.value).replace("secret_key", "")
        assert "\n" not in str(raised.value)
    with pytest.raises(StoreError, match="there is no such store"):
        Store.open(url)
