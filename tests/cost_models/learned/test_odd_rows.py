"""Rows that teach little or nothing: constants, metrics without values, all or none feasible."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("safetensors", reason="needs the extra surrogates")

import archgym
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import surrogate_of
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.scoring import scores
from archgym.errors import InvalidDesignError, StoreError
from archgym.torch_session import torch_session

SETTINGS = {
    "boosted_trees": {"rounds": 10},
    "random_forest": {"rounds": 5},
    "ensemble": {"width": 8, "fewest_steps": 100, "epochs": 1},
    "gp": {"iterations": 5},
}


@pytest.fixture(scope="module")
def problem():
    return archgym.make_problem("dram", space="archgym")


def rows_of(problem, feasible=True, count=80):
    """The first metric follows an axis, the second is constant, the third partly absent, the
    others have no values.
    """
    batch = problem.space.sample(np.random.default_rng(0), count)
    size = batch.space.canonical(batch.codes)[:, 3] + 1.0
    metrics = {name: np.full(count, np.nan) for name in problem.metric_names}
    first, second, third = problem.metric_names[:3]
    metrics |= {first: size, second: np.full(count, 7.0), third: np.where(size > 4, size, np.nan)}
    return Rows(batch, metrics, np.full(count, feasible))


@pytest.mark.parametrize("kind", SETTINGS)
def test_constants_are_said_and_what_has_no_values_stays_so(problem, kind, tmp_path):
    rows = rows_of(problem)
    with torch_session():
        model = learn(problem, rows, kind, settings=SETTINGS[kind], seed=1)
        model.save(tmp_path / kind)
        again = surrogate_of(tmp_path / kind, problem)
        told, before = (made.evaluate(rows.batch, None).metrics for made in (again, model))
    first, second, third, fourth = problem.metric_names[:4]
    assert set(model.scales.names) == {first, third}
    feasible = np.isfinite(told[second])
    assert feasible.mean() > 0.9
    assert set(told[second][feasible]) == {7.0}
    assert np.isnan(told[fourth]).all()
    assert np.array_equal(told[first], before[first], equal_nan=True)


def test_weights_of_another_surrogate_are_refused(problem, tmp_path):
    with torch_session():
        for kind in ("boosted_trees", "random_forest"):
            model = learn(problem, rows_of(problem), kind, settings=SETTINGS[kind])
            model.save(tmp_path / kind)
    weights = (tmp_path / "random_forest" / "weights.safetensors").read_bytes()
    (tmp_path / "boosted_trees" / "weights.safetensors").write_bytes(weights)
    with pytest.raises(StoreError, match="not what the card says"):
        surrogate_of(tmp_path / "boosted_trees", problem)


def test_without_feasible_designs_there_is_nothing_to_learn(problem):
    with pytest.raises(NothingToLearnError, match="no feasible design"):
        learn(problem, rows_of(problem, feasible=False), "boosted_trees")


def test_what_cannot_be_said_of_constant_rows_is_left_empty(problem):
    rows = rows_of(problem)
    with torch_session():
        model = learn(problem, rows, "boosted_trees", settings=SETTINGS["boosted_trees"])
    first = problem.metric_names[0]
    alike = np.flatnonzero(rows.metrics[first] == rows.metrics[first][0])
    found = scores(model, rows.select(alike))[first]
    assert found["r2"] is None
    assert found["tau"] is None
    assert found["rows"] == len(alike) > 1


def test_unknown_values_are_refused_and_others_without_effect_change_nothing(problem):
    with torch_session():
        model = learn(
            problem, rows_of(problem), "boosted_trees", settings=SETTINGS["boosted_trees"]
        )
    with pytest.raises(InvalidDesignError, match="scheduler"):
        problem.space.encode([{"scheduler": "lottery"}])
    idle = [{"arbiter": "simple", "max_active_transactions": size} for size in (1, 64)]
    one, other = model.beliefs(problem.space.encode(idle)).mean
    assert np.array_equal(one, other)
