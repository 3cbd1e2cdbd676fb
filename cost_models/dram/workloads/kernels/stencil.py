"""Jacobi sweeps of the 2-D five-point stencil (heat equation), fixed boundary."""

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

Grid = NDArray[np.float64]

POINT_INSTRUCTIONS = 5  # three additions, one multiply-add, loop overhead (unrolled)


def run(rng: np.random.Generator, *, size: int, sweeps: int) -> KernelRun:
    """Relax a grid of ``size`` squared points; each sweep reads one grid and writes the other."""
    start = rng.random((size, size))
    grids = (start.copy(), start.copy())
    bases = place_arrays(rng, [grid.nbytes for grid in grids])
    log = empty_log(6 * size * size * sweeps)
    for sweep in range(sweeps):
        old, new = sweep % 2, 1 - sweep % 2
        _sweep(log, bases[old], grids[old], bases[new], grids[new])
    return KernelRun(logged(log), {"start": start, "sweeps": np.array(sweeps)}, grids[sweeps % 2])


@compiled
def _sweep(log: AccessLog, old_base: int, old: Grid, new_base: int, new: Grid) -> None:
    size = len(old)
    for i in range(1, size - 1):
        for j in range(1, size - 1):
            here = 8 * (i * size + j)
            load(log, old_base + here)
            load(log, old_base + here - 8)
            load(log, old_base + here + 8)
            load(log, old_base + here - 8 * size)
            load(log, old_base + here + 8 * size)
            work(log, POINT_INSTRUCTIONS)
            around = old[i, j - 1] + old[i, j + 1] + old[i - 1, j] + old[i + 1, j]
            new[i, j] = 0.5 * old[i, j] + 0.125 * around
            store(log, new_base + here)
