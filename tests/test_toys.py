"""The toys are what their docstrings promise."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from archgym.outcome import Status
from tests.toys import (
    BEST_LATENCY_NS,
    FLAT_OPTIMUM,
    MIXED_OPTIMUM,
    MIXED_OTHER,
    REAL_OPTIMUM,
    TOYS,
    WORDS_OPTIMUM,
    toy_problem,
)


@pytest.mark.parametrize(
    ("toy", "workload", "optimum"),
    [
        ("toy", "mixed", MIXED_OPTIMUM),
        ("toy", "other", MIXED_OTHER),
        ("toy.real", None, REAL_OPTIMUM),
        ("toy.words", None, WORDS_OPTIMUM),
    ],
)
def test_the_optimum_is_feasible_and_the_best(toy: str, workload: str, optimum: dict) -> None:
    problem = toy_problem(toy, workload=workload)
    best = problem.evaluate([optimum]).iloc[0]
    assert best["status"] == "ok"
    assert best["latency_ns"] == pytest.approx(BEST_LATENCY_NS)
    others = problem.outcomes(problem.space.sample(np.random.default_rng(0), 2000))
    assert others.metrics["latency_ns"].min() >= BEST_LATENCY_NS
    assert best["reward"] >= others.reward.max()


def test_sizes_are_as_documented() -> None:
    mixed = toy_problem().space
    assert mixed.size == 540
    assert sum(len(batch) for batch in mixed.enumerate()) == 399
    words = toy_problem("toy.words").space
    assert sum(len(batch) for batch in words.enumerate()) == 360


def test_the_flat_toy_has_its_optimum_where_it_says() -> None:
    problem = toy_problem("toy.flat", parameters=5, values=4)
    outcome = problem.evaluate([{name: FLAT_OPTIMUM[name] for name in problem.space.names}])
    assert outcome["latency_ns"][0] == BEST_LATENCY_NS


def test_failures_have_their_status() -> None:
    problem = toy_problem("toy.failing")
    rows = [{"behaviour": b} for b in ("fine", "raises", "nan", "infeasible")]
    outcomes = problem.outcomes(problem.space.encode(rows))
    assert outcomes.labels() == ["ok", "crashed", "infeasible", "infeasible"]
    assert np.isfinite(outcomes.reward).all()
    assert Status(outcomes.status[0]) is Status.OK


def test_the_front_holds_the_designs_without_waste() -> None:
    problem = toy_problem("toy.front")
    (designs,) = problem.space.enumerate()
    objectives = problem.outcomes(designs).objectives
    beaten = (objectives[:, None] <= objectives[None]).all(-1)
    beaten &= (objectives[:, None] < objectives[None]).any(-1)
    assert designs["waste"][~beaten.any(axis=1)].tolist() == [0] * 21


@pytest.mark.parametrize("toy", TOYS)
def test_toys_travel_to_other_processes(toy: str) -> None:
    problem = toy_problem(toy)
    copy = pickle.loads(pickle.dumps(problem))
    assert copy.reference == problem.reference
