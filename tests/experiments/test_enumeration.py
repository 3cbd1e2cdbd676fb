"""`archgym enumerate` as a user types it: whole spaces, true optima, cuts and regrets."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archgym
from archgym.batch import Batch
from archgym.encodings import from_index
from archgym.outcome import Status
from archgym.results.leaderboard import leaderboard, load_runs
from archgym.results.optima import load_optima, pareto_rows
from archgym.results.store import Store
from archgym.results.table import tables
from tests.experiments.launching import archgym as command
from tests.experiments.launching import run_locally, start_archgym, toy_plan
from tests.experiments.odd_models import DEADLY as DEADLY_DESIGN
from tests.experiments.odd_models import DESIGNS
from tests.toys import DistanceModel

TOY = "tests.toys:TOY"
SLOW = "tests.experiments.odd_models:SLOW_TOY"
DEADLY = "tests.experiments.odd_models:DEADLY_TOY"


def enumerate_toy(store: Path, *options: str, env: str = TOY) -> list[dict[str, Any]]:
    done = command("enumerate", env, "--store", store, "--format", "json", *options, cwd=store)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    own = "{minimize: latency_ns, subject_to: {energy_pj: {max: 12.0}}}"
    found = enumerate_toy(folder, "--workers", "2", "--objective", own)
    (folder / ".found.json").write_text(json.dumps(found))
    return folder


def all_designs(problem: archgym.Problem) -> Batch:
    return Batch(problem.space, from_index(problem.space, np.arange(int(problem.space.size))))


def brute_force(objective: Any) -> Any:
    """All designs, evaluated one objective at a time from value lists written by hand."""
    problem = archgym.make_problem(TOY, objective=objective)
    designs = [
        {"policy": p, "buffer_entries": e, "banks": b, "cache": c, "cache_ways": w}
        for p in ("open", "closed", "adaptive")
        for e in (1, 2, 4, 8)
        for b in range(1, 6)
        for c in ("none", "small", "large")
        for w in (1, 2, 4)
        if b * e <= 32 and not (c == "none" and w != 1)
    ]
    assert len(designs) == 399
    return problem.evaluate(designs)


def test_the_optimum_is_that_of_brute_force(store: Path) -> None:
    found = json.loads((store / ".found.json").read_text())
    assert len(found) == 7
    for optimum in found:
        table = brute_force(optimum["objective"])
        feasible = table[table["status"] == "ok"]
        best = feasible["reward"].max()
        assert optimum["reward"] == best
        assert optimum["ties"] == (feasible["reward"] == best).sum()
        again = archgym.make_problem(TOY, objective=optimum["objective"])
        assert again.evaluate([optimum["design"]])["reward"][0] == best


def test_the_front_is_that_of_the_definition(store: Path) -> None:
    found = json.loads((store / ".found.json").read_text())
    (optimum,) = (o for o in found if o["objective"] == "tradeoff")
    table = brute_force("tradeoff")
    points = {(r.latency_ns, r.energy_pj) for r in table.itertuples() if r.status == "ok"}
    front = {
        p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)
    }
    got = [(d["metrics"]["latency_ns"], d["metrics"]["energy_pj"]) for d in optimum["front"]]
    assert len(got) == len(front)
    assert {*got} == front


def test_pareto_rows_keep_one_row_per_point() -> None:
    points = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 1.0], [0.0, 3.0]])
    rows = pareto_rows(points)
    assert {tuple(points[row]) for row in rows} == {(1.0, 2.0), (2.0, 1.0), (0.0, 3.0)}
    assert len(rows) == 3


def test_regret_is_true(store: Path) -> None:
    """Also of runs on the table, which are the same runs."""
    (table,) = tables(Store.open(store))
    problems = [
        {"env": TOY, "objective": "latency", "cost_model": ["distance", f"table:{table.path}"]}
    ]
    agents = ["random"]
    run_locally(toy_plan(problems=problems, agents=agents, budget=60, seeds=3), store)
    opened = Store.open(store)
    runs, optima = load_runs(opened), load_optima(opened)
    by_model, by_table = leaderboard(runs, optima)
    best = brute_force("latency")["reward"].max()
    (row,) = by_model.rows
    rewards = [run.best_reward for run in runs if run.spec.cost_model == "distance"]
    assert len(rewards) == 3
    assert row["regret"] == pytest.approx(np.mean([1 - r / best for r in rewards]))
    assert row["solved"] == np.mean([r == best for r in rewards])
    assert 0 < row["regret"] < 1
    same = ("mean", "min", "max", "regret", "solved")
    assert [by_table.rows[0][k] for k in same] == [row[k] for k in same]


def test_without_a_table_there_is_no_regret(tmp_path: Path) -> None:
    run_locally(toy_plan(), tmp_path)
    boards = leaderboard(load_runs(Store.open(tmp_path)), load_optima(Store.open(tmp_path)))
    assert all(row["regret"] is None for board in boards for row in board.rows)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_cut_enumeration_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    words = ("enumerate", SLOW, "--store", tmp_path, "--workers", "2")
    process = start_archgym(*words, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("env=*/table=*/slice-*.parquet")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(how)
    said, _ = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "go on with: archgym enumerate" in said
    (table,) = tables(Store.open(tmp_path))
    assert not table.finished
    done = table.slices()
    again = command(*words, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert f"{len(done)} of 4 slices done before" in again.stderr
    index, measured = table.read_rows()
    problem = archgym.make_problem(SLOW)
    np.testing.assert_array_equal(index, np.arange(DESIGNS))
    expected = DistanceModel.evaluate(problem.cost_model, all_designs(problem), problem.workload)
    for name, values in expected.metrics.items():
        np.testing.assert_array_equal(measured.metrics[name], values)


@pytest.mark.slow
def test_a_design_that_kills_is_named_or_isolated(tmp_path: Path) -> None:
    words = ("enumerate", DEADLY, "--store", tmp_path, "--workers", "2")
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "a worker died; with --timeout-s every evaluation has a process" in done.stderr
    done = command(*words, "--timeout-s", "5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (table,) = tables(Store.open(tmp_path))
    _, measured = table.read_rows()
    assert np.flatnonzero(measured.status != Status.OK).tolist() == [DEADLY_DESIGN]
    assert measured.status[DEADLY_DESIGN] == Status.CRASHED


def test_a_real_parameter_cannot_be_enumerated(tmp_path: Path) -> None:
    done = command("enumerate", "tests.toys:TOY_REAL", "--store", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "a space with a real parameter cannot be enumerated" in done.stderr


def test_a_wrong_objective_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    done = command(
        "enumerate", TOY, "--store", tmp_path, "--objective", "{minimise: x}", cwd=tmp_path
    )
    assert done.returncode == 2
    assert not list(tmp_path.glob("env=*/table=*/*"))
