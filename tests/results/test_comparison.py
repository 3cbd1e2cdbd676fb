"""Agents side by side: regrets, missed shares and their intervals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import archgym
from archgym.results.comparison import compare
from archgym.results.intervals import stratified_interval
from archgym.results.leaderboard import load_runs
from archgym.results.spec import digest
from archgym.results.store import Store
from tests.experiments.launching import archgym as command
from tests.experiments.launching import run_locally, toy_plan

TOY = "tests.toys:TOY"
PROBLEMS = [{"env": TOY, "workload": ["mixed", "other"], "objective": ["latency", "energy"]}]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    agents = ["random", {"name": "genetic", "hyperparameters": {"population": [4, 8]}}]
    run_locally(toy_plan(problems=PROBLEMS, agents=agents, budget=[20, 80], seeds=3), folder)
    return folder


def true_best(workload: str, objective: str) -> float:
    problem = archgym.make_problem(TOY, workload, objective)
    return max(problem.outcomes(batch).reward.max() for batch in problem.space.enumerate())


def test_numbers_are_those_of_their_definition(store: Path) -> None:
    optima = {}
    runs = load_runs(Store.open(store))
    rewards: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        spec = run.spec
        best = true_best(spec.workload, str(spec.objective))
        optima[spec.table_key, digest(spec.objective)] = best
        if spec.agent == "random" and spec.budget == 20:
            problem = (spec.workload, str(spec.objective))
            rewards.setdefault(problem, []).append(run.best_reward)
    rows = compare(runs, optima)
    assert len(rows) == 6
    (row,) = [row for row in rows if row["agent"] == "random" and row["budget"] == 20]
    regrets, missed = [], []
    for problem, values in rewards.items():
        best = true_best(*problem)
        assert len(values) == 3
        regrets.append(np.mean([1 - value / best for value in values]))
        gaps = [(best - v) / (best - 1) if best > 1 else float(v < best) for v in values]
        missed.append(np.mean(np.clip(gaps, 0, 1)))
    assert row["regret"] == pytest.approx(np.mean(regrets))
    assert row["missed"] == pytest.approx(np.mean(missed))
    assert row["problems"] == 4
    assert row["seeds"] == 3
    assert row["regret_low_95"] <= row["regret"] <= row["regret_high_95"]


def test_more_evaluations_never_show_more_regret_on_average(store: Path) -> None:
    rows = compare(load_runs(Store.open(store)), {})
    by_budget = {row["budget"]: row["regret"] for row in rows if row["agent"] == "random"}
    assert by_budget[80] < by_budget[20]


def test_without_tables_the_best_run_is_the_measure(store: Path) -> None:
    rows = compare(load_runs(Store.open(store)), {})
    assert min(row["regret"] for row in rows) >= 0.0
    assert max(row["solved"] for row in rows) > 0.0


def test_the_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(3).normal(size=40)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=5000, rng=np.random.default_rng(0)
    ).confidence_interval
    low, high = stratified_interval([values])
    width = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=0.1 * width)
    assert high == pytest.approx(theirs.high, abs=0.1 * width)


def test_strata_are_not_mixed() -> None:
    """Two problems of very different level, each without spread: the mean has no spread."""
    low, high = stratified_interval([np.full(5, 1.0), np.full(5, 9.0)])
    assert (low, high) == (5.0, 5.0)


def test_the_command_line_prints_it(store: Path) -> None:
    done = command("compare", "--store", store, "--format", "json", cwd=store)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["hyperparameters"] for row in rows} == {"", "population=4", "population=8"}
    assert [row["budget"] for row in rows] == sorted(row["budget"] for row in rows)
