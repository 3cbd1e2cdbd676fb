"""What boards, questions, replays, merges and datasets make of re-checked designs."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from archgym.results.catalogue import Run, load_runs, write_index
from archgym.results.comparison import compare
from archgym.results.dataset_building import Selection, build_dataset
from archgym.results.leaderboard import leaderboard
from archgym.results.merging import Verdict, merge
from archgym.results.query import frame, parse_condition, rechecked, run_rows, select
from archgym.results.reader import read_rows
from archgym.results.replay import replay_best, replay_recheck, replay_run
from archgym.results.report.document import report_document
from archgym.results.spec import TrialSpec
from archgym.results.store import State, Store
from tests.experiments.launching import run_locally, toy_plan
from tests.results.benchmarks import Spoken

TOY = "tests.toys:TOY"
BOTH = [{"env": TOY, "cost_model": ["rough", "distance"]}]
AGENTS = ["random", "genetic"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with searches on the rough model, re-checked, and on the true one."""
    folder = tmp_path_factory.mktemp("rechecked") / "s"
    run_locally(toy_plan(problems=BOTH, agents=AGENTS, budget=60, recheck=5), folder)
    return folder


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Store:
    """A copy of it, to be changed."""
    shutil.copytree(whole, tmp_path / "s")
    return Store.open(tmp_path / "s")


def run_of(agent: str, seed: int, believed: float, true: float | None, **changes: Any) -> Run:
    """Return a finished run that believed one reward and truly has another, if re-checked."""
    recheck = {"designs": 5, "cost_model": "distance", "cost_model_version": "1"}
    spec = TrialSpec(
        env=TOY,
        env_version=0,
        workload="mixed",
        objective="latency",
        settings={},
        cost_model="rough",
        cost_model_version="1",
        agent=agent,
        agent_version="1",
        hyperparameters={},
        seed=seed,
        budget=60,
        recheck=None if true is None else recheck,
    )
    metrics = {"metrics": {"latency_ns": believed}}
    summary: dict[str, Any] = {
        "best": {"reward": believed, **metrics},
        "objective_metrics": ["latency_ns"],
        **dict.fromkeys(("evaluations", "unique"), 60),
        **dict.fromkeys(("ask_seconds", "evaluate_seconds"), 0.5),
    }
    if true is not None:
        best = {"reward": true, "metrics": {"latency_ns": true}}
        summary["rechecked"] = {"evaluations": 5, "best": best} | changes
    return Run(spec, State.DONE, summary)


# -- boards --------------------------------------------------------------------------------------

FLATTERED = [run_of("bold", seed, 9.0 + seed, 2.0 + seed) for seed in (0, 1)]
MODEST = [run_of("modest", seed, 5.0, 4.0 + seed) for seed in (0, 1)]


def test_boards_rank_by_the_true_value_where_all_have_it() -> None:
    (board,) = leaderboard([*FLATTERED, *MODEST])
    assert board.problem["ranked_by"] == "rechecked"
    told = [(row["agent"], row["mean"], row["rechecked"]) for row in board.rows]
    assert told == [("modest", 5.0, 4.5), ("bold", 9.5, 2.5)]
    first = board.rows[0]
    assert 4.0 <= first["rechecked_low_95"] <= 4.5 <= first["rechecked_high_95"] <= 5.0
    assert (first["evaluations"], first["true_evaluations"]) == (60, 5)
    assert first["recheck"] == "5 by distance 1"
    assert board.rows[1]["best_metrics"] == "latency_ns=3"  # the true ones of seed 1


def test_boards_rank_by_the_mean_where_one_lacks_the_true_value() -> None:
    (board,) = leaderboard([*FLATTERED, *MODEST, run_of("bold", 0, 7.0, None)])
    assert board.problem["ranked_by"] == "mean"
    told = [(row["agent"], row["recheck"], row["mean"], row["rechecked"]) for row in board.rows]
    assert told == [
        ("bold", "5 by distance 1", 9.5, 2.5),
        ("bold", "", 7.0, None),
        ("modest", "5 by distance 1", 5.0, 4.5),
    ]
    assert board.rows[1]["best_metrics"] == "latency_ns=7"


def test_boards_without_any_recheck_have_no_further_columns() -> None:
    (board,) = leaderboard([run_of("bold", 0, 7.0, None)])
    assert "ranked_by" not in board.problem
    assert "rechecked" not in board.rows[0]


def test_a_search_that_found_nothing_to_recheck_counts_as_a_failed_design() -> None:
    empty = run_of("bold", 1, 1.0, 1.0, evaluations=0, best=None)
    (board,) = leaderboard([FLATTERED[0], empty])
    assert board.rows[0]["rechecked"] == pytest.approx((2.0 - 1.0) / 2)
    assert board.rows[0]["true_evaluations"] == 2.5


def test_rechecked_trials_compare_with_searches_by_the_true_model(whole: Path) -> None:
    runs = load_runs(Store.open(whole))
    rows = {(row["agent"], row["searched_on"]): row for row in compare(runs, {})}
    assert set(rows) == {(a, on) for a in AGENTS for on in ("", "rough, 5 by distance 1")}
    best = max(
        run.true_reward if run.rechecked else run.best_reward
        for run in runs
        if run.rechecked or run.spec.cost_model == "distance"
    )
    for (agent, on), row in rows.items():
        own = [run for run in runs if run.spec.agent == agent and bool(run.rechecked) == bool(on)]
        assert len(own) == 2
        assert row["true_evaluations"] == (5 if on else 60)
        assert row["regret"] == pytest.approx(np.mean([1 - run.true_reward / best for run in own]))
        assert row["problems"] == 1


def test_surrogates_of_one_problem_are_told_apart_and_those_of_several_are_not() -> None:
    def on(model: str, workload: str) -> Run:
        run = run_of("bold", 0, 9.0, 2.0)
        changed = {**run.spec.data, "cost_model": model, "workload": workload}
        return Run(TrialSpec.of(changed), run.state, run.summary)

    several = compare([on("surrogate:a", "mixed"), on("surrogate:b", "other")], {})
    assert [(r["searched_on"], r["problems"]) for r in several] == [
        ("surrogate, 5 by distance 1", 2)
    ]
    one = compare([on("surrogate:a", "mixed"), on("surrogate:b", "mixed")], {})
    assert {r["searched_on"] for r in one} == {
        "surrogate:a 1, 5 by distance 1",
        "surrogate:b 1, 5 by distance 1",
    }


def test_the_board_is_told_at_the_command_line(whole: Path, spoken: Spoken) -> None:
    code, out, err = spoken("leaderboard", "--store", whole)
    assert (code, err) == (0, "")
    assert "ranked_by rechecked, recheck 5 by distance 1" in out
    assert "ranked_by mean" in out
    _, out, _ = spoken("leaderboard", "--store", whole, "--format", "csv")
    rows = list(csv.DictReader(out.splitlines()))
    assert {row["rechecked"] == "" for row in rows if row["cost_model"] == "distance 1"} == {True}
    for row in (row for row in rows if row["cost_model"] == "rough 1"):
        assert row["rechecked"] != row["mean"]
        assert row["true_evaluations"] == "5"


def test_an_index_knows_true_values(store: Store) -> None:
    before = leaderboard(load_runs(store))
    write_index(store)
    assert leaderboard(load_runs(store)) == before


# -- questions, reports --------------------------------------------------------------------------


def test_rechecked_designs_can_be_asked_for(whole: Path, spoken: Spoken) -> None:
    store = Store.open(whole)
    runs = select(load_runs(store), parse_condition("cost_model = rough and agent = genetic"))
    table = frame(rechecked(store, runs))
    assert len(table) == 10
    for run in runs:
        own, told = table[table["run"] == run.run_id], run.rechecked or {}
        assert own["rank"].to_list() == [1, 2, 3, 4, 5]
        assert own["predicted"].to_list() == told["predicted"]
        assert own["rechecked"].to_list() == told["rewards"]
        assert own["step"].to_list() == told["steps"]
    largest = max(run.true_reward for run in runs)
    kept = select(runs, parse_condition(f"rechecked >= {largest}"))
    assert {run.true_reward for run in kept} == {largest}
    listed = frame(run_rows(load_runs(store)))
    assert listed["true_evaluations"].dropna().to_list() == [5.0] * 4
    where = ("query", "rechecked", "--store", whole, "--where", "cost_model = distance")
    code, _, err = spoken(*where)
    assert code == 2
    assert err.endswith("none of 4 runs was re-checked\n")


def test_reports_show_true_values_in_the_tables_of_agents(whole: Path) -> None:
    problems = report_document(Store.open(whole))["problems"]
    runs = [run for run in load_runs(Store.open(whole)) if run.rechecked]
    for problem in problems:
        is_rough = problem["cost_model"] == "rough 1"
        for row in (*problem["agents"], *problem["configurations"]):
            assert (row["rechecked"] is not None) == is_rough
            assert row["true_evaluations"] == (5 if is_rough else None)
            true = [run.true_reward for run in runs if run.spec.agent == row["agent"]]
            assert not is_rough or row["rechecked"] == pytest.approx(np.median(true), rel=1e-4)


# -- replays, merges, datasets -------------------------------------------------------------------


def rough(store: Store) -> Any:
    spec = next(run.spec for run in load_runs(store) if run.rechecked)
    return store.folder(spec)


def test_replays_evaluate_the_rechecked_designs_too(store: Store, spoken: Spoken) -> None:
    folder = rough(store)
    code, out, _ = spoken("replay", folder.run_id, "--store", store.path)
    assert code == 0
    assert [line.rpartition(": ")[2] for line in out.splitlines()] == [
        "ok, 60 evaluations",
        "ok, 5 evaluations",
    ]
    assert "re-checked by distance" in out.splitlines()[1]
    told = [replayed for replayed in replay_best(store) if "re-checked" in replayed.problem]
    assert [(replayed.ok, replayed.evaluations) for replayed in told] == [(True, 1)]


def test_a_changed_true_reward_is_found(store: Store) -> None:
    run = max((run for run in load_runs(store) if run.rechecked), key=lambda run: run.true_reward)
    folder = store.folder(run.spec)
    table = pq.read_table(folder.recheck.data_file)
    better = table.set_column(
        table.column_names.index("reward"), "reward", [table["reward"].to_numpy() + 0.5]
    )
    pq.write_table(better, folder.recheck.data_file)
    assert replay_run(folder).ok
    replayed = replay_recheck(folder)
    assert replayed is not None
    assert "reward" in replayed.difference
    (best,) = [one for one in replay_best(store) if "re-checked" in one.problem]
    assert "the summary says" in best.difference


def test_merging_brings_the_true_evaluations_and_finds_contradictions(
    store: Store, tmp_path: Path
) -> None:
    third = Store.create(tmp_path / "third")
    assert {run.verdict for run in merge(store, third)} == {Verdict.NEW}
    assert {run.verdict for run in merge(store, third)} == {Verdict.EQUAL}
    theirs, ours = rough(store), rough(third)
    brought = read_rows(ours.recheck)
    assert brought is not None
    assert brought.equals(read_rows(theirs.recheck))
    shutil.rmtree(ours.recheck.path)
    ours.done_file.unlink()
    for sign in (ours.run_file, *ours.attempts()):
        os.utime(sign, (1.0, 1.0))
    (again,) = [run for run in merge(store, third) if run.verdict != Verdict.EQUAL]
    assert again.verdict == Verdict.FURTHER
    assert read_rows(ours.recheck) is not None
    file = theirs.recheck.data_file
    table = pq.read_table(file)
    at = table.column_names.index("latency_ns")
    pq.write_table(table.set_column(at, "latency_ns", [table["latency_ns"].to_numpy() + 1]), file)
    (conflict,) = [run for run in merge(store, third) if run.verdict != Verdict.EQUAL]
    assert conflict.verdict == Verdict.CONFLICT
    assert "recheck" in conflict.reason


def test_rechecked_designs_are_a_datasets_rows_of_the_true_model(store: Store) -> None:
    for run in load_runs(store):
        if run.spec.cost_model == "distance":
            shutil.rmtree(store.folder(run.spec).path)
    card = build_dataset(store, "true", Selection(cost_models=("distance",))).card
    assert (card.cost_model, card.rows + card.repeats) == ("distance", 4 * 5)
    assert set(card.runs) <= {run.run_id for run in load_runs(store)}
    with pytest.raises(Exception, match=r"cost model \(--cost-model\): distance 1, rough 1"):
        build_dataset(store, "both", Selection())


def test_done_files_hold_plain_json(whole: Path) -> None:
    for run in Store.open(whole).runs():
        assert json.loads(run.done_file.read_text(), parse_constant=pytest.fail)
