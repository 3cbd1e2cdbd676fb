"""N:M pruning by magnitude: of M consecutive weights the N largest are kept.

Source: N:M sparsity in both directions of training, BDWP (arXiv 2309.13015). Groups run along a
matrix's reduction; a last, incomplete group keeps at most N as well.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DENSE = "dense"
PATTERNS = ("2:4", "2:8", "2:16", "4:8")


def parse_pattern(word: str) -> tuple[int, int]:
    """Return (N, M) of a word such as ``2:8``; ``dense`` is 1:1."""
    n, _, m = ("1:1" if word == DENSE else word).partition(":")
    return int(n), int(m)


def kept(length: Ints, n: Ints, m: Ints) -> Ints:
    """Return how many of ``length`` consecutive weights remain; all arrays broadcast."""
    return np.asarray(length // m * n + np.minimum(length % m, n))


def flop_ratio(n: Ints, m: Ints) -> Floats:
    """Return operations of training over dense training: two of three passes are sparse."""
    return np.asarray((2 * n / m + 1) / 3)


def prune(weights: Floats, n: int, m: int, axis: int = -1) -> NDArray[np.bool_]:
    """Return which weights remain, in groups of M along an axis; of equal ones the first."""
    along = np.moveaxis(np.abs(weights), axis, -1)
    mask = np.zeros(along.shape, dtype=bool)
    for start in range(0, along.shape[-1], m):
        group = along[..., start : start + m]
        largest = np.argsort(-group, axis=-1, kind="stable")[..., :n]
        np.put_along_axis(mask[..., start : start + m], largest, True, axis=-1)
    return np.moveaxis(mask, -1, axis)


def kept_energy(weights: Floats, n: int, m: int, axis: int = -1) -> float:
    """Return the share of the weights' sum of squares that pruning keeps, 0 .. 1."""
    mask = prune(weights, n, m, axis)
    return float(np.sum(weights[mask] ** 2) / np.sum(weights**2))


@cache
def gaussian_kept_energy(n: int, m: int) -> float:
    """Return the same for independent Gaussian weights, in expectation (M weights a group).

    A weight whose magnitude has rank u among all (0 < u < 1) remains if at most N - 1 of the M - 1
    others are larger, each with probability 1 - u.
    """
    from scipy.integrate import quad
    from scipy.special import bdtr, ndtri

    def share(u: float) -> Any:
        return ndtri(0.5 + 0.5 * u) ** 2 * bdtr(n - 1, m - 1, 1.0 - u)

    return 1.0 if n >= m else float(quad(share, 0.0, 1.0, limit=200)[0])
