"""Scores against slow, obvious computations; intervals hold as many values as they say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("safetensors", reason="needs the extra surrogates")

from archgym.cost_models.learned.card import load, save
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.scoring import half_width, scores
from archgym.registry import environments
from archgym.torch_session import torch_session

QUICK = {"rounds": 40}


def rows_of(count, seed):
    made = environments.get("functions").make_problem()
    batch = made.space.sample(np.random.default_rng(seed), count)
    return made, Rows.of(batch, made.measure(batch))


@pytest.fixture(scope="module")
def model():
    made, rows = rows_of(6000, 0)
    with torch_session():
        return learn(made, rows, "boosted_trees", settings=QUICK)


def test_a_half_width_is_the_rank_that_split_conformal_prediction_asks_for():
    errors = np.random.default_rng(0).permutation(np.arange(1.0, 20.0))
    assert half_width(errors) == 18.0  # ceil(0.9 * 20)
    assert half_width(errors[:9]) == errors[:9].max()
    assert half_width(errors[:8]) is None


def test_intervals_hold_nine_tenths_of_values_never_seen(model):
    _, fresh = rows_of(4000, 1)
    (name,) = model.scales.names
    low, high = model.intervals(fresh.batch)[name]
    held = (fresh.metrics[name] >= low) & (fresh.metrics[name] <= high)
    assert 0.88 <= held.mean() <= 0.92
    assert scores(model, fresh)[name]["coverage"] == pytest.approx(held.mean(), abs=1e-3)
    assert (low < high).all()


def test_scores_are_what_they_say(model):
    _, fresh = rows_of(150, 2)
    (name,) = model.scales.names
    (found,) = scores(model, fresh).values()
    true, guessed = (
        fresh.metrics[name],
        model.scales.restore(model.beliefs(fresh.batch).mean)[name],
    )
    pairs = [(a, b) for a in range(len(true)) for b in range(a)]
    signs = [np.sign((true[a] - true[b]) * (guessed[a] - guessed[b])) for a, b in pairs]
    assert found["tau"] == pytest.approx(np.mean(signs), abs=5e-3)  # ties are few
    error = [abs(g - t) for g, t in zip(guessed, true, strict=True)]
    assert found["mape"] == pytest.approx(np.mean(error / np.abs(true)))
    assert found["rrmse"] == pytest.approx(math.sqrt(np.mean(np.square(error))) / true.mean())
    sign = 1.0 if model.metric(name).direction == "minimize" else -1.0
    best, said = (set(np.argsort(sign * values)[:20]) for values in (true, guessed))
    assert found["found"] == pytest.approx(len(best & said) / 20)


def test_rows_to_learn_calibrate_and_score_are_different_and_a_given_test_is_used():
    made, rows = rows_of(300, 3)
    _, others = rows_of(70, 4)
    with torch_session():
        one = learn(made, rows, "boosted_trees", settings=QUICK)
        two = learn(made, rows, "boosted_trees", settings=QUICK, test=others)
    (first,), (second,) = one.card.scores.values(), two.card.scores.values()
    assert (one.card.rows, first["rows"]) == (240, 30)
    assert (two.card.rows, second["rows"]) == (270, 70)
    assert second == next(iter(scores(two, others).values()))


def test_few_rows_calibrate_no_interval_and_older_cards_have_none(model, tmp_path):
    made, rows = rows_of(40, 5)
    with torch_session():
        few = learn(made, rows, "boosted_trees", settings=QUICK)
    assert few.card.intervals == [None]
    (score,) = scores(few, rows).values()
    assert score["coverage"] is None
    assert score["interval"] is None
    assert np.isnan(next(iter(few.intervals(rows.batch).values()))).all()
    save(tmp_path / "old", replace(model.card, intervals=[]), model.regressor.tensors())
    card, _, _ = load(tmp_path / "old")
    assert card.intervals == []
