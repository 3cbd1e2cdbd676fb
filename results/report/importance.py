"""How much of a reward's variation each parameter explains by itself.

For every axis, designs are grouped by its value; the share of the variance that lies between the
groups is the correlation ratio, the first-order index of a functional analysis of variance, here
with the correction for groups of few designs (epsilon squared; Kelley, PNAS 21, 1935). Rewards
enter by rank, so that any scale will do and infeasible designs are merely the worst. Interactions
are not counted, and designs are those that agents chose, not an even sample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MOST_GROUPS = 16


def importance(codes: Floats, reward: Floats) -> Floats:
    """Return the share of each axis, between 0 and 1.

    Args:
        codes: Different designs, shape (n, axes).
        reward: Of each, shape (n,).
    """
    from scipy.stats import rankdata

    ranks = rankdata(reward)
    return np.array([_explained(_groups(column), ranks) for column in codes.T])


def _groups(column: Floats) -> NDArray[np.int64]:
    """Return a group number for each design: its value, or the quantile where there are many."""
    values, group = np.unique(column, return_inverse=True)
    if len(values) <= _MOST_GROUPS:
        return group
    edges = np.quantile(column, np.linspace(0, 1, _MOST_GROUPS + 1)[1:-1])
    return np.unique(np.searchsorted(edges, column), return_inverse=True)[1]


def _explained(group: NDArray[np.int64], values: Floats) -> float:
    sizes = np.bincount(group)
    spare = len(values) - len(sizes)
    total = float(np.square(values - values.mean()).sum())
    if spare <= 0 or total == 0.0:
        return 0.0
    means = np.bincount(group, values) / sizes
    within = float(np.square(values - means[group]).sum())
    corrected = total - within - (len(sizes) - 1) * within / spare
    return max(corrected / total, 0.0)
