"""Designs as rows of zeros and ones, each of which says on which side of a step a design lies.

An axis without an order has a step for each value. One with an order has a step between any two
neighbouring values; of many values, so few that equally many designs lie between them. Two axes
with the same values may be of one kind (two sizes of buffers, say), so that their lesser value and
their difference have steps, too.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.learned.encoding import MOST_VALUES_SEEN_SINGLY
from archgym.outcome import Floats

# What a row (form, axis, other axis or column, threshold) of steps is about.
_VALUE, _PLACE, _LESSER, _DIFFERENCE = range(4)
_FEWEST_VALUES = 3


def steps_of(designs: Floats, most_relations: int) -> Floats:
    """Return the steps that tell designs (n, axes, features) apart, shape (steps, 4).

    Args:
        designs: See `DesignEncoding`.
        most_relations: Where more pairs of axes have the same values, no pair is compared.
    """
    places = designs[:, :, 0]
    values = [np.unique(column) for column in places.T]
    rows = [
        (_VALUE, axis, feature, 0.5)
        for axis, feature in np.argwhere(np.ptp(designs, axis=0) > 0)
        if feature > 0 and len(values[axis]) == 1
    ]
    for axis, column in enumerate(places.T):
        rows += [(_PLACE, axis, 0, at) for at in _between(column)]
    for one, other in _pairs(values, most_relations):
        a, b = places[:, one], places[:, other]
        rows += [(_LESSER, one, other, at) for at in _between(np.minimum(a, b))]
        rows += [(_DIFFERENCE, one, other, at) for at in _between(a - b)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 4)


def beyond(designs: Floats, steps: Floats) -> NDArray[np.bool_]:
    """Return on which side of each step designs (n, axes, features) lie, shape (n, steps)."""
    form, axis, other = steps[:, :3].astype(np.int64).T
    one, two = designs[:, axis, 0], designs[:, np.where(form == _VALUE, 0, other), 0]
    number = np.select(
        [form == _VALUE, form == _PLACE, form == _LESSER],
        [designs[:, axis, np.where(form == _VALUE, other, 0)], one, np.minimum(one, two)],
        one - two,
    )
    return np.asarray(number > steps[:, 3])


def _pairs(values: list[Floats], most: int) -> list[tuple[int, int]]:
    """Return the pairs of axes that have the same values, unless there are too many."""
    found = [
        (one, other)
        for one, other in combinations(range(len(values)), 2)
        if _FEWEST_VALUES <= len(values[one]) <= MOST_VALUES_SEEN_SINGLY
        and np.array_equal(values[one], values[other])
    ]
    return found if len(found) <= most else []


def _between(column: Floats) -> Floats:
    """Return thresholds between neighbouring values, or between equal shares of many values."""
    values = np.unique(column)
    if len(values) > 2 * MOST_VALUES_SEEN_SINGLY:
        shares = np.linspace(0.0, 1.0, MOST_VALUES_SEEN_SINGLY + 1)[1:-1]
        return np.unique(np.quantile(column, shares))
    return np.asarray((values[1:] + values[:-1]) / 2.0)
