"""The index is a copy that is never trusted further than its stamps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgym.errors import StoreError
from archgym.results.catalogue import load_runs, write_index
from archgym.results.intervals import mean_interval, stratified_interval
from archgym.results.leaderboard import leaderboard
from archgym.results.spec import digest
from archgym.results.store import INDEX, RunFolder, Store
from tests.experiments.launching import ODD, archgym, run_locally, toy_plan

AGENTS = ["random", f"{ODD}:RaisingAgent"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    run_locally(toy_plan(agents=AGENTS), tmp_path / "s")
    return Store.open(tmp_path / "s")


def boards(store: Store) -> Any:
    return [(board.problem, board.rows) for board in leaderboard(load_runs(store))]


def test_the_board_is_the_same_with_an_index(store: Store, monkeypatch: Any) -> None:
    before, asked = boards(store), []
    assert write_index(store) == 4
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "read_done", lambda self: asked.append(self.agent_folder))
        assert boards(store) == before
    assert set(asked) == {"tests.experiments.odd_agents_RaisingAgent"}


def test_runs_that_the_index_does_not_know_are_read(store: Store) -> None:
    write_index(store)
    run_locally(toy_plan(agents=["random"], seeds=3), Path(str(store.path)))
    assert sum(run.scored for run in load_runs(store)) == 6


def test_a_summary_written_since_counts(store: Store) -> None:
    write_index(store)
    run = next(run for run in store.runs() if run.read_done())
    done = run.read_done() or {}
    done["best"]["reward"] = 77.0
    run.done_file.write_text(json.dumps(done))
    assert 77.0 in [r.best_reward for r in load_runs(store) if r.scored]
    run.done_file.unlink()
    assert sum(r.scored for r in load_runs(store)) == 3


def test_a_damaged_index_is_told_and_left_aside(store: Store, tmp_path: Path) -> None:
    before = boards(store)
    path = Path(str(store.path)) / INDEX
    for content in (b"", b"nonsense", os.urandom(100)):
        path.write_bytes(content)
        heard: list[str] = []
        assert len(load_runs(store, heard.append)) == 8
        assert "make it anew: archgym index" in heard[0]
        with pytest.raises(StoreError):
            load_runs(store)
    ended = archgym("index", "--store", store.path, cwd=tmp_path)
    assert ended.stdout == f"{store.path}: 4 finished runs in the index\n"
    assert boards(store) == before


def test_a_store_with_nothing_but_an_index_is_a_store(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    assert write_index(Store.create(tmp_path / "s")) == 0
    assert load_runs(Store.open(tmp_path / "s")) == []


def test_remembered_hashes_are_those_computed_anew(store: Store) -> None:
    runs = load_runs(store)
    own = {"agent", "agent_version", "hyperparameters", "seed"}
    for run in runs:
        rest = {key: v for key, v in run.spec.identity.items() if key not in own}
        assert run.spec.problem_key == digest(rest)
    assert len({run.spec.problem_key for run in runs}) == 2


def test_one_mean_has_the_interval_of_one_stratum() -> None:
    values = np.random.default_rng(1).normal(3.0, 1.0, size=7)
    assert mean_interval(values) == pytest.approx(stratified_interval([values]), rel=1e-12)
    assert mean_interval(np.array([2.5])) == (2.5, 2.5)
