"""The compiled part: masks of nodes, and sums over trees of the leaves that designs end in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros
from numpy.typing import NDArray

from archgym.cost_models.compiled import Compiler

_COMPILER = Compiler("leaf-masks", Path(__file__).parent)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)
_lowest_bit: Any = trailing_zeros


@_COMPILER.kernel
def exclude(
    tree: int,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    first: NDArray[np.int64],
    cut: NDArray[np.int64],
    end: NDArray[np.int64],
    masks: NDArray[np.uint64],
) -> None:
    """Take from the masks of a tree the leaves that each of its nodes rules out.

    Args:
        tree: Column of the masks.
        left: Of each node the child of places before the cut: a later node, or ``-1 - leaf``.
        right: That of the others.
        first: First row of the node's axis in the masks.
        cut: First row that goes right.
        end: Row after the last one of the axis.
        masks: (rows, trees); bit l of a row is leaf l.
    """
    below = np.zeros((len(left), 2), dtype=np.uint64)
    for node in range(len(left) - 1, -1, -1):
        for side, child in enumerate((left[node], right[node])):
            if child < 0:
                below[node, side] = _ONE << np.uint64(-1 - child)
            else:
                below[node, side] = below[child, 0] | below[child, 1]
        masks[first[node] : cut[node], tree] &= ~below[node, 1]
        masks[cut[node] : end[node], tree] &= ~below[node, 0]


@_COMPILER.kernel
def sums(
    numbers: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    cuts: NDArray[np.int64],
    masks: NDArray[np.uint64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    logistic: NDArray[np.bool_],
    said: NDArray[np.float64],
) -> None:
    """Add up, model by model, what the trees of each say of designs, in the order of the trees.

    Args:
        numbers: (n, axes).
        thresholds: Of all axes, ascending within each.
        cuts: First threshold of each axis, and one more; an axis has a mask more than thresholds.
        masks: (rows, trees).
        values: (trees, leaves).
        ends: First tree of each model, and one more.
        logistic: Whether a model's sum is a logit; probabilities are what is said.
        said: (n, models), filled in.
    """
    possible = np.empty(masks.shape[1], dtype=np.uint64)
    for design in range(len(numbers)):
        possible[:] = ALL
        for axis in range(numbers.shape[1]):
            start, end = cuts[axis], cuts[axis + 1]
            if start == end:
                continue
            mask = masks[axis + _place(thresholds, start, end - start, numbers[design, axis])]
            for tree in range(len(possible)):
                possible[tree] &= mask[tree]
        for model in range(len(logistic)):
            total = 0.0
            for tree in range(ends[model], ends[model + 1]):
                total += values[tree, _lowest_bit(possible[tree])]
            said[design, model] = 1.0 / (1.0 + math.exp(-total)) if logistic[model] else total


@_COMPILER.inlined
def _place(thresholds: NDArray[np.float64], first: int, count: int, number: float) -> int:
    """Return where the first threshold stands that a number does not exceed.

    Steps depend on how many there are alone, so that no branch is guessed wrong.
    """
    while count > 1:
        half = count // 2
        first += half * int(thresholds[first + half - 1] < number)
        count -= half
    return first + int(thresholds[first] < number)
