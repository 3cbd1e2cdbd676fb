"""From wished bounds to a mapping that factors the layer and fits the machine.

Level by level (RF, spatial, GLB) and, within one, in the order of the level's loops, each
dimension gets the largest divisor of what is left of it that neither exceeds its wish nor breaks
a capacity; the DRAM loops take the rest. A mapping that is legal comes out unchanged.
"""

from __future__ import annotations

import math

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at
from archgym.cost_models.dnn.mapping.kernels.tiles import tile_words

helper = at.COMPILER.helper
inlined = at.COMPILER.helper


@helper
def list_divisors(number: int, divisors: Array, dimension: int) -> int:
    """Write the divisors of a number to a row of ``divisors``, ascending; return how many."""
    count, root = 0, int(math.sqrt(number))
    for candidate in range(1, root + 1):
        if number % candidate == 0:
            divisors[dimension, count] = candidate
            count += 1
    small = count
    for i in range(small - 1, -1, -1):
        other = number // divisors[dimension, i]
        if other != divisors[dimension, i]:
            divisors[dimension, count] = other
            count += 1
    return count


@helper
def fit_bounds(
    row: int,
    bounds: Array,
    orders: Array,
    sizes: Array,
    machine: Array,
    divisors: Array,
    counts: Array,
    left: Array,
    tile: Array,
) -> None:
    """Replace the bounds of a design, taken as wishes, by the mapping that they stand for.

    Args:
        row: The design.
        bounds: Of all designs.
        orders: Of all designs.
        sizes: The layer, int64 (>= 8,).
        machine: float64 (N_HARDWARE,).
        divisors: Of each dimension, as `list_divisors` writes them.
        counts: How many each dimension has.
        left: Work space, int64 (7,): what is not granted yet.
        tile: Work space, int64 (7,): that of the RF first, then it grows to that of the GLB.
    """
    for d in range(at.N_DIMENSIONS):
        left[d], tile[d] = sizes[d], 1
    words = tile_words(tile, sizes[at.STRIDE])
    capacity = min(machine[at.RF_WORDS], machine[at.GLB_WORDS])
    for level in (at.RF, at.SPATIAL, at.GLB):
        pes = machine[at.NUM_PES]
        for position in range(at.N_DIMENSIONS):
            d = orders[row, level * at.N_DIMENSIONS + position]
            place = level * at.N_DIMENSIONS + d
            limit = min(bounds[row, place], left[d])
            if level == at.SPATIAL:
                limit = min(limit, int(pes))
            bounds[row, place] = 1
            if limit <= 1:
                continue
            growth = words_per_step(tile, d, sizes[at.STRIDE], words)
            limit = min(limit, 1 + int(max(0.0, capacity - words) / growth))
            if limit <= 1:
                continue
            granted = largest_divisor(left[d], limit, divisors, counts[d], d)
            bounds[row, place] = granted
            left[d] //= granted
            tile[d] *= granted
            words += (granted - 1) * growth
            pes /= granted
        capacity = machine[at.GLB_WORDS]
    for d in range(at.N_DIMENSIONS):
        bounds[row, d] = left[d]


@helper
def words_per_step(tile: Array, d: int, stride: int, words: int) -> int:
    """Return by how many words a tile grows with each further multiple of one of its extents.

    The words of a tile are a linear function of each extent.
    """
    extent = tile[d]
    tile[d] = 2 * extent
    growth = tile_words(tile, stride) - words
    tile[d] = extent
    return growth


@helper
def largest_divisor(number: int, limit: int, divisors: Array, count: int, d: int) -> int:
    """Return the largest divisor of ``number`` up to a limit, out of a row of divisors."""
    if number <= limit:
        return number
    i = count - 1
    while divisors[d, i] > limit:
        i -= 1
    while number % divisors[d, i]:
        i -= 1
    return int(divisors[d, i])
