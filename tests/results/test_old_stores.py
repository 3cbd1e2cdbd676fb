"""Stores of the first schema, of a later one, and damaged ones: what can be read is read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from archgym.errors import StoreError
from archgym.results.catalogue import load_runs, write_index
from archgym.results.query import curves, frame
from archgym.results.reader import read_rows
from archgym.results.replay import replay_run
from archgym.results.store import RunFolder, State, Store
from tests.experiments.launching import ODD, archgym, run_locally, stored, toy_plan

# Written by the code as it was when the schema had version 1: two finished runs, one that was cut
# after eleven evaluations, one that failed.
SCHEMA_1 = Path(__file__).parent / "data" / "schema_1"
TOY = [{"env": "tests.toys:TOY", "workload": "mixed"}]


@pytest.fixture
def old(tmp_path: Path) -> Store:
    shutil.copytree(SCHEMA_1, tmp_path / "s")
    return Store.open(tmp_path / "s")


def run_of(store: Store, agent: str, state: State) -> RunFolder:
    (found,) = [r for r in store.runs() if r.agent_folder == agent and r.state() == state]
    return found


def edit(path: Any, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_first_schema_is_read(old: Store) -> None:
    runs = load_runs(old)
    assert sorted(run.state for run in runs if run.state != State.RUNNING)[:3] == [
        State.DONE,
        State.DONE,
        State.FAILED,
    ]
    for run in runs:
        if run.state == State.DONE:
            assert replay_run(old.folder(run.spec)).evaluations == 24
            assert replay_run(old.folder(run.spec)).ok


def test_an_index_gives_old_summaries_their_improvements(old: Store) -> None:
    before = frame(curves(old, load_runs(old)))
    assert write_index(old) == 2
    assert frame(curves(old, load_runs(old))).equals(before)
    rows = read_rows(run_of(old, "random", State.DONE))
    assert rows is not None
    last = before[before["evaluations"] == 24]
    assert rows["reward"].to_numpy().max() in last["best_reward"].to_list()


def test_a_run_of_the_first_schema_goes_on(old: Store, tmp_path: Path) -> None:
    cut = [r for r in old.runs() if len(r.parts()) == 2]
    assert len(cut) == 1
    plan = toy_plan(agents=["random"], seeds=[7], budget=24, problems=TOY)
    run_locally(plan, tmp_path / "s")
    run_locally(plan, tmp_path / "whole")
    assert cut[0].state() == State.DONE
    assert [part.name for part in cut[0].parts()] == ["data.parquet"]
    whole = stored(tmp_path / "whole")
    assert stored(tmp_path / "s")[cut[0].run_id] == whole[cut[0].run_id]


def test_one_bad_run_does_not_hide_the_others(old: Store, tmp_path: Path) -> None:
    genetic = run_of(old, "genetic", State.DONE)
    edit(genetic.done_file, schema_version=99)
    half = genetic.path.parent / "run=r0123456789abcdef"
    half.mkdir()
    (half / "part-00000000.parquet").write_text("half")
    (genetic.path / "notes.txt").write_text("by somebody else")
    (genetic.path.parent / "run=r0123456789abcdee").write_text("a file")
    heard: list[str] = []
    runs = load_runs(old, heard.append)
    assert len(runs) == 3
    (told,) = heard
    assert told.endswith("done.json: has schema version 99, this archgym reads 1 and 2")
    with pytest.raises(StoreError, match="schema version 99"):
        load_runs(old)
    ended = archgym("leaderboard", "--store", old.path, "--format", "csv", cwd=tmp_path)
    assert ended.returncode == 0
    assert ended.stderr == f"archgym: left out: {told}\n"
    assert len(ended.stdout.splitlines()) == 3
    page = archgym("report", "--store", old.path, "-o", tmp_path / "page.html", cwd=tmp_path)
    assert page.returncode == 0
    assert page.stderr == f"archgym: left out: {told}\n"


@pytest.mark.parametrize("content", ["{half", "[]", '{"schema_version": 2, "spec": {"a": 1}}'])
def test_a_damaged_summary_is_named(old: Store, content: str) -> None:
    genetic = run_of(old, "genetic", State.DONE)
    genetic.done_file.write_text(content)
    heard: list[str] = []
    assert len(load_runs(old, heard.append)) == 3
    assert len(heard) == 1
    assert str(genetic.path) in heard[0]


def test_a_damaged_spec_is_written_anew(tmp_path: Path) -> None:
    slow = {"name": f"{ODD}:PlainAgent", "hyperparameters": {"largest": 20}}
    plan = toy_plan(agents=[slow], seeds=1, problems=TOY)
    run_locally(plan, tmp_path / "s")
    (run,) = Store.open(tmp_path / "s").runs()
    run.done_file.unlink()
    run.run_file.write_bytes(b"")
    run_locally(plan, tmp_path / "s")
    assert run.read_run()["run"] == run.run_id
    assert run.state() == State.DONE
