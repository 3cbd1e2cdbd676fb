"""What a surrogate is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.errors import SettingError
from archgym.outcome import Floats, Measurements, Status

_FEWEST = 10


class NothingToLearnError(SettingError):
    """Rows have nothing in them that a surrogate could learn."""


@dataclass(frozen=True)
class Rows:
    """Designs and what a cost model said of each; every design once.

    Attributes:
        batch: The n designs.
        metrics: Name -> float64 (n,), NaN where there is no value.
        feasible: bool (n,), whether the cost model calls the design feasible.
    """

    batch: Batch
    metrics: Mapping[str, Floats]
    feasible: NDArray[np.bool_]

    @staticmethod
    def of(batch: Batch, measured: Measurements) -> Rows:
        """Return the rows of designs that were measured, the first of those that behave alike.

        Raises:
            NothingToLearnError: There are too few.
        """
        first = dict(reversed([(key, row) for row, key in enumerate(batch.keys())]))
        ran = np.flatnonzero(measured.status == Status.OK)
        rows = np.intersect1d(sorted(first.values()), ran)
        if len(rows) < _FEWEST:
            raise NothingToLearnError(f"{len(rows)} different designs ran, {_FEWEST} are needed")
        metrics = {name: values[rows] for name, values in measured.metrics.items()}
        return Rows(batch.select(rows), metrics, measured.violation[rows] == 0.0)

    def __len__(self) -> int:
        return len(self.batch)

    def select(self, rows: NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        metrics = {name: values[rows] for name, values in self.metrics.items()}
        return Rows(self.batch.select(rows), metrics, self.feasible[rows])

    def split(self, rng: np.random.Generator, share: float) -> tuple[Rows, Rows]:
        """Return the rows to learn from, and a random share that is kept out."""
        order, kept = rng.permutation(len(self)), round(share * len(self))
        return self.select(order[kept:]), self.select(order[:kept])

    @property
    def digest(self) -> str:
        """A hash of designs and metrics, by which a surrogate names its data."""
        content = hashlib.sha256(np.ascontiguousarray(self.batch.codes).tobytes())
        for name in sorted(self.metrics):
            content.update(name.encode() + self.metrics[name].tobytes())
        content.update(self.feasible.tobytes())
        return content.hexdigest()
