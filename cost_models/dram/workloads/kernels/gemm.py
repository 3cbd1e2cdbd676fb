"""Dense matrix multiplication c = a b in square tiles that fit the cache."""

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

Float = NDArray[np.float64]

VECTOR = 8  # float64 in a 64-byte register
LOOP_INSTRUCTIONS = 2  # multiply-add, loop overhead (unrolled)


def run(rng: np.random.Generator, *, size: int, tile: int) -> KernelRun:
    """Multiply two matrices of ``size`` (a multiple of 8) squared in tiles of ``tile`` squared."""
    a, b = rng.random((size, size)), rng.random((size, size))
    c = np.zeros((size, size))
    bases = place_arrays(rng, [a.nbytes, b.nbytes, c.nbytes])
    log = empty_log(size * size * -(-size // tile) + 3 * size**3 // VECTOR + size**2)
    _multiply(log, (bases[0], bases[1], bases[2]), a, b, c, tile)
    return KernelRun(logged(log), {"a": a, "b": b}, c)


@compiled
def _multiply(
    log: AccessLog, bases: tuple[int, int, int], a: Float, b: Float, c: Float, tile: int
) -> None:
    size = len(a)
    for i in range(0, size, tile):
        for j in range(0, size, tile):
            for k in range(0, size, tile):
                _multiply_tile(log, bases, a, b, c, (i, j, k), tile)


@compiled
def _multiply_tile(
    log: AccessLog,
    bases: tuple[int, int, int],
    a: Float,
    b: Float,
    c: Float,
    corner: tuple[int, int, int],
    tile: int,
) -> None:
    a_base, b_base, c_base = bases
    i_first, j_first, k_first = corner
    size = len(a)
    for i in range(i_first, min(i_first + tile, size)):
        for k in range(k_first, min(k_first + tile, size)):
            load(log, a_base + 8 * (i * size + k))
            for j in range(j_first, min(j_first + tile, size), VECTOR):
                load(log, b_base + 8 * (k * size + j))
                load(log, c_base + 8 * (i * size + j))
                work(log, LOOP_INSTRUCTIONS)
                for lane in range(j, j + VECTOR):
                    c[i, lane] += a[i, k] * b[k, lane]
                store(log, c_base + 8 * (i * size + j))
