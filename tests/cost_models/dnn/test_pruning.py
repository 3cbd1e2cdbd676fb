"""N:M pruning by magnitude: counts, and how much of the weights it keeps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgym.cost_models.dnn.sparse_train.pruning import (
    DENSE,
    PATTERNS,
    flop_ratio,
    gaussian_kept_energy,
    kept,
    kept_energy,
    parse_pattern,
    prune,
)


@pytest.mark.parametrize(
    ("word", "ratio"), [("2:4", 2 / 3), ("2:8", 1 / 2), ("2:16", 5 / 12), ("4:8", 2 / 3)]
)
def test_operations_of_training(word, ratio):
    assert flop_ratio(*map(np.int64, parse_pattern(word))) == pytest.approx(ratio, rel=1e-15)
    assert flop_ratio(*map(np.int64, parse_pattern(DENSE))) == 1


@given(st.integers(1, 4), st.integers(1, 8), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_group_keeps_its_largest(n, m, length, seed):
    n = min(n, m)
    weights = np.random.default_rng(seed).standard_normal((3, length, 2))
    mask = prune(weights, n, m, axis=1)
    for row, column in itertools.product(range(3), range(2)):
        for start in range(0, length, m):
            group = np.abs(weights[row, start : start + m, column])
            left = mask[row, start : start + m, column]
            assert left.sum() == min(n, len(group))
            if not left.all():
                assert group[left].min() >= group[~left].max()
    assert mask.sum() == 6 * kept(np.int64(length), np.int64(n), np.int64(m))


def test_of_equal_weights_the_first_remain():
    assert prune(np.array([1.0, -1.0, 1.0, 1.0]), 2, 4).tolist() == [True, True, False, False]


@pytest.mark.parametrize("word", PATTERNS)
def test_energy_of_gaussian_weights_against_a_sample(word):
    n, m = parse_pattern(word)
    weights = np.random.default_rng(0).standard_normal((60_000, m))
    squares = np.sort(weights**2, axis=1)
    assert kept_energy(weights, n, m) == pytest.approx(squares[:, -n:].sum() / squares.sum())
    # 60,000 groups: the share's standard error is below 5e-4.
    assert gaussian_kept_energy(n, m) == pytest.approx(kept_energy(weights, n, m), abs=2.5e-3)


def test_energy_in_closed_form():
    # The larger of two squares of Gaussians is 1 + 2 / pi on average.
    assert gaussian_kept_energy(1, 2) == pytest.approx((1 + 2 / np.pi) / 2, rel=1e-9)
    assert gaussian_kept_energy(4, 4) == 1
    parts = [gaussian_kept_energy(n, 8) for n in range(1, 9)]
    gains = np.diff([0.0, *parts])
    assert (gains > 0).all()
    assert (np.diff(gains) < 0).all(), "each further weight is smaller"


def test_patterns_keep_less_the_sparser_they_are():
    shares = [gaussian_kept_energy(*parse_pattern(word)) for word in PATTERNS]
    two_four, two_eight, two_sixteen, four_eight = shares
    assert 1 > four_eight > two_four > two_eight > two_sixteen > 0
