"""How far designs lie from those that a surrogate has learnt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.outcome import Floats
from archgym.parameter import Codes

# Of more designs that were learnt, so many stand for all.
_MOST_KEPT = 1000
_USUAL = 0.99
_CHUNK = 4096
# Sums of products differ in their last bits from batch to batch; distances must not.
_DIGITS = 9
BEYOND = (
    f"farther from the designs that were learnt than {100 * _USUAL:.0f} % of designs kept out: its"
    " metrics are a guess"
)


@dataclass(frozen=True)
class Domain:
    """Designs that were learnt, and how far others usually lie from the nearest of them.

    The distance is Euclid's, where an axis that has an order spans 1 and different values of one
    that has none lie 1 apart.

    Attributes:
        learnt: Codes (m, axes) of a random part of the designs.
        reach: What 99 % of the designs that were kept out stay within.
    """

    learnt: Codes
    reach: float

    @staticmethod
    def of(encoding: DesignEncoding, taught: Batch, kept_out: Batch) -> Domain | None:
        """Return the domain of designs in random order; None where none were kept out.

        A design may occur several times, on different workloads.
        """
        if not len(kept_out):
            return None
        first = dict(reversed([(key, row) for row, key in enumerate(taught.keys())]))
        learnt = taught.space.canonical(taught.codes[sorted(first.values())[:_MOST_KEPT]])
        distances = _nearest(encoding, kept_out, learnt)
        return Domain(learnt, float(np.quantile(distances, _USUAL, method="higher")))

    def beyond(self, encoding: DesignEncoding, batch: Batch) -> NDArray[np.bool_]:
        """Return which designs lie farther from all that was learnt than is usual, (n,)."""
        return np.asarray(_nearest(encoding, batch, self.learnt) > self.reach)


def _nearest(encoding: DesignEncoding, batch: Batch, learnt: Codes) -> Floats:
    points, others = (_points(encoding, Batch(batch.space, c)) for c in (batch.codes, learnt))
    lengths = np.square(others).sum(axis=1)
    found = [np.zeros(0)]
    for start in range(0, len(points), _CHUNK):
        some = points[start : start + _CHUNK]
        squares = np.square(some).sum(axis=1)[:, None] + lengths - 2.0 * some @ others.T
        found.append(squares.min(axis=1))
    return np.sqrt(np.maximum(np.concatenate(found).round(_DIGITS), 0.0))


def _points(encoding: DesignEncoding, batch: Batch) -> Floats:
    """Return designs as points, whatever workload they are of."""
    designs = DesignEncoding(encoding.axes)
    numbers = designs.inputs(batch)
    ordered = np.array([axis.ordered for _, axis in designs.varying], dtype=bool)
    places = numbers[:, ordered, 0] / 2.0
    which = numbers[:, ~ordered, 1:] / math.sqrt(2.0)
    return np.hstack([places, which.reshape(len(which), math.prod(which.shape[1:]))])
