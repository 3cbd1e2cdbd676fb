"""Trees as LightGBM writes them in the text of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.outcome import Floats

# LightGBM's words for a split without categories and without numbers that are missing.
_PLAIN_SPLITS = {"0", "2"}


@dataclass(frozen=True)
class Tree:
    """A tree; a leaf l among the children is ``-1 - l``, and children stand after their parents.

    Attributes:
        axis: Of each node.
        threshold: Of each node; numbers up to it go left.
        left: Child of each node.
        right: Child of each node.
        value: Of each leaf.
    """

    axis: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats


@dataclass(frozen=True)
class SumOfTrees:
    """A model that adds up its trees in order; the sum of a logistic one is a logit."""

    trees: tuple[Tree, ...]
    logistic: bool


def read_sum(text: str) -> SumOfTrees | None:
    """Return the model of LightGBM's text; None if it is no plain sum of trees."""
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    said = [dict(_pairs(block)) for block in blocks]
    plain = all(set(one.get("decision_type", "").split()) <= _PLAIN_SPLITS for one in said)
    if "average_output" in head.splitlines() or not plain:
        return None
    logistic = dict(_pairs(head))["objective"].startswith("binary")
    return SumOfTrees(tuple(_tree(one) for one in said), logistic)


def _pairs(block: str) -> list[tuple[str, str]]:
    found = (line.partition("=") for line in block.splitlines())
    return [(name, value) for name, equals, value in found if equals]


def _tree(said: Mapping[str, str]) -> Tree:
    names = ("split_feature", "left_child", "right_child")
    axis, left, right = (np.array(said.get(name, "").split(), dtype=np.int64) for name in names)
    threshold, value = (
        np.array(said.get(name, "").split(), dtype=np.float64)
        for name in ("threshold", "leaf_value")
    )
    return Tree(axis, threshold, left, right, value)
