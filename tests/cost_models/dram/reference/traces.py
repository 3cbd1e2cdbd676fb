"""Small traces of seven kinds, for comparing two controllers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

KINDS = (
    "stream",
    "triad",
    "random_dense",
    "random_sparse",
    "random_rw",
    "stride",
    "hot_lines",
    "chase",
)
SPAN = 1 << 28  # bytes; fits the smallest device
LINE = 64

Arrays = tuple[list[int], list[int], list[int]]  # times, writes, addresses


def small_trace(kind: str, n: int, seed: int, step: int = LINE) -> Arrays:
    """Times in memory cycles, write flags and byte addresses of ``n`` requests."""
    rng = np.random.default_rng(seed)
    times, writes, lines = _MAKERS[kind](n, rng)
    addresses = (lines * step) % SPAN
    return times.tolist(), writes.tolist(), addresses.tolist()


Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _stream(n: int, rng: np.random.Generator) -> Columns:
    return np.arange(n) * 4, np.zeros(n, int), np.arange(n) + 4096


def _triad(n: int, rng: np.random.Generator) -> Columns:
    position, array = np.divmod(np.arange(n), 3)
    bases = np.array([0x4000000, 0x6100000, 0x8200000]) // LINE
    return np.zeros(n, int), (array == 2).astype(int), bases[array] + position


def _random(mean_gap: int) -> Callable[[int, np.random.Generator], Columns]:
    def make(n: int, rng: np.random.Generator) -> Columns:
        times = np.cumsum(rng.geometric(1 / mean_gap, n)) - 1
        return times, np.zeros(n, int), rng.integers(0, SPAN // LINE, n)

    return make


def _random_rw(n: int, rng: np.random.Generator) -> Columns:
    writes = (rng.random(n) < 1 / 3).astype(int)
    return np.zeros(n, int), writes, rng.integers(0, SPAN // LINE, n)


def _stride(n: int, rng: np.random.Generator) -> Columns:
    return np.cumsum(rng.geometric(0.1, n)) - 1, np.zeros(n, int), np.arange(n) * 65


def _hot_lines(n: int, rng: np.random.Generator) -> Columns:
    """On/off bursts over a few lines of a few rows, with long pauses and writes."""
    pauses = np.where(np.arange(n) % 24 == 0, rng.integers(200, 9000, n), 0)
    times = np.cumsum(rng.integers(0, 4, n) + pauses)
    rows = rng.zipf(1.5, n) % 12 * 2048
    return times, (rng.random(n) < 0.3).astype(int), rows + rng.zipf(1.3, n) % 6


def _chase(n: int, rng: np.random.Generator) -> Columns:
    return np.arange(n) * 120, np.zeros(n, int), rng.permutation(1 << 20)[:n]


_MAKERS = {
    "stream": _stream,
    "triad": _triad,
    "random_dense": _random(4),
    "random_sparse": _random(60),
    "random_rw": _random_rw,
    "stride": _stride,
    "hot_lines": _hot_lines,
    "chase": _chase,
}
