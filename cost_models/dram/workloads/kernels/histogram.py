"""Histogram: read keys in order, increment their bins at random places."""

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

KEY_INSTRUCTIONS = 3  # increment, index, branch


def run(rng: np.random.Generator, *, keys: int, bins: int) -> KernelRun:
    """Count uniformly drawn int32 keys into int64 bins."""
    drawn = rng.integers(0, bins, keys, dtype=np.int32)
    counts = np.zeros(bins, dtype=np.int64)
    bases = place_arrays(rng, [drawn.nbytes, counts.nbytes])
    log = empty_log(3 * keys)
    _count(log, (bases[0], bases[1]), drawn, counts)
    return KernelRun(logged(log), {"keys": drawn}, counts)


@compiled
def _count(
    log: AccessLog, bases: tuple[int, int], keys: NDArray[np.int32], counts: NDArray[np.int64]
) -> None:
    key_base, count_base = bases
    for i in range(len(keys)):
        load(log, key_base + 4 * i)
        load(log, count_base + 8 * keys[i])
        work(log, KEY_INSTRUCTIONS)
        counts[keys[i]] += 1
        store(log, count_base + 8 * keys[i])
