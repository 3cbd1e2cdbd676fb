"""The dashboard serves the page to this machine only, with news, and ends when told to."""

from __future__ import annotations

import json
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archgym.errors import SettingError
from archgym.results.report import server as dashboard
from archgym.results.report.server import DashboardServer, make_server
from archgym.results.store import Store
from tests.experiments.launching import archgym, start_archgym
from tests.results.report.browser import browser, complaints, requests
from tests.results.report.stores import TOY, make_store

ONE = {"problems": [{"env": TOY}], "agents": ["random"]}
SECONDS = 0.1


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DashboardServer]:
    """A dashboard of a store with one run, which looks for news all the time."""
    monkeypatch.setattr(dashboard, "LIVE_SECONDS", SECONDS)
    monkeypatch.setattr(dashboard, "_REST", 0.0)
    make_store(tmp_path / "s", **ONE, seeds=1)
    with make_server(Store.open(tmp_path / "s"), (), 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: DashboardServer, path: str, **headers: str) -> tuple[int, str, Any]:
    request = urllib.request.Request(f"{server.url}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def test_news_come_when_there_are_any(serving: DashboardServer, tmp_path: Path) -> None:
    status, text, headers = ask(serving, "data.json")
    assert (status, json.loads(text)["states"]) == (200, {"done": 1})
    assert ask(serving, "data.json", **{"If-None-Match": headers["ETag"]})[0] == 304
    make_store(tmp_path / "s", **ONE, seeds=3)
    threading.Event().wait(2 * SECONDS)
    status, text, _ = ask(serving, "data.json", **{"If-None-Match": headers["ETag"]})
    assert (status, json.loads(text)["states"]) == (200, {"done": 3})


def test_other_paths_and_other_names_are_refused(serving: DashboardServer) -> None:
    assert ask(serving, "")[0] == 200
    assert ask(serving, "etc/passwd")[0] == 404
    status, text, _ = ask(serving, "data.json", Host="evil.example:80")
    assert (status, "not this machine's" in text) == (403, True)
    assert serving.server_address[0] == "127.0.0.1"


def test_a_damaged_store_is_told_and_the_server_goes_on(
    serving: DashboardServer, tmp_path: Path
) -> None:
    (folder,) = Store.open(tmp_path / "s").runs()
    done = Path(str(folder.done_file))
    whole = done.read_bytes()
    done.write_text("{half")
    threading.Event().wait(2 * SECONDS)
    status, text, _ = ask(serving, "data.json")
    assert (status, "is damaged" in text) == (500, True)
    done.write_bytes(whole)
    assert ask(serving, "data.json")[0] == 200


def test_the_page_in_a_browser_follows_the_experiment(
    serving: DashboardServer, tmp_path: Path
) -> None:
    with browser(tmp_path / "profile") as chrome:
        chrome.get(serving.url)
        done = "return document.querySelector('#tiles li:last-child b').textContent"
        assert chrome.execute_script(done) == "1"
        make_store(tmp_path / "s", **ONE, seeds=2)
        for _ in range(100):
            if chrome.execute_script(done) == "2":
                break
            threading.Event().wait(SECONDS)
        assert chrome.execute_script(done) == "2"
        assert complaints(chrome) == []
        asked = [url for url in requests(chrome) if url.startswith("http")]
        assert asked
        assert all(url.startswith(serving.url) for url in asked)


def test_a_port_in_use_is_said(serving: DashboardServer, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=f"--port {serving.server_port} is in use"):
        make_server(Store.open(tmp_path / "s"), (), serving.server_port)


def test_the_command_ends_at_ctrl_c(tmp_path: Path) -> None:
    make_store(tmp_path / "s", **ONE, seeds=1)
    process = start_archgym("dashboard", "--store", "s", "--port", "0", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, "")


def test_the_report_of_the_command_line(tmp_path: Path) -> None:
    make_store(tmp_path / "s", **ONE, seeds=1)
    done = archgym("report", "--store", "s", "-o", "r.html", "--figures", "f", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("r.html: 1 problems")
    names = sorted(path.name for path in (tmp_path / "f").iterdir())
    assert [name.rpartition("-")[2] for name in names] == [
        f"{figure}.{kind}"
        for figure in ("best_by_evaluations", "best_by_seconds", "importance", "lottery", "times")
        for kind in ("png", "svg")
    ]
    assert all((tmp_path / "f" / name).stat().st_size > 3_000 for name in names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--store", "absent"), "there is no such store"),
        (("--store", "empty"), "no runs"),
        (("--where", "agent"), "write it as key=value"),
        (("-o", "absent/r.html"), "cannot be written"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: tuple[str, str], message: str) -> None:
    make_store(tmp_path / "runs", **ONE, seeds=1)
    (tmp_path / "empty").mkdir()
    done = archgym("report", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert not (tmp_path / "report.html").exists()
