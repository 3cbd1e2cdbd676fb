"""Encodings of complete designs: inverse, uniform, complete, masked, refused where too large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2

from archgym import Categorical, Constraint, DesignSpace, Integer, Real
from archgym.errors import SettingError, UnknownNameError
from archgym.views.actions import (
    LARGEST_DISCRETE,
    REAL_LEVELS,
    MultiDiscreteActions,
    make_actions,
)

FALSE_ALARM = 1e-6  # of a single chi-square test below
COLUMN = st.one_of(
    st.integers(1, 300).map(lambda n: Integer("x", 0, n - 1)),
    st.integers(1, 9).map(lambda n: Categorical("x", tuple(range(n)))),
)


@settings(deadline=None, max_examples=60)
@given(parameter=COLUMN, encoding=st.sampled_from(["multi_discrete", "box", "discrete"]))
def test_every_value_survives_encoding_and_is_reached(
    parameter: Integer | Categorical, encoding: str
) -> None:
    space = DesignSpace([parameter])
    actions = make_actions(encoding, space)
    codes = np.arange(space.axes[0].size)[:, None]
    encoded = actions.encode(codes)
    assert all(actions.space.contains(action) for action in encoded)
    assert (actions.decode(encoded) == codes).all()


@pytest.mark.parametrize("size", [2, 3, 7, 10, 16])
@pytest.mark.parametrize("encoding", ["multi_discrete", "box", "discrete"])
def test_uniform_actions_are_uniform_values(size: int, encoding: str) -> None:
    """Chi-square over 20,000 seeded draws; a right encoding fails one in a million seeds."""
    space = DesignSpace([Integer("x", 0, size - 1), Integer("y", 0, 4)])
    actions = make_actions(encoding, space)
    actions.space.seed(1)
    drawn = np.array([actions.space.sample() for _ in range(20_000)])
    codes = actions.decode(drawn)
    for column, count in enumerate((size, 5)):
        seen = np.bincount(codes[:, column], minlength=count)
        assert chi_square(seen) < chi2.isf(FALSE_ALARM, count - 1)


def chi_square(seen: NDArray[np.int64]) -> float:
    expected = seen.sum() / len(seen)
    return float(((seen - expected) ** 2 / expected).sum())


def test_box_bins_have_equal_width_and_take_both_ends() -> None:
    actions = make_actions("box", DesignSpace([Integer("x", 0, 3)]))
    edges = np.array([[-1.0], [-0.5], [0.0], [0.5], [1.0]], dtype=np.float32)
    assert actions.decode(edges)[:, 0].tolist() == [0, 1, 2, 3, 3]
    assert actions.encode(np.arange(4)[:, None])[:, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_the_largest_box_axis_reaches_all_its_values() -> None:
    space = DesignSpace([Integer("x", 0, 2**20 - 1)])
    actions, codes = make_actions("box", space), np.arange(2**20)[:, None]
    assert (actions.decode(actions.encode(codes)) == codes).all()
    with pytest.raises(SettingError, match="multi_discrete"):
        make_actions("box", DesignSpace([Integer("x", 0, 2**20)]))


def test_real_axes_have_levels_from_end_to_end() -> None:
    space = DesignSpace([Real("a", -1.0, 3.0), Real("b", 1.0, 1e4, log=True)])
    actions = make_actions("multi_discrete", space)
    assert actions.space.nvec.tolist() == [REAL_LEVELS] * 2
    levels = np.repeat(np.arange(REAL_LEVELS)[:, None], 2, axis=1)
    codes = actions.decode(levels)
    assert codes[[0, 16, -1]] == pytest.approx(np.array([[-1, 1], [1, 100], [3, 1e4]]))
    assert (actions.encode(codes) == levels).all()


def test_a_discrete_action_is_refused_where_it_would_be_too_large() -> None:
    make_actions("discrete", DesignSpace([Integer("x", 1, LARGEST_DISCRETE)]))
    with pytest.raises(SettingError, match="style='local'"):
        make_actions("discrete", DesignSpace([Integer("x", 0, LARGEST_DISCRETE)]))
    with pytest.raises(UnknownNameError, match="did you mean 'multi_discrete'"):
        make_actions("multidiscrete", DesignSpace([Integer("x", 0, 1)]))


CONSTRAINED = DesignSpace(
    [Integer("x", 0, 4), Integer("y", 0, 2)],
    [
        Constraint("even", ("x",), lambda c: c["x"] % 2 == 0, "x is even"),
        Constraint("order", ("x", "y"), lambda c: c["x"] >= c["y"], "x >= y"),
    ],
)


def test_masks_say_what_the_encoding_can_say() -> None:
    multi, flat = (make_actions(name, CONSTRAINED) for name in ("multi_discrete", "discrete"))
    assert multi.mask.tolist() == [True, False, True, False, True] + [True] * 3
    allowed = flat.decode(np.flatnonzero(flat.mask)).tolist()
    assert allowed == [[0, 0], [2, 0], [2, 1], [2, 2], [4, 0], [4, 1], [4, 2]]


def test_actions_over_some_columns_only() -> None:
    actions = MultiDiscreteActions(CONSTRAINED, [1])
    assert actions.space.nvec.tolist() == [3]
    assert actions.decode(np.array([[2]])).tolist() == [[2]]
    assert actions.mask.tolist() == [True] * 3
