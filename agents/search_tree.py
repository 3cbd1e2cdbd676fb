"""The tree that Monte Carlo tree search grows: partial designs and what came of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.views.partial_designs import Snapshot

Floats = NDArray[np.float64]
_NONE = -1e300


@dataclass(frozen=True)
class Scale:
    """Maps rewards to about [0, 1], so that one exploration weight suits all objectives."""

    low: float
    high: float

    @staticmethod
    def of(rewards: Floats, quantile: float) -> Scale:
        """Return the scale from a quantile of the rewards seen to the best, robust to failures."""
        low, high = float(np.quantile(rewards, quantile)), float(rewards.max())
        return Scale(low, high if high > low else low + 1.0)

    def __call__(self, rewards: Floats) -> Floats:
        scaled = (rewards - self.low) / (self.high - self.low)
        return np.minimum(np.maximum(scaled, 0.0), 1.0)


class Node:
    """A partial design, and statistics of each value that may be chosen next.

    Args:
        snapshot: The partial design.
        values: Indices of the allowed values, the most promising first; none if it is complete.
        prior: Their probabilities.

    Attributes:
        visits: How often each value was chosen, shape (k,).
        total: Sum of the rewards that followed.
        best: Largest of them.
        closed: Whether all designs behind a value were evaluated.
    """

    def __init__(self, snapshot: Snapshot, values: NDArray[np.int64], prior: Floats):
        count = len(values)
        self.snapshot, self.values, self.prior = snapshot, values, prior
        self.visits, self.total = np.zeros(count), np.zeros(count)
        self.best = np.full(count, _NONE)
        self.closed = np.zeros(count, dtype=bool)
        self.children: list[Node | None] = [None] * count

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be chosen."""
        return not len(self.values)

    @property
    def is_exhausted(self) -> bool:
        """Whether every design behind it was evaluated."""
        return bool(self.closed.all())

    def select(self, scale: Scale, exploration: float, greed: float, widening: float) -> int:
        """Return which of the values to try next, by PUCT among those that widening admits.

        Args:
            scale: Of rewards.
            exploration: Weight of the prior and of rarely tried values.
            greed: Weight of the best reward behind a value against the mean.
            widening: Values admitted per square root of visits.
        """
        root = math.sqrt(self.visits.sum() + 1.0)
        admitted = np.flatnonzero(~self.closed)[: math.ceil(widening * root)]
        tried = self.visits[admitted]
        mean = self.total[admitted] / np.maximum(tried, 1.0)
        worth = scale((1.0 - greed) * mean + greed * self.best[admitted])
        new = tried == 0.0
        known = len(tried) - np.count_nonzero(new)
        worth[new] = 0.0
        if 0 < known < len(tried):
            worth[new] = worth.sum() / known
        worth += exploration * root * self.prior[admitted] / (1.0 + tried)
        return int(admitted[worth.argmax()])


Path = list[tuple[Node, int]]


def visit(path: Path, low: float) -> None:
    """Count a path as tried with a low reward until its own is known, so that others differ."""
    for node, at in path:
        node.visits[at] += 1
        node.total[at] += low


def learn(path: Path, reward: float, low: float) -> None:
    """Put the reward of a path in the place of the low one."""
    for node, at in path:
        node.total[at] += reward - low
        node.best[at] = max(node.best[at], reward)


def close(path: Path) -> None:
    """Mark the complete design at the end of a path as evaluated, and what is exhausted by it."""
    for node, at in reversed(path):
        node.closed[at] = True
        if not node.is_exhausted:
            return
