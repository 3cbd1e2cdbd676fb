"""Trees as masks: the same numbers as LightGBM's own walk, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")

import lightgbm

from archgym.cost_models.learned.leaf_masks.masks import masks_of
from archgym.cost_models.learned.leaf_masks.text import read_sum
from archgym.cost_models.learned.trees import BoostedTreesRegressor

ALWAYS = {"num_threads": 1, "verbosity": -1, "min_data_in_bin": 1, "num_leaves": 24, "seed": 1}


def data(rng, count=1500):
    """An axis of three values, one of real numbers, one that no metric depends on."""
    x = np.stack([rng.integers(3, size=count), rng.normal(size=count), rng.random(count)], axis=1)
    return x, x[:, 0] * np.sin(3 * x[:, 1]) + 0.1 * (x[:, 1] > 0.3)


def trained(x, y, rounds=20, **settings):
    settings = {**ALWAYS, "objective": "regression", **settings}
    text = lightgbm.train(settings, lightgbm.Dataset(x, y), rounds).model_to_string()
    return lightgbm.Booster(model_str=text), text


def test_sums_and_probabilities_are_those_of_lightgbm_to_the_last_bit():
    rng = np.random.default_rng(0)
    x, y = data(rng)
    models = [trained(x, y), trained(x, y > 0, objective="binary"), trained(x, y, rounds=3)]
    masks = masks_of([text for _, text in models], 3)
    at_thresholds = [np.append(tree.threshold, 0.0)[0] for tree in read_sum(models[0][1]).trees]
    fresh = data(rng, 999)[0]
    fresh[: len(at_thresholds), 1] = at_thresholds
    fresh[-2:] = [[-1e9, 1e9, 0.5], [1e9, -1e9, 0.0]]
    true = np.stack([booster.predict(fresh) for booster, _ in models], axis=1)
    assert np.array_equal(masks.said(fresh), true)
    assert np.array_equal(masks.said(fresh[[7]]), true[[7]])


def test_a_tree_without_a_split_says_its_one_value():
    x = np.zeros((50, 2))
    booster, text = trained(x, np.full(50, 0.25))
    assert np.array_equal(masks_of([text], 2).said(x), booster.predict(x)[:, None])


def test_what_has_no_masks_is_left_to_lightgbm():
    x, y = data(np.random.default_rng(1))
    forest = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
    _, plain = trained(x, y)
    assert masks_of([plain], 3) is not None
    assert masks_of([plain, trained(x, y, **forest)[1]], 3) is None
    assert masks_of([trained(x, y, num_leaves=90, min_data_in_leaf=2)[1]], 3) is None
    assert masks_of([plain], 33) is None
    x[::7, 1] = np.nan
    assert masks_of([trained(x, y)[1]], 3) is None
    assert masks_of([], 0) is None


def test_many_designs_and_few_are_predicted_alike():
    """Few are walked, many are masked."""
    rng = np.random.default_rng(2)
    x, y = data(rng)
    metrics = np.stack([y, np.where(x[:, 0] > 0, y, np.nan)], axis=1)
    model = BoostedTreesRegressor({"rounds": 30})
    model.fit(x[:, :, None], metrics, x[:, 1] > -1, rng)
    whole = model.predict(x[:, :, None])
    few = model.predict(x[:100, :, None])
    for name in ("mean", "present", "feasible"):
        assert np.array_equal(getattr(whole, name)[:100], getattr(few, name)), name
