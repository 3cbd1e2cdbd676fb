"""Embedding bags of a recommendation model: gather skewed rows of large tables and add them up."""

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
from archgym.cost_models.dram.workloads.skew import skewed_choices

Float = NDArray[np.float32]
Rows = NDArray[np.int32]

VECTOR = 16  # float32 in a 64-byte register
VECTOR_INSTRUCTIONS = 2  # addition, loop overhead (unrolled)


def run(
    rng: np.random.Generator,
    *,
    tables: int,
    rows: int,
    width: int,
    bags: int,
    lookups: int,
    exponent: float,
) -> KernelRun:
    """Pool ``lookups`` rows of ``width`` (a multiple of 16) float32 per bag and table."""
    weights = rng.random((tables, rows, width), dtype=np.float32)
    chosen = [skewed_choices(rng, rows, bags * lookups, exponent) for _ in range(tables)]
    wanted = np.stack(chosen, axis=1).reshape(bags, lookups, tables).swapaxes(1, 2)
    picks = np.ascontiguousarray(wanted, dtype=np.int32)
    pooled = np.zeros((bags, tables, width), dtype=np.float32)
    arrays = (weights, picks, pooled)
    bases = place_arrays(rng, [array.nbytes for array in arrays])
    log = empty_log(picks.size * (1 + width // VECTOR) + pooled.size // VECTOR)
    _pool(log, (bases[0], bases[1], bases[2]), *arrays)
    return KernelRun(logged(log), {"weights": weights, "picks": picks}, pooled)


@compiled
def _pool(
    log: AccessLog, bases: tuple[int, int, int], weights: Float, picks: Rows, pooled: Float
) -> None:
    _, rows, width = weights.shape
    bags, tables, lookups = picks.shape
    weight_base, pick_base, pooled_base = bases
    for bag in range(bags):
        for table in range(tables):
            cell = bag * tables + table
            for lookup in range(lookups):
                row = picks[bag, table, lookup]
                load(log, pick_base + 4 * (cell * lookups + lookup))
                start = weight_base + 4 * width * (table * rows + row)
                _add_row(log, start, weights[table, row], pooled[bag, table])
            for column in range(0, width, VECTOR):
                store(log, pooled_base + 4 * (cell * width + column))


@compiled
def _add_row(log: AccessLog, start: int, row: Float, total: Float) -> None:
    for column in range(len(row)):
        if column % VECTOR == 0:
            load(log, start + 4 * column)
            work(log, VECTOR_INSTRUCTIONS)
        total[column] += row[column]
