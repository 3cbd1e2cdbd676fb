"""Sparse matrix times vector, y = A x, A in compressed sparse rows with power-law degrees."""

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
from archgym.cost_models.dram.workloads.skew import power_law_graph

Float = NDArray[np.float64]
Bases = tuple[int, int, int, int, int]

ENTRY_INSTRUCTIONS = 3  # multiply-add, index, branch
ROW_INSTRUCTIONS = 3


def run(rng: np.random.Generator, *, rows: int, entries: int, exponent: float) -> KernelRun:
    """Multiply a square matrix of about ``entries`` non-zeros with a dense vector."""
    offsets, columns = power_law_graph(rng, rows, entries, exponent, symmetric=False)
    values, x = rng.random(len(columns)), rng.random(rows)
    y = np.zeros(rows)
    arrays = (offsets, columns, values, x, y)
    bases = place_arrays(rng, [array.nbytes for array in arrays])
    log = empty_log(3 * rows + 3 * len(columns))
    _multiply(log, (bases[0], bases[1], bases[2], bases[3], bases[4]), *arrays)
    inputs = {"offsets": offsets, "columns": columns, "values": values, "x": x}
    return KernelRun(logged(log), inputs, y)


@compiled
def _multiply(
    log: AccessLog,
    bases: Bases,
    offsets: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: Float,
    x: Float,
    y: Float,
) -> None:
    offset_base, column_base, value_base, x_base, y_base = bases
    for row in range(len(y)):
        load(log, offset_base + 8 * row)
        load(log, offset_base + 8 * (row + 1))
        total = 0.0
        for entry in range(offsets[row], offsets[row + 1]):
            load(log, column_base + 4 * entry)
            load(log, value_base + 8 * entry)
            load(log, x_base + 8 * columns[entry])
            work(log, ENTRY_INSTRUCTIONS)
            total += values[entry] * x[columns[entry]]
        y[row] = total
        store(log, y_base + 8 * row)
        work(log, ROW_INSTRUCTIONS)
