"""Edits, and choices in order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from archgym import Categorical, DesignSpace, Integer, Real, Sequence
from archgym.errors import UnknownNameError
from archgym.views.partial_actions import Choices, EditActions, make_step_actions
from tests.core.views.test_actions import CONSTRAINED, FALSE_ALARM, chi_square
from tests.toys import toy_problem

SPACE = DesignSpace([Integer("x", 0, 2), Categorical("y", ("a", "b")), Real("z", 0.0, 1.0)])


def test_there_is_one_edit_for_each_value_and_it_sets_that_value_alone() -> None:
    edits = EditActions(SPACE)
    assert edits.space.n == 3 + 2 + 33
    start = SPACE.encode([{"x": 1, "y": "b", "z": 0.3}]).codes
    for column, size in enumerate((3, 2, 33)):
        for index in range(size):
            edited = edits.apply(edits.action(column, index), start)
            others = [at for at in range(3) if at != column]
            assert (edited[0, others] == start[0, others]).all()
            expected = index / 32 if column == 2 else index
            assert edited[0, column] == pytest.approx(expected)
    assert start.tolist() == [[1.0, 1.0, 0.3]]


def test_the_mask_of_edits_depends_on_the_design() -> None:
    edits = EditActions(CONSTRAINED)
    names = [(c, v) for c, n in ((0, 5), (1, 3)) for v in range(n)]
    allowed = [
        name for name, good in zip(names, edits.mask(np.array([[2, 2]])), strict=True) if good
    ]
    assert allowed == [(0, 2), (0, 4), (1, 0), (1, 1), (1, 2)]
    assert (
        edits.mask(np.array([[1, 2]])).tolist() == [False, False, True, False, True] + [False] * 3
    )


def test_choices_obey_constraints_and_leave_a_way_out() -> None:
    choices = Choices(CONSTRAINED)
    assert choices.allowed(np.array([[0, 0]]), 0).tolist() == [True, False, True, False, True]
    assert choices.allowed(np.array([[0, 0]]), 1).tolist() == [True, False, False]
    broken = np.array([[-1, 0]])
    assert choices.allowed(broken, 1).tolist() == [True, True, True]


def test_axes_without_effect_are_known() -> None:
    space = toy_problem().space
    column = space.columns["cache_ways"].start
    for cache, expected in (("none", False), ("small", True)):
        codes = space.encode([{"cache": cache}]).codes
        assert Choices(space).has_effect(codes, column) is expected
    word = DesignSpace([Sequence("passes", ("b", "rw"), 3)])
    effects = [Choices(word).has_effect(np.array([[1, 0, 0, 0]]), at) for at in range(4)]
    assert effects == [True, True, False, False]


@pytest.mark.parametrize("name", ["discrete", "box"])
def test_uniform_step_actions_are_uniform_over_the_allowed_values(name: str) -> None:
    """Of two allowed values each comes as often as the other, though the space has ten."""
    steps = make_step_actions(name, np.array([10, 3]))
    steps.space.seed(2)
    allowed = np.array([True, False, True])
    picked = [steps.pick(steps.space.sample(), allowed) for _ in range(20_000)]
    taken = [index for index in picked if index is not None]
    seen = np.bincount(taken, minlength=3)
    assert seen[1] == 0
    assert chi_square(seen[[0, 2]]) < chi2.isf(FALSE_ALARM, 1)
    if name == "box":
        assert len(taken) == len(picked)


def test_an_unknown_step_encoding_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: box, discrete"):
        make_step_actions("multi_discrete", np.array([2]))
