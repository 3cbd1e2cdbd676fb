"""The loops above a buffer, and how often weights and outputs come and go under them."""

from __future__ import annotations

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at

helper = at.COMPILER.helper
inlined = at.COMPILER.helper

WEIGHT_DIMENSIONS = 1 << at.K | 1 << at.C | 1 << at.R | 1 << at.S
OUTPUT_DIMENSIONS = 1 << at.N | 1 << at.K | 1 << at.P | 1 << at.Q


@helper
def list_loops(row: int, bounds: Array, orders: Array, loops: Array) -> tuple[int, int]:
    """Write the temporal loops above the RF to ``loops``, innermost first, without bounds of 1.

    Returns:
        (number of GLB loops, number of all loops); the GLB tile has those from the first on.
    """
    count = append_loops(row, at.GLB, bounds, orders, loops, 0)
    total = append_loops(row, at.DRAM, bounds, orders, loops, count)
    outer = 1
    for j in range(total - 1, -1, -1):
        loops[j, at.OUTER] = outer
        outer *= loops[j, at.BOUND]
    return count, total


@inlined
def append_loops(
    row: int, level: int, bounds: Array, orders: Array, loops: Array, count: int
) -> int:
    """Append the loops of a level; a step of a loop is the product of the bounds below it."""
    start = level * at.N_DIMENSIONS
    for position in range(at.N_DIMENSIONS - 1, -1, -1):
        dimension = orders[row, start + position]
        bound = bounds[row, start + dimension]
        if bound == 1:
            continue
        step = 1
        for below in range(level + 1, at.N_LEVELS):
            step *= bounds[row, below * at.N_DIMENSIONS + dimension]
        loops[count, at.BOUND] = bound
        loops[count, at.DIMENSION] = dimension
        loops[count, at.STEP] = step
        count += 1
    return count


@inlined
def visits(loops: Array, first: int, last: int, dimensions: int) -> tuple[int, int]:
    """Return (tiles that come in, different tiles) of a tensor under ``loops[first:last]``.

    A tile stays while loops that do not touch the tensor run inside all those that do.

    Args:
        loops: The loops above a buffer, innermost first.
        first: The innermost loop.
        last: One beyond the outermost.
        dimensions: Bits of the dimensions that the tensor has.
    """
    coming, different = 1, 1
    for j in range(first, last):
        bound = loops[j, at.BOUND]
        if dimensions >> loops[j, at.DIMENSION] & 1:
            different *= bound
            coming *= bound
        elif different > 1:
            coming *= bound
    return coming, different
