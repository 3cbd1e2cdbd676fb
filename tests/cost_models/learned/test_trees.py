"""Trees: whether they learn what is there, what is saved, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")

from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.regressor import SeesNumbers
from archgym.cost_models.learned.trees import (
    BoostedTreesRegressor,
    RandomForestRegressor,
    _inputs,
)
from archgym.errors import SettingError, UnknownNameError
from archgym.parameter import Axis
from archgym.registry import make_problem

KINDS = {"boosted_trees": BoostedTreesRegressor, "random_forest": RandomForestRegressor}


def data(rng, count):
    """An ordered axis of three values and one of four without order; the second metric is partly
    absent; a design is infeasible where the orderless axis has its last value.
    """
    place, which = rng.integers(3, size=count), rng.integers(4, size=count)
    x = np.zeros((count, 2, 5))
    x[:, 0, 0] = 2 * (place + 0.5) / 3 - 1
    x[np.arange(count), 0, 1 + place] = 1.0
    x[np.arange(count), 1, 1 + which] = 1.0
    effect = np.array([0.3, -1.0, 2.0, 0.5])[which]
    y = np.stack([place**2 + effect, np.where(which == 1, np.nan, effect * place)], axis=1)
    feasible = which != 3
    return x, np.where(feasible[:, None], y, np.nan), feasible


@pytest.mark.parametrize("kind", KINDS)
def test_they_learn_values_absence_and_feasibility(kind):
    rng = np.random.default_rng(0)
    model = KINDS[kind]()
    model.fit(*data(rng, 400), rng)
    x, y, feasible = data(rng, 200)
    said, known = model.predict(x), np.isfinite(y)
    assert np.abs(said.mean - y)[known].max() < 0.05
    assert np.array_equal(said.feasible > 0.5, feasible)
    assert np.array_equal((said.present > 0.5)[feasible], known[feasible])


@pytest.mark.parametrize("kind", KINDS)
def test_a_design_alone_and_in_a_batch_and_restored_are_the_same_to_the_last_bit(kind):
    rng = np.random.default_rng(1)
    x, y, feasible = data(rng, 120)
    model = KINDS[kind]({"rounds": 20})
    model.fit(x, y + 0.1 * rng.standard_normal(y.shape), feasible, rng)
    tensors = {name: array.copy() for name, array in model.tensors().items()}
    again = KINDS[kind].restore(model.settings, tensors)
    whole = model.predict(x)
    for row in (0, 60, 119):
        alone = again.predict(x[[row]])
        assert np.array_equal(alone.mean[0], whole.mean[row])
        assert np.array_equal(alone.present[0], whole.present[row])
        assert alone.feasible[0] == whole.feasible[row]
    assert again.predict(x[:0]).mean.shape == (0, 2)


def test_the_same_seed_grows_the_same_trees():
    x, y, feasible = data(np.random.default_rng(2), 200)
    grown = []
    for seed in (5, 5, 6):
        model = RandomForestRegressor({"rounds": 5})
        noise = np.random.default_rng(9).standard_normal(y.shape)
        model.fit(x, y + noise, feasible, np.random.default_rng(seed))
        grown.append(bytes(model.tensors()["metric.0"]))
    assert grown[0] == grown[1]
    assert grown[0] != grown[2]


def test_what_is_always_or_never_so_needs_no_trees():
    rng = np.random.default_rng(3)
    x, y, _ = data(rng, 60)
    model = BoostedTreesRegressor({"rounds": 5})
    model.fit(x, np.nan_to_num(y), np.ones(60, dtype=bool), rng)
    said = model.predict(x)
    assert (said.feasible == 1.0).all()
    assert (said.present == 1.0).all()
    assert set(model.tensors()) == {"metric.0", "metric.1", "shares"}


def test_damaged_trees_and_wrong_settings_are_refused():
    rng = np.random.default_rng(4)
    model = BoostedTreesRegressor({"rounds": 3})
    model.fit(*data(rng, 60), rng)
    tensors = model.tensors()
    foreign = np.frombuffer(b"no trees at all", dtype=np.uint8)
    for changed in ({"metric.0": foreign}, {"shares": np.ones(4)}):
        with pytest.raises(ValueError, match="trees"):
            BoostedTreesRegressor.restore(model.settings, {**tensors, **changed})
    with pytest.raises(KeyError, match="shares"):
        BoostedTreesRegressor.restore(model.settings, {})
    with pytest.raises(UnknownNameError, match="leaves"):
        BoostedTreesRegressor({"leafs": 3})
    for wrong in ({"rounds": 0}, {"leaves": "many"}, {"learning_rate": -0.5}, {"rounds": True}):
        with pytest.raises(SettingError, match=next(iter(wrong))):
            BoostedTreesRegressor(wrong)
    for wrong in ({"leaves": 1}, {"learning_rate": 0}):
        with pytest.raises(SettingError, match="boosted_trees"):
            BoostedTreesRegressor(wrong).fit(*data(rng, 600), rng)


@pytest.mark.parametrize("env", ["dram", "analog.sizing"])
def test_one_number_per_axis_is_what_they_make_of_codes(env):
    problem = make_problem(env)
    batch = problem.space.sample(np.random.default_rng(5), 200)
    encoding = DesignEncoding(problem.space.axes, (Axis("size", None, True, 0.0, 9.0),))
    context = np.linspace(-1.0, 12.0, 200)[:, None]
    full = encoding.inputs(batch, context)
    assert np.array_equal(encoding.numbers(batch, context), _inputs(full))
    assert isinstance(BoostedTreesRegressor(), SeesNumbers)
