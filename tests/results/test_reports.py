"""Stores, leaderboards, status and replay say what is stored, and say so when it is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archgym.errors import StoreError, UnknownNameError
from archgym.results.intervals import mean_interval
from archgym.results.leaderboard import leaderboard, load_runs
from archgym.results.reader import read_rows
from archgym.results.replay import replay_best, replay_run
from archgym.results.status import failures, status_rows
from archgym.results.store import Store
from tests.experiments.launching import ODD, archgym, run_locally, toy_plan

AGENTS = [
    {"name": f"{ODD}:PlainAgent", "hyperparameters": {"largest": [5, 9]}},
    f"{ODD}:RaisingAgent",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two problems, two agents and one that fails; not to be changed."""
    path = tmp_path_factory.mktemp("finished") / "s"
    run_locally(toy_plan(agents=AGENTS, seeds=3), path)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of its own for each test, with one finished run."""
    run_locally(toy_plan(problems=[{"env": "tests.toys:TOY"}], seeds=1), tmp_path / "s")
    return Store.open(tmp_path / "s")


# -- store ---------------------------------------------------------------------------------------


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no such store"):
        Store.open(tmp_path / "absent")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        Store.open(tmp_path / "file")
    with pytest.raises(StoreError, match="is not a store, it holds 'file'"):
        Store.create(tmp_path)


def test_foreign_files_are_ignored(store: Store) -> None:
    (run,) = store.runs()
    for place in (store.path, run.path.parent, run.path):
        (place / "README").write_text("by somebody else")
    (run.path.parent / "run=notes").mkdir()
    (run.path / "part-00000000.parquet.bak").write_text("")
    assert [found.run_id for found in store.runs()] == [run.run_id]
    assert replay_run(run).ok


def test_another_schema_is_refused(store: Store) -> None:
    (run,) = store.runs()
    done = json.loads(run.done_file.read_text())
    run.done_file.write_text(json.dumps(done | {"schema_version": 99}))
    with pytest.raises(StoreError, match=r"done\.json: has schema version 99"):
        load_runs(store)
    run.done_file.write_text("{half")
    with pytest.raises(StoreError, match=r"done\.json: is damaged"):
        load_runs(store)


def test_runs_are_found_by_their_first_letters(store: Store) -> None:
    (run,) = store.runs()
    assert store.find(run.run_id[:6]) == run
    with pytest.raises(UnknownNameError, match="unknown run"):
        store.find("r000000")


# -- leaderboard ---------------------------------------------------------------------------------


def test_the_board_agrees_with_the_rows(finished: Path) -> None:
    runs = load_runs(Store.open(finished))
    boards = leaderboard(runs)
    assert [board.problem["workload"] for board in boards] == ["mixed", "other"]
    for board in boards:
        *ranked, last = board.rows
        assert [row["rank"] for row in board.rows] == [1, 2, 3]
        assert {row["hyperparameters"] for row in ranked} == {"largest=5", "largest=9"}
        assert ranked[0]["mean"] >= ranked[1]["mean"]
        assert (last["mean"], last["seeds"], last["unfinished"]) == (None, 0, "3 failed")
        for row in ranked:
            own = [
                run.best_reward
                for run in runs
                if run.summary
                and run.spec.workload == board.problem["workload"]
                and f"largest={run.spec.hyperparameters['largest']}" == row["hyperparameters"]
            ]
            assert len(own) == row["seeds"] == 3
            assert row["mean"] == np.mean(own)
            assert row["median"] == np.median(own)
            assert (row["min"], row["max"]) == (min(own), max(own))
            assert row["min"] <= row["low_95"] <= row["mean"] <= row["high_95"] <= row["max"]
            assert row["evaluations"] == 50
            assert 0 < row["unique_share"] <= 1
            assert row["best_metrics"].startswith("latency_ns=")


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    # 30 values each: the percentile interval covers in about 93 %; 200 trials have a standard
    # error of 1.8 %, so a false alarm at 6 of them is out of the question.
    rng = np.random.default_rng(3)
    samples = rng.normal(5.0, 2.0, size=(200, 30))
    hits = [low <= 5.0 <= high for low, high in map(mean_interval, samples)]
    assert 0.83 < np.mean(hits) < 1.0


def test_the_board_is_printed_in_every_format(finished: Path, tmp_path: Path) -> None:
    told = {
        form: archgym("leaderboard", "--store", finished, "--format", form, cwd=tmp_path).stdout
        for form in ("table", "csv", "json")
    }
    rows = json.loads(told["json"])
    assert len(rows) == 6
    assert len(told["csv"].splitlines()) == 7
    assert told["csv"].startswith("env,workload,objective,settings,cost_model,budget,rank,agent")
    assert "largest=9" in told["table"]
    assert "3 failed" in told["table"]


def test_an_empty_store_has_no_board(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for store, says in (("empty", "no finished runs in"), ("absent", "there is no such store")):
        ended = archgym("leaderboard", "--store", store, cwd=tmp_path)
        assert ended.returncode == 2
        assert says in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


def test_status_counts_and_names_failures(finished: Path) -> None:
    store = Store.open(finished)
    counts = {row["agent"].rpartition("_")[2]: row for row in status_rows(store)}
    assert counts["PlainAgent"]["done"] == 12
    assert counts["RaisingAgent"]["failed"] == 6
    listed = failures(store)
    assert len(listed) == 6
    assert listed[0]["reason"].startswith("RuntimeError: this agent gives up")
    assert listed[0]["retry"].endswith("--retry-failed")


# -- replay --------------------------------------------------------------------------------------


def change(run: Any, column: str, step: int, value: Any) -> None:
    (part,) = run.parts()
    table = read_rows(run)
    values = table[column].to_pylist()
    values[step] = value
    index = table.column_names.index(column)
    changed = pa.array(values, table[column].type)
    pq.write_table(table.set_column(index, column, changed), part)


def test_an_honest_run_is_met_exactly(store: Store) -> None:
    (run,) = store.runs()
    replayed = replay_run(run)
    assert replayed.ok
    assert replayed.evaluations == 50
    assert all(best.ok for best in replay_best(store))


@pytest.mark.parametrize("column", ["latency_ns", "reward", "violation"])
def test_the_smallest_change_is_found(store: Store, column: str) -> None:
    (run,) = store.runs()
    before = read_rows(run)[column][17].as_py()
    change(run, column, 17, float(np.nextafter(before, np.inf)))
    replayed = replay_run(run)
    assert not replayed.ok
    assert replayed.difference.startswith(f"step 17, {column}: ")
    assert "all versions are as they were" in replayed.difference


def test_a_changed_design_is_found(store: Store, tmp_path: Path) -> None:
    (run,) = store.runs()
    step = json.loads(run.done_file.read_text())["best"]["step"]
    policy = read_rows(run)["policy"][step].as_py()
    change(run, "policy", step, (policy + 1) % 3)
    (best,) = replay_best(store)
    assert not best.ok
    for arguments in (["--best"], [run.run_id]):
        ended = archgym("replay", *arguments, "--store", store.path, cwd=tmp_path)
        assert ended.returncode == 1
        assert f"step {step}, " in ended.stdout


def test_a_summary_that_boasts_is_found(store: Store) -> None:
    (run,) = store.runs()
    done = json.loads(run.done_file.read_text())
    done["best"]["reward"] += 1.0
    run.done_file.write_text(json.dumps(done))
    (best,) = replay_best(store)
    assert "the summary says" in best.difference


def test_another_version_is_named(store: Store, monkeypatch: Any) -> None:
    from tests.toys import DistanceModel

    (run,) = store.runs()
    monkeypatch.setattr(DistanceModel, "version", "2")
    replayed = replay_run(run)
    assert "cost model 'distance' has version 2 now" in replayed.difference


def test_replay_needs_one_of_run_and_best(store: Store, tmp_path: Path) -> None:
    ended = archgym("replay", "--store", store.path, cwd=tmp_path)
    assert ended.returncode == 2
    ended = archgym("replay", "r0123", "--store", store.path, cwd=tmp_path)
    assert ended.returncode == 2
    assert "unknown run" in ended.stderr
