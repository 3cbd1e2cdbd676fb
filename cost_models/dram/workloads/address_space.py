"""Where a kernel's arrays lie in physical memory."""

from __future__ import annotations

import numpy as np

PAGE_BYTES = 4096
MEMORY_BYTES = 1 << 30


def place_arrays(rng: np.random.Generator, sizes: list[int]) -> list[int]:
    """Return base addresses for arrays of the given sizes in bytes.

    Arrays are contiguous (as with huge pages), start at random 4 KiB pages of the first GiB, so
    that they share banks by chance as in a real system, and do not overlap.
    """
    placed: list[tuple[int, int]] = []
    for size in sizes:
        start = _free_start(rng, size, placed)
        placed.append((start, start + size))
    return [start for start, _ in placed]


def _free_start(rng: np.random.Generator, size: int, placed: list[tuple[int, int]]) -> int:
    last_page = (MEMORY_BYTES - size) // PAGE_BYTES
    while True:
        start = int(rng.integers(0, last_page + 1)) * PAGE_BYTES
        if all(start + size <= low or high <= start for low, high in placed):
            return start
