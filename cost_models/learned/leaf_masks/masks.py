"""Sums of small trees, answered for many designs at once.

For each tree and each place that a number can have among the thresholds of its axis there is a
mask of the leaves that are then possible; where all axes agree, there is one, in which the tree
ends. Sums are those of LightGBM to the last bit; nothing branches.

Source: after Lucchese et al., QuickScorer, SIGIR 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.learned.leaf_masks.kernels import ALL, exclude, sums
from archgym.cost_models.learned.leaf_masks.text import SumOfTrees, Tree, read_sum
from archgym.outcome import Floats

MOST_LEAVES = 64  # bits of a mask
# With more axes a walk through each tree reads less than the masks of all of them.
MOST_AXES = 32
_MOST_BYTES = 1 << 27


class LeafMasks:
    """Several models whose trees see the same axes.

    Args:
        models: Of trees with at most ``MOST_LEAVES`` leaves.
        axes: How many numbers a design has.
    """

    def __init__(self, models: Sequence[SumOfTrees], axes: int):
        trees = [tree for model in models for tree in model.trees]
        self._logistic = np.array([model.logistic for model in models])
        self._ends = np.cumsum([0, *(len(model.trees) for model in models)])
        per_axis = _thresholds(trees, axes)
        self._thresholds = np.concatenate(per_axis)
        self._cuts = np.cumsum([0, *map(len, per_axis)])
        self._values = np.zeros((len(trees), MOST_LEAVES))
        # An axis has one place more than thresholds.
        first = self._cuts + np.arange(axes + 1)
        self._masks = np.full((first[-1], len(trees)), ALL)
        for at, tree in enumerate(trees):
            self._values[at, : len(tree.value)] = tree.value
            start, end = first[tree.axis], first[tree.axis + 1]
            cut = start + 1 + _ranks(tree, per_axis)
            exclude(at, tree.left, tree.right, start, cut, end, self._masks)

    def said(self, numbers: Floats) -> Floats:
        """Return what each model says of designs (n, axes), shape (n, models)."""
        said = np.empty((len(numbers), len(self._logistic)))
        parts = (self._thresholds, self._cuts, self._masks, self._values, self._ends)
        sums(np.ascontiguousarray(numbers), *parts, self._logistic, said)
        return said


def masks_of(texts: Sequence[str], axes: int) -> LeafMasks | None:
    """Return models of LightGBM as masks; None where they have none, or are quicker as they are.

    Args:
        texts: As LightGBM writes them.
        axes: How many numbers a design has.
    """
    models = [read_sum(text) for text in texts]
    sums_of_trees = [model for model in models if model is not None]
    trees = [tree for model in sums_of_trees for tree in model.trees]
    if len(sums_of_trees) < len(texts) or axes > MOST_AXES or not trees:
        return None
    if max(len(tree.value) for tree in trees) > MOST_LEAVES:
        return None
    places = axes + sum(map(len, _thresholds(trees, axes)))
    return LeafMasks(sums_of_trees, axes) if 8 * places * len(trees) <= _MOST_BYTES else None


def _thresholds(trees: Sequence[Tree], axes: int) -> list[Floats]:
    """Return the different thresholds of each axis, ascending."""
    axis = np.concatenate([tree.axis for tree in trees])
    threshold = np.concatenate([tree.threshold for tree in trees])
    return [np.unique(threshold[axis == one]) for one in range(axes)]


def _ranks(tree: Tree, per_axis: Sequence[Floats]) -> NDArray[np.int64]:
    """Return the place of each node's threshold among those of its axis."""
    nodes = zip(tree.axis, tree.threshold, strict=True)
    found = [np.searchsorted(per_axis[axis], threshold) for axis, threshold in nodes]
    return np.array(found, dtype=np.int64)
