"""Scores against slow, obvious computations, ties and all."""

from __future__ import annotations

import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.learned.scoring import _found, _held, _in_units, half_width
from archgym.metric import Metric

METRIC = {way: Metric("x", "1", way, "") for way in ("minimize", "maximize", "neutral")}
# Few different values, so that many are the same.
VALUES = st.integers(1, 6)
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=8)


def expected_share(true, guessed, best, way):
    """Mean over all ways of picking the best guesses of how many are as good as the best."""
    sign = 1 if way == "minimize" else -1
    bar = sorted(sign * t for t in true)[best - 1]
    good = [sign * t <= bar for t in true]
    lowest = min(
        sum(sign * guessed[at] for at in some)
        for some in itertools.combinations(range(len(true)), best)
    )
    picks = [
        some
        for some in itertools.combinations(range(len(true)), best)
        if sum(sign * guessed[at] for at in some) == lowest
    ]
    return float(sum(Fraction(sum(good[at] for at in some), best) for some in picks) / len(picks))


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=10, max_size=14), st.data())
def test_found_is_what_chance_finds_among_equal_guesses(pairs, data):
    true, guessed = (list(column) for column in zip(*pairs, strict=True))
    way = data.draw(st.sampled_from(["minimize", "maximize"]))
    best = max(1, len(true) // 5)
    found = _found(np.array(true, float), np.array(guessed, float), METRIC[way])
    assert found == pytest.approx(expected_share(true, guessed, best, way))


def test_found_of_a_perfect_a_reversed_and_a_constant_guess():
    true = np.arange(1.0, 201.0)
    assert _found(true, true, METRIC["minimize"]) == 1.0
    assert _found(true, -true, METRIC["minimize"]) == 0.0
    assert _found(true, np.ones(200), METRIC["maximize"]) == pytest.approx(20 / 200)
    assert math.isnan(_found(true, true, METRIC["neutral"]))
    assert math.isnan(_found(true, np.full(200, math.nan), METRIC["minimize"]))


@settings(deadline=None)
@given(PAIRS)
def test_errors_and_kendalls_tau_b(pairs):
    true, guessed = (np.array(column, float) for column in zip(*pairs, strict=True))
    said = _in_units(true, guessed, METRIC["minimize"])
    errors = [abs(g - t) for t, g in pairs]
    relative = [e / t for e, (t, _) in zip(errors, pairs, strict=True)]
    assert said["mape"] == pytest.approx(sum(relative) / len(pairs))
    size = sum(t for t, _ in pairs) / len(pairs)
    assert said["rrmse"] == pytest.approx(
        math.sqrt(sum(e * e for e in errors) / len(pairs)) / size
    )
    assert said["median_relative_error"] == pytest.approx(statistics.median(relative))
    score, ties = 0, [0, 0]
    for (a, b), (c, d) in itertools.combinations(pairs, 2):
        score += int(np.sign((a - c) * (b - d)))
        ties[0] += a != c
        ties[1] += b != d
    if all(ties):
        assert said["tau"] == pytest.approx(score / math.sqrt(ties[0] * ties[1]))
    else:
        assert math.isnan(said["tau"])


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 9.0), min_size=1, max_size=40))
def test_the_half_width_holds_nine_tenths_of_the_next_error_however_it_is_ordered(errors):
    """Of n + 1 errors in any order, ceil(0.9 (n + 1)) ranks lie within the width of the others."""
    width = half_width(np.array(errors))
    if len(errors) < 9:
        assert width is None
        return
    inside = sum(error <= width for error in errors)
    assert inside >= math.ceil(0.9 * (len(errors) + 1))
    smaller = [error for error in errors if error < width]
    assert len(smaller) < math.ceil(0.9 * (len(errors) + 1))


def test_held_counts_the_ends_and_knows_nothing_without_a_width():
    error, wide = np.array([-1.0, 0.5, 2.0, -2.5]), np.array([1.0, 0.5, 1.0, 1.0])
    assert _held(error, wide) == 0.5
    assert math.isnan(_held(error, np.full(4, math.nan)))
