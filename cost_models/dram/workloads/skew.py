"""Skewed choices and graphs: few items are very popular, as in most real data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]


def skewed_choices(rng: np.random.Generator, items: int, count: int, exponent: float) -> Int:
    """Return ``count`` items drawn by Zipf's law with the given exponent.

    Popular items are scattered over 0 .. items - 1 by a random permutation.
    """
    weights = np.cumsum(np.arange(1, items + 1, dtype=np.float64) ** -exponent)
    ranks = np.searchsorted(weights, rng.random(count) * weights[-1], side="right")
    chosen: Int = rng.permutation(items)[np.minimum(ranks, items - 1)]
    return chosen


def power_law_graph(
    rng: np.random.Generator, vertices: int, edges: int, exponent: float, *, symmetric: bool
) -> tuple[Int, NDArray[np.int32]]:
    """Return a graph with Zipf-distributed degrees in compressed sparse rows.

    Args:
        rng: Source of randomness.
        vertices: Number of vertices.
        edges: Edges drawn; repeated ones and self loops are dropped.
        exponent: Of Zipf's law, for the degrees.
        symmetric: Whether each edge also runs backwards.

    Returns:
        Offsets int64 (vertices + 1,), and the neighbours of each vertex in rising order, int32.
    """
    sources = skewed_choices(rng, vertices, edges, exponent)
    targets = skewed_choices(rng, vertices, edges, exponent)
    if symmetric:
        sources, targets = np.append(sources, targets), np.append(targets, sources)
    keys = np.unique((sources * vertices + targets)[sources != targets])
    degrees = np.bincount(keys // vertices, minlength=vertices)
    offsets = np.append(0, np.cumsum(degrees)).astype(np.int64)
    return offsets, (keys % vertices).astype(np.int32)
