"""Edits, and choices in order."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from scipy.stats import chi2

from archgym import Categorical, DesignSpace, Integer, Real
from archgym.errors import UnknownNameError
from archgym.views.partial_actions import EditActions, make_step_actions
from tests.core.views.test_actions import CONSTRAINED, FALSE_ALARM, chi_square

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


@pytest.mark.parametrize("name", ["discrete", "box"])
def test_uniform_step_actions_are_uniform_over_the_allowed_values(name: str) -> None:
    """Of two allowed values each comes as often as the other, though the space has ten."""
    steps, count = make_step_actions(name, np.array([10, 3])), 20_000
    batch = gymnasium.vector.utils.batch_space(steps.space, count)
    batch.seed(2)
    allowed = np.repeat([[True, False, True] + [False] * 7], count, axis=0)
    picked = steps.pick(np.asarray(batch.sample()), allowed)
    seen = np.bincount(picked[picked >= 0], minlength=3)
    assert seen[1] == 0
    assert chi_square(seen[[0, 2]]) < chi2.isf(FALSE_ALARM, 1)
    assert name == "discrete" or (picked >= 0).all()


def test_the_ends_of_box_steps_are_the_first_and_the_last_allowed_value() -> None:
    steps = make_step_actions("box", np.array([4]))
    allowed = np.repeat([[False, True, False, True]], 4, axis=0)
    ends = np.array([[-1.0], [-1e-6], [0.0], [1.0]], dtype=np.float32)
    assert steps.pick(ends, allowed).tolist() == [1, 1, 3, 3]


def test_an_unknown_step_encoding_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: box, discrete"):
        make_step_actions("multi_discrete", np.array([2]))
