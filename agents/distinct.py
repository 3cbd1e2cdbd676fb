"""Designs that were not proposed before."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from archgym.batch import Batch
from archgym.parameter import Codes
from archgym.space import DesignSpace

_SMALLEST_DRAW = 64
# Listing a small space is cheaper than drawing many designs in vain.
_SOON_LISTED = 1e6
_PATIENCE = 1000


class DistinctDesigns:
    """Remembers designs and draws new ones until the space is exhausted.

    Designs that provably behave alike (see `DesignSpace.canonical`) count as one.

    Args:
        space: The design space.
    """

    def __init__(self, space: DesignSpace):
        self.space = space
        self._seen: set[bytes] = set()
        self._rest: Batch | None = None

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, key: bytes) -> bool:
        return key in self._seen

    def new_rows(self, batch: Batch, taken: set[bytes]) -> list[int]:
        """Return the rows of designs that are new and not among ``taken``; add them to it."""
        rows = []
        for row, key in enumerate(batch.keys()):
            if key not in taken and key not in self._seen:
                taken.add(key)
                rows.append(row)
        return rows

    def remember(self, keys: Iterable[bytes]) -> None:
        """Count designs as proposed, given by their keys."""
        self._seen.update(keys)

    def take_new(self, batch: Batch, limit: int | None = None) -> Batch:
        """Return those of the designs that are new, ``limit`` at most; remember them."""
        found = batch.select(self.new_rows(batch, set())[:limit])
        self._seen.update(found.keys())
        return found

    def take_or_draw(self, batch: Batch, rng: np.random.Generator, count: int) -> Batch:
        """Return the new ones among designs, and new random ones where they are fewer than count.

        They are fewer than count only where the space has no more.
        """
        parts = [self.take_new(batch)]
        while sum(map(len, parts)) < count:
            parts.append(self.draw(rng, count - sum(map(len, parts))))
            if not len(parts[-1]):
                break
        return Batch(self.space, np.concatenate([part.codes for part in parts]))

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        """Return up to ``count`` new valid designs, uniform over those that are left.

        None are returned only when every valid design was taken. Once random draws bring nothing
        new, the designs that are left are listed (in a space that is finite).
        """
        if self._rest is None:
            found = self._draw_blindly(rng, count)
            if len(found) or math.isinf(self.space.size):
                return found
            self._rest = self._list_rest(rng)
        while len(self._rest):
            head, self._rest = (
                self._rest.select(slice(count)),
                self._rest.select(slice(count, None)),
            )
            found = self.take_new(head)
            if len(found):
                return found
        return self._rest

    def _draw_blindly(self, rng: np.random.Generator, count: int) -> Batch:
        rounds = 1 if self.space.size <= _SOON_LISTED else _PATIENCE
        for _ in range(rounds):
            found = self.take_new(self.space.sample(rng, max(count, _SMALLEST_DRAW)), count)
            if len(found):
                break
        return found

    def _list_rest(self, rng: np.random.Generator) -> Batch:
        parts = [self._unseen(batch) for batch in self.space.enumerate()]
        rest = Batch(self.space, np.concatenate(parts))
        return rest.select(rng.permutation(len(rest)))

    def _unseen(self, batch: Batch) -> Codes:
        rows = [row for row, key in enumerate(batch.keys()) if key not in self._seen]
        return batch.codes[rows]
