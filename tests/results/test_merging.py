"""Runs of another store: new ones come, further ones win, contradictions are told."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from archgym.errors import StoreError
from archgym.results import merging
from archgym.results.merging import Verdict, merge
from archgym.results.reader import read_rows
from archgym.results.schema import Columns
from archgym.results.store import RunFolder, State, Store
from tests.experiments.launching import ODD, archgym, run_locally, stored, toy_plan

TOY = [{"env": "tests.toys:TOY", "workload": "mixed"}]
AGENTS = [{"name": f"{ODD}:PlainAgent"}, f"{ODD}:RaisingAgent"]


@pytest.fixture
def theirs(tmp_path: Path) -> Store:
    run_locally(toy_plan(agents=AGENTS, problems=TOY), tmp_path / "theirs")
    return Store.open(tmp_path / "theirs")


@pytest.fixture
def ours(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "ours")


def verdicts(other: Store, store: Store) -> list[str]:
    return sorted(run.verdict.value for run in merge(other, store))


def cut(run: RunFolder, rows: int) -> None:
    """Make a run look as if it was killed after some rows."""
    table = read_rows(run)
    assert table is not None
    for path in (*run.parts(), run.done_file, run.failed_file, *run.attempts()):
        path.unlink(missing_ok=True)
    columns = Columns.of(toy_problem_of(run))
    columns.write(table.slice(0, rows), run.part_file(0))
    for path in (run.run_file, run.progress_file):
        if path.exists():
            os.utime(path, (1.0, 1.0))


def toy_problem_of(run: RunFolder) -> object:
    from archgym.results.spec import TrialSpec

    return TrialSpec.of(run.read_run()["spec"]).make_problem()


def finished(store: Store) -> RunFolder:
    return next(run for run in store.runs() if run.state() == State.DONE)


def test_new_runs_come_once(theirs: Store, ours: Store) -> None:
    (finished(theirs).path / "notes.txt").write_text("by somebody else")
    assert verdicts(theirs, ours) == ["new"] * 4
    assert stored(ours.path) == stored(theirs.path)
    assert [run.state() for run in ours.runs()] == [run.state() for run in theirs.runs()]
    assert not list(Path(ours.path).rglob("notes.txt"))
    before = {path: path.stat().st_mtime_ns for path in ours.path.rglob("*") if path.is_file()}
    assert verdicts(theirs, ours) == ["equal"] * 4
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_what_is_further_wins(theirs: Store, ours: Store) -> None:
    verdicts(theirs, ours)
    whole = stored(theirs.path)
    cut(finished(ours), 20)
    assert verdicts(theirs, ours) == ["equal"] * 3 + ["further"]
    assert stored(ours.path) == whole
    assert [run.state() for run in ours.runs()] == [run.state() for run in theirs.runs()]
    assert all(len(run.parts()) == 1 for run in ours.runs())
    cut(finished(theirs), 20)
    assert verdicts(theirs, ours) == ["behind"] + ["equal"] * 3
    assert stored(ours.path) == whole


def test_a_run_at_work_is_left_alone(theirs: Store, ours: Store) -> None:
    verdicts(theirs, ours)
    run = finished(ours)
    cut(run, 20)
    run.progress_file.write_text("{}")
    assert verdicts(theirs, ours) == ["equal"] * 3 + ["running"]
    assert run.state() == State.RUNNING
    assert len(read_rows(run)) == 20


def contradict(run: RunFolder) -> None:
    rows = read_rows(run)
    place, values = rows.column_names.index("latency_ns"), rows["latency_ns"].to_pylist()
    values[7] += 1.0
    changed = rows.set_column(place, "latency_ns", pa.array(values))
    (part,) = run.parts()
    part.unlink()
    Columns.of(toy_problem_of(run)).write(changed, run.part_file(0))


def rename(run: RunFolder) -> None:
    run.path.rename(run.path.with_name("run=r0123456789abcdef"))


def damage(run: RunFolder) -> None:
    run.parts()[0].write_bytes(b"nonsense")


def date(run: RunFolder) -> None:
    run.done_file.write_text(json.dumps({"schema_version": 3}))


@pytest.mark.parametrize(
    ("spoil", "verdict", "says"),
    [
        (contradict, "conflict", "evaluation 7 of "),
        (rename, "unreadable", "its spec belongs to run "),
        (damage, "unreadable", "is damaged"),
        (date, "unreadable", "has schema version 3"),
    ],
)
def test_what_is_wrong_there_is_told_and_stays_there(
    theirs: Store, ours: Store, spoil: Callable[[RunFolder], None], verdict: str, says: str
) -> None:
    verdicts(theirs, ours)
    before = stored(ours.path)
    spoil(finished(theirs))
    told = [run for run in merge(theirs, ours) if run.verdict != Verdict.EQUAL]
    assert [run.verdict.value for run in told] == [verdict]
    assert says in told[0].reason
    assert stored(ours.path) == before


@pytest.mark.parametrize("killed_after", range(4))
def test_killed_at_each_file(
    theirs: Store, ours: Store, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    """Rows, attempt, spec and summary are the files of a finished run."""
    left = killed_after

    def dying(path: Path, content: bytes) -> None:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr(merging, "put", dying)
        with pytest.raises(KeyboardInterrupt):
            list(merge(theirs, ours))
    assert all(run.state() != State.DONE for run in ours.runs())
    for path in ours.path.rglob("*.json"):
        os.utime(path, (1.0, 1.0))
    list(merge(theirs, ours))
    assert stored(ours.path) == stored(theirs.path)


def test_the_verb_names_conflicts(theirs: Store, ours: Store, tmp_path: Path) -> None:
    verdicts(theirs, ours)
    shutil.rmtree(list(ours.runs())[-1].path)
    contradict(finished(theirs))
    ended = archgym("merge", "theirs", "--store", "ours", cwd=tmp_path)
    assert ended.returncode == 1
    assert "archgym: conflict: r" in ended.stderr
    assert ended.stdout == "1 runs brought (1 conflict, 2 equal, 1 new)\n"
    with pytest.raises(StoreError, match="cannot be merged with itself"):
        list(merge(ours, ours))
