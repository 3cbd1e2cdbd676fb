"""Grid search: the whole space in order, or as much of it as the budget allows, spread out."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.batch import Batch
from archgym.encodings import from_unit
from archgym.outcome import Outcomes
from archgym.space import DesignSpace

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_BLOCK = 256


class GridAgent(AskTellAgent):
    """Walks a full factorial grid and never asks for the same design twice.

    A space that fits the budget is walked in order, the last axis fastest. Of a larger one a
    subset is taken that is spread over all of it: the walk starts at a random place and goes in
    strides of about the golden ratio times the grid's size, which lead past every design before
    one comes again; so at any time each value of each axis was tried about equally often.

    A continuous axis is cut into levels from end to end, equally spaced on its scale: as many as
    make a grid of the budget's size, but at least two. When that grid is done, finer ones follow.
    Designs that break a constraint are passed over.
    """

    name = "grid"
    summary = "Grid search: the whole space in order, or evenly spread where it is too large."
    constraint_handling = "mask"
    batch_size = _BLOCK

    def setup(self) -> None:
        self._distinct = DistinctDesigns(self.space)
        self._blocks: Iterator[Batch] | None = None
        self._waiting = self.space.default.select([])

    def ask(self, count: int) -> Batch:
        if self._blocks is None:
            self._blocks = self._walk()
        while not len(self._waiting):
            block = next(self._blocks, None)
            if block is None:
                break
            self._waiting = self._distinct.take_new(block.select(self.space.valid(block)))
        batch = self._waiting.select(slice(count))
        self._waiting = self._waiting.select(slice(count, None))
        return batch

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""

    def _walk(self) -> Iterator[Batch]:
        """Yield all designs of the grid; without end where an axis is continuous."""
        levels = _levels(self.space, self.budget)
        while True:
            sizes = [axis.size or levels for axis in self.space.axes]
            for index in self._order(math.prod(sizes)):
                yield self._designs(index, sizes)
            if not math.isinf(self.space.size):
                return
            levels += 1

    def _order(self, total: int) -> Iterator[list[int]]:
        """Yield the numbers below ``total``, each once, in blocks."""
        start, stride = 0, 1
        if total > self.budget:
            start = int(self.rng.random() * total)
            stride = _coprime(round(_GOLDEN * total), total)
        for first in range(0, total, _BLOCK):
            block = range(first, min(first + _BLOCK, total))
            yield [(start + place * stride) % total for place in block]

    def _designs(self, index: list[int], sizes: list[int]) -> Batch:
        """Return the designs at mixed-radix indices, which may exceed any machine integer."""
        unit = np.empty((len(index), len(sizes)))
        for column in reversed(range(len(sizes))):
            index, digits = _divide(index, sizes[column])
            unit[:, column] = self._places(column, np.array(digits), sizes[column])
        return Batch(self.space, from_unit(self.space, unit))

    def _places(self, column: int, digits: np.ndarray, size: int) -> np.ndarray:
        """Return where values lie in the unit interval: bin centres, or levels end to end."""
        if self.space.axes[column].size is None:
            return digits / (size - 1)
        return (digits + 0.5) / size


def _levels(space: DesignSpace, budget: int) -> int:
    """Return the number of levels of each continuous axis."""
    discrete = math.prod(axis.size for axis in space.axes if axis.size is not None)
    continuous = sum(axis.size is None for axis in space.axes)
    if not continuous:
        return 1
    fitting = (budget / discrete) ** (1.0 / continuous)
    even = budget ** (1.0 / space.width)
    return max(int(max(fitting, even) + 1e-9), 2)


def _coprime(stride: int, total: int) -> int:
    """Return the first number from ``stride`` on that has no factor in common with ``total``."""
    stride = max(stride, 1)
    while math.gcd(stride, total) != 1:
        stride += 1
    return stride


def _divide(numbers: list[int], by: int) -> tuple[list[int], list[int]]:
    return [number // by for number in numbers], [number % by for number in numbers]
