"""Bottom-up merge sort between two buffers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import (
    AccessLog,
    empty_log,
    load,
    logged,
    store,
    work,
)
from archgym.cost_models.dram.workloads.address_space import place_arrays
from archgym.cost_models.dram.workloads.compiled import compiled
from archgym.cost_models.dram.workloads.kernel_run import KernelRun

Int = NDArray[np.int64]

STEP_INSTRUCTIONS = 4  # compare, branch, two indices


def run(rng: np.random.Generator, *, elements: int) -> KernelRun:
    """Sort random int64 keys."""
    keys = rng.integers(0, 1 << 60, elements)
    buffers = (keys.copy(), np.empty_like(keys))
    bases = place_arrays(rng, [keys.nbytes, keys.nbytes])
    passes = max(elements - 1, 0).bit_length()
    log = empty_log(3 * elements * passes)
    for step in range(passes):
        old, new = step % 2, 1 - step % 2
        _merge_pass(log, (bases[old], bases[new]), buffers[old], buffers[new], 1 << step)
    return KernelRun(logged(log), {"keys": keys}, buffers[passes % 2])


@compiled
def _merge_pass(log: AccessLog, bases: tuple[int, int], old: Int, new: Int, width: int) -> None:
    for start in range(0, len(old), 2 * width):
        middle = min(start + width, len(old))
        _merge(log, bases, old, new, start, middle, min(start + 2 * width, len(old)))


@compiled
def _merge(
    log: AccessLog, bases: tuple[int, int], old: Int, new: Int, start: int, middle: int, end: int
) -> None:
    old_base, new_base = bases
    left, right = start, middle
    for target in range(start, end):
        take_left = right >= end
        if left < middle:
            load(log, old_base + 8 * left)
        if right < end:
            load(log, old_base + 8 * right)
        if left < middle and right < end:
            take_left = old[left] <= old[right]
        work(log, STEP_INSTRUCTIONS)
        if take_left:
            new[target] = old[left]
            left += 1
        else:
            new[target] = old[right]
            right += 1
        store(log, new_base + 8 * target)
