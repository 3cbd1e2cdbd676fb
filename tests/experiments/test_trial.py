"""Trials fail, die, hang and are cut; the others go on and nothing stored is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from archgym.errors import StoreError
from archgym.experiments.trial import Job, run_trial
from archgym.results.store import State, Store
from tests.experiments.launching import ODD, archgym, run_locally, stored, toy_plan, write_launch

FAILING = "tests.toys:TOY_FAILING"


def folders(store: Path) -> list[Any]:
    return list(Store.open(store).runs())


def failure(store: Path) -> dict[str, Any]:
    (failed,) = (run for run in folders(store) if run.state() == State.FAILED)
    return json.loads(failed.failed_file.read_text())


def test_trials_run_once_and_are_skipped_then(tmp_path: Path) -> None:
    plan = toy_plan()
    first = run_locally(plan, tmp_path / "s")
    assert (first.done, first.before, first.total) == (4, 0, 4)
    again = run_locally(plan, tmp_path / "s")
    assert (again.done, again.before) == (4, 4)
    assert all(len(rows["step"]) == 50 for rows in stored(tmp_path / "s").values())


def test_the_same_spec_stores_the_same_rows_and_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run_locally(toy_plan(), tmp_path / name)
    assert stored(tmp_path / "a") == stored(tmp_path / "b")
    listings = [
        sorted(str(p.relative_to(tmp_path / name)) for p in (tmp_path / name).rglob("*"))
        for name in ("a", "b")
    ]
    assert listings[0] == listings[1]


def test_two_launches_share_their_trials(tmp_path: Path) -> None:
    run_locally(toy_plan(seeds=2), tmp_path / "s")
    wider = run_locally(toy_plan(seeds=3), tmp_path / "s")
    assert (wider.total, wider.before, wider.done) == (6, 4, 6)


def test_an_agent_that_raises_costs_only_its_own_trial(tmp_path: Path) -> None:
    plan = toy_plan(agents=[f"{ODD}:RaisingAgent", f"{ODD}:PlainAgent"], seeds=1)
    result = run_locally(plan, tmp_path / "s")
    assert (result.done, result.count(State.FAILED)) == (2, 2)
    assert "RuntimeError: this agent gives up" in result.not_done[0].reason
    assert "RaisingAgent" in result.not_done[0].label
    failed = next(run for run in folders(tmp_path / "s") if run.state() == State.FAILED)
    told = json.loads(failed.failed_file.read_text())
    assert "odd_agents.py" in told["traceback"]
    assert len(stored(tmp_path / "s")[failed.run_id]["step"]) >= 40


def test_failed_trials_are_left_alone_until_asked_for(tmp_path: Path) -> None:
    plan = toy_plan(agents=[f"{ODD}:RaisingAgent"], problems=[{"env": "tests.toys:TOY"}], seeds=1)
    run_locally(plan, tmp_path / "s")
    again = run_locally(plan, tmp_path / "s")
    assert again.count(State.FAILED) == 1
    assert len(folders(tmp_path / "s")[0].attempts()) == 1
    first_failure = failure(tmp_path / "s")["failed"]
    retried = run_locally(plan, tmp_path / "s", retry_failed=True)
    assert retried.count(State.FAILED) == 1
    assert failure(tmp_path / "s")["failed"] >= first_failure


def test_a_cost_model_that_raises_is_a_status(tmp_path: Path) -> None:
    problem = {"env": FAILING, "settings": {"failures": "raises nan infeasible"}}
    result = run_locally(toy_plan(problems=[problem], seeds=1), tmp_path / "s")
    assert result.done == 1
    (rows,) = stored(tmp_path / "s").values()
    assert set(rows["status"]) == {0, 1, 3}
    texts = {text for text, status in zip(rows["error"], rows["status"], strict=True) if status}
    assert any("this design cannot be simulated" in text for text in texts)
    assert all(
        text is None for text, s in zip(rows["error"], rows["status"], strict=True) if not s
    )
    (summary,) = (json.loads(run.done_file.read_text()) for run in folders(tmp_path / "s"))
    assert summary["crashed"] == rows["status"].count(3) > 0
    assert summary["infeasible"] == rows["status"].count(1) > 0


@pytest.mark.parametrize(("behaviour", "status"), [("hangs", 2), ("dies", 3)])
def test_a_cost_model_that_hangs_or_dies_is_a_status(
    tmp_path: Path, behaviour: str, status: int
) -> None:
    problem = {"env": FAILING, "settings": {"failures": behaviour}}
    plan = toy_plan(problems=[problem], budget=3, seeds=[1], timeout_s=2.0)
    result = run_locally(plan, tmp_path / "s")
    assert result.done == 1
    (rows,) = stored(tmp_path / "s").values()
    assert status in rows["status"]
    assert len(rows["step"]) == 3


def test_attempts_that_die_are_capped(tmp_path: Path) -> None:
    agents = [f"{ODD}:DyingAgent", f"{ODD}:PlainAgent"]
    launch = write_launch(
        tmp_path, agents=agents, seeds=1, attempts=2, problems=[{"env": "tests.toys:TOY"}]
    )
    for _ in range(2):
        died = archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
        assert died.returncode == -9
    ended = archgym("run", launch, "--store", "s", "--workers", 1, cwd=tmp_path)
    assert ended.returncode == 1
    assert "its process ended 2 times without a word" in ended.stderr
    assert "--retry-failed" in ended.stderr
    assert "1 of 2 trials done, 1 failed" in ended.stdout
    told = archgym("status", "--store", "s", "--format", "json", cwd=tmp_path)
    (content,) = json.loads(told.stdout)
    assert content["failures"][0]["kind"] == "died"
    assert "archgym run" in content["failures"][0]["retry"]


def test_a_changed_agent_is_not_continued_silently(tmp_path: Path) -> None:
    length = tmp_path / "length"
    length.write_text("")
    stop = tmp_path / "stop"
    stop.touch()
    agent = {"name": f"{ODD}:FickleAgent", "hyperparameters": {"file": str(length)}}
    plan = toy_plan(agents=[agent], problems=[{"env": "tests.toys:TOY"}], seeds=1)
    (trial,) = plan.trials
    job = Job(trial.data, str(Store.create(tmp_path / "s").path))
    assert run_trial(job).state == State.INTERRUPTED
    assert len(stored(tmp_path / "s")[trial.run_id]["step"]) == 30
    stop.unlink()
    length.write_text("longer")
    report = run_trial(job)
    assert report.state == State.FAILED
    assert "asks for another design" in report.reason
    assert failure(tmp_path / "s")["kind"] == "mismatch"
    assert run_locally(plan, tmp_path / "s", retry_failed=True).done == 1
    assert list((tmp_path / "s").rglob("*.stale"))


def test_an_interrupted_trial_goes_on_exactly(tmp_path: Path) -> None:
    length, stop = tmp_path / "length", tmp_path / "stop"
    length.write_text("")
    agent = {"name": f"{ODD}:FickleAgent", "hyperparameters": {"file": str(length)}}
    plan = toy_plan(agents=[agent], problems=[{"env": "tests.toys:TOY"}], seeds=1)
    run_locally(plan, tmp_path / "whole")
    stop.touch()
    (trial,) = plan.trials
    for _ in range(5):
        run_trial(Job(trial.data, str(tmp_path / "cut"), attempts=1))
    stop.unlink()
    assert run_locally(plan, tmp_path / "cut").done == 1
    assert stored(tmp_path / "cut") == stored(tmp_path / "whole")


@pytest.mark.parametrize("damage", [b"", b"PAR1 and nothing of use", None])
def test_damaged_parts_are_made_again(tmp_path: Path, damage: bytes | None) -> None:
    plan = toy_plan(seeds=1, problems=[{"env": "tests.toys:TOY"}])
    run_locally(plan, tmp_path / "s")
    whole = stored(tmp_path / "s")
    (run,) = folders(tmp_path / "s")
    run.done_file.unlink()
    (part,) = run.parts()
    part.write_bytes(part.read_bytes()[:-100] if damage is None else damage)
    (run.path / "part-00000000.parquet-abc.tmp").write_bytes(b"left by a killed writer")
    assert run_locally(plan, tmp_path / "s").done == 1
    assert stored(tmp_path / "s") == whole
    assert json.loads(run.done_file.read_text())["damaged_parts"] == [part.name]
    assert not list(run.path.glob("*.tmp"))


def test_a_half_written_run_folder_is_taken_over(tmp_path: Path) -> None:
    plan = toy_plan(seeds=1, problems=[{"env": "tests.toys:TOY"}])
    (trial,) = plan.trials
    run = Store.create(tmp_path / "s").folder(trial)
    run.path.mkdir(parents=True)
    run.attempt_file(1).write_text("")
    (run.path / "notes.txt").write_text("a foreign file")
    assert run_locally(plan, tmp_path / "s").done == 1
    assert (run.path / "notes.txt").exists()


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    launch = write_launch(tmp_path)
    for store in (occupied, occupied / "below", "/proc/archgym-runs"):
        ended = archgym("run", launch, "--store", store, cwd=tmp_path)
        assert ended.returncode == 2
        assert ended.stderr.startswith(f"archgym: {store}")
        assert len(ended.stderr.splitlines()) == 1


def test_a_store_lost_midway_stops_the_experiment(tmp_path: Path, monkeypatch: Any) -> None:
    plan, store = toy_plan(), tmp_path / "s"
    run_locally(toy_plan(seeds=1), store)
    before = stored(store)

    def lose(*_: Any, **__: Any) -> None:
        shutil.move(store, tmp_path / "moved")
        store.write_text("the disk is gone")
        raise StoreError(f"{store}: cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("archgym.results.writer.PartWriter.finish", lose)
        with pytest.raises(StoreError, match="No space left"):
            run_locally(plan, store)
    store.unlink()
    shutil.move(tmp_path / "moved", store)
    assert {run: rows for run, rows in stored(store).items() if rows} == before
    assert run_locally(plan, store).done == 4
