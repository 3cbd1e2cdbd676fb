"""The live view shows what the small files of the running trials say."""

from __future__ import annotations

import io
import json
import signal
from pathlib import Path
from typing import Any

from rich.console import Console

from archgym.experiments.executors.local import LocalExecutor
from archgym.experiments.experiment import run_experiment
from archgym.experiments.json_progress import JsonProgress
from archgym.experiments.progress import Progress
from archgym.experiments.trial import Report
from archgym.results.files import make_folder, write_json
from archgym.results.store import State, Store
from tests.experiments.launching import (
    ODD,
    archgym,
    run_locally,
    start_archgym,
    toy_plan,
    write_launch,
)
from tests.experiments.test_resume import SLOW, attempts, wait_for


def test_the_view_counts_and_ranks(tmp_path: Path) -> None:
    store, trials = Store.create(tmp_path), toy_plan().trials
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=150)
    with Progress("toys", store, console) as progress:
        before = Report(trials[0].run_id, "", State.DONE, best_reward=2.5)
        progress.began(trials[1:4], [(trials[0], before)])
        for trial in trials[1:3]:
            progress.submitted(trial)
        ended = Report(trials[1].run_id, "", State.DONE, new_evaluations=50, best_reward=1.25)
        progress.ended(trials[1], ended)
        folder = store.folder(trials[2])
        make_folder(folder.path)
        write_json(folder.progress_file, {"new_evaluations": 7, "best_reward": 3.75})
        plain = Console(file=io.StringIO(), width=150)
        with plain.capture() as shown:
            plain.print(progress._view())
    view = shown.get()
    assert "1 of 3 trials done, 1 submitted, 0 failed" in view
    assert "evaluations/s" in view
    assert "3.75" in view
    assert "1.25" in view
    assert "2.5" not in view
    assert view.count("1/2") == 2
    assert "PlainAgent" in view
    assert "left" in view


def test_it_is_quiet_where_nobody_watches(tmp_path: Path) -> None:
    text = io.StringIO()
    with Progress("toys", Store.create(tmp_path), Console(file=text)) as progress:
        progress.began(toy_plan().trials, [])
        for trial in toy_plan().trials:
            progress.submitted(trial)
            progress.ended(trial, Report(trial.run_id, "", State.DONE))
    assert text.getvalue() == "toys: 4 trials to run\n"


def test_a_line_a_minute_where_nobody_watches(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("archgym.experiments.progress._SECONDS_PER_LINE", -1.0)
    text = io.StringIO()
    with Progress("toys", Store.create(tmp_path), Console(file=text)) as progress:
        progress.began(toy_plan().trials, [])
        trial = toy_plan().trials[0]
        progress.ended(trial, Report(trial.run_id, "", State.FAILED))
    assert "toys: 0 of 4 trials done, 0 submitted, 1 failed" in text.getvalue().splitlines()[1]


def test_json_progress_is_an_object_a_line(tmp_path: Path) -> None:
    text, plan = io.StringIO(), toy_plan(agents=[f"{ODD}:PlainAgent", f"{ODD}:RaisingAgent"])
    watcher, store = JsonProgress("toys", text), Store.create(tmp_path)
    result = run_experiment(plan, store, lambda _: LocalExecutor(), watcher)
    watcher.finished(result, 1, "archgym run toys.yaml")
    first, *events, last = map(json.loads, text.getvalue().splitlines())
    assert (first["event"], first["trials"], first["finished_before"]) == ("began", 8, 0)
    ended = [event for event in events if event["event"] == "ended"]
    assert [event["done"] + event["failed"] for event in ended] == list(range(1, 9))
    assert {event["run"] for event in ended} == {trial.run_id for trial in plan.trials}
    assert sum(event["new_evaluations"] for event in ended) == 200
    reasons = {event["reason"] for event in ended if event["state"] == "failed"}
    assert reasons == {"RuntimeError: this agent gives up"}
    counts = [last[name] for name in ("event", "total", "done", "failed", "unfinished")]
    assert counts == ["finished", 8, 4, 4, 0]
    assert all(event["launch"] == "toys" for event in (first, *events, last))


def test_the_command_line_prints_nothing_but_json(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, seeds=1)
    ended = archgym("run", launch, "--workers", 1, "--json-progress", cwd=tmp_path)
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert names == ["began", *["submitted", "ended"] * 2, "finished"]
    assert events[-1]["exit_code"] == ended.returncode == 0
    assert events[-1]["again"].startswith("archgym run")


def test_status_is_watched_until_nothing_runs(tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=100_000, seeds=1)
    process = start_archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
    wait_for(lambda: attempts(tmp_path / "s") == 1)
    watching = start_archgym("status", "--store", "s", "--watch", cwd=tmp_path)
    assert watching.stdout is not None
    seen = watching.stdout.readline()
    assert "running" in seen
    while str(process.pid) not in seen:
        seen = watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    left, _ = watching.communicate(timeout=20)
    assert watching.returncode == 0
    assert "Traceback" not in left
    assert "Abort" not in left
    process.kill()
    process.wait()


def test_watching_ends_by_itself(tmp_path: Path) -> None:
    run_locally(toy_plan(seeds=1), tmp_path)
    ended = archgym("status", "--store", tmp_path, "--watch", "--format", "csv", cwd=tmp_path)
    assert ended.returncode == 0
    header, row = ended.stdout.splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["done"] == "2"
