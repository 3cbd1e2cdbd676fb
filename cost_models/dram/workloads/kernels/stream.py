"""STREAM triad: a = b + scale * c (McCalpin 1995)."""

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

SCALE = 3.0
VECTOR = 8  # float64 in a 64-byte register
LOOP_INSTRUCTIONS = 3  # multiply-add, index, branch


def run(rng: np.random.Generator, *, elements: int) -> KernelRun:
    """Run the triad on arrays of ``elements`` (a multiple of 8) float64."""
    b, c = rng.random(elements), rng.random(elements)
    a = np.zeros(elements)
    bases = place_arrays(rng, [a.nbytes, b.nbytes, c.nbytes])
    log = empty_log(3 * elements // VECTOR)
    _triad(log, (bases[0], bases[1], bases[2]), a, b, c)
    return KernelRun(logged(log), {"b": b, "c": c}, a)


@compiled
def _triad(log: AccessLog, bases: tuple[int, int, int], a: Float, b: Float, c: Float) -> None:
    a_base, b_base, c_base = bases
    for start in range(0, len(a), VECTOR):
        load(log, b_base + 8 * start)
        load(log, c_base + 8 * start)
        work(log, LOOP_INSTRUCTIONS)
        for i in range(start, start + VECTOR):
            a[i] = b[i] + SCALE * c[i]
        store(log, a_base + 8 * start)
