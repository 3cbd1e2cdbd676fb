"""Batches of designs that are promising and not alike."""

from __future__ import annotations

import numpy as np

from archgym.batch import Batch
from archgym.encodings import to_unit
from archgym.outcome import Floats


def pick(batch: Batch, promise: Floats, taken: Batch, count: int, reach: float) -> list[int]:
    """Return rows of up to ``count`` designs, chosen one after the other.

    A design's promise counts the less the nearer it is to one that was chosen or is taken: not at
    all at the same place, by 39 % at a distance of ``reach`` times the cube's diagonal it is lost.

    Args:
        batch: Designs, n of them.
        promise: How promising they are, shape (n,), at least 0.
        taken: Designs near which little is to be learnt.
        count: How many are wanted.
        reach: As a share of the diagonal of the unit cube.
    """
    points = _points(batch)
    apart = np.ones(len(batch))
    for point in _points(taken):
        apart = np.minimum(apart, _apart(points, point, reach))
    rows: list[int] = []
    for _ in range(min(count, len(batch))):
        left = promise * apart
        left[rows] = -np.inf
        rows.append(int(np.argmax(left)))
        apart = np.minimum(apart, _apart(points, points[rows[-1]], reach))
    return rows


def _apart(points: Floats, point: Floats, reach: float) -> Floats:
    squares = ((points - point) ** 2).sum(axis=1)
    return np.asarray(1.0 - np.exp(-squares / (2.0 * reach**2 * max(points.shape[1], 1))))


def _points(batch: Batch) -> Floats:
    """Return where designs lie in the unit cube, along the axes that vary."""
    varying = [axis.size != 1 for axis in batch.space.axes]
    return to_unit(batch.space, batch.codes)[:, varying]
