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
    rf_tile: Array,
    glb_tile: Array,
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
        rf_tile: Work space, int64 (7,).
        glb_tile: Work space, int64 (7,).
    """
    for d in range(at.N_DIMENSIONS):
        left[d] = sizes[d]
        rf_tile[d] = glb_tile[d] = 1
    for level in (at.RF, at.SPATIAL, at.GLB):
        pes = 1
        for position in range(at.N_DIMENSIONS):
            d = orders[row, level * at.N_DIMENSIONS + position]
            place = level * at.N_DIMENSIONS + d
            limit = min(bounds[row, place], left[d])
            if level == at.SPATIAL:
                limit = min(limit, int(machine[at.NUM_PES] // pes))
            granted = 1
            if limit > 1:
                granted = grant(
                    level, d, limit, sizes, machine, divisors, counts, left, rf_tile, glb_tile
                )
                left[d] //= granted
                pes *= granted
            bounds[row, place] = granted
    for d in range(at.N_DIMENSIONS):
        bounds[row, d] = left[d]


@helper
def grant(
    level: int,
    d: int,
    limit: int,
    sizes: Array,
    machine: Array,
    divisors: Array,
    counts: Array,
    left: Array,
    rf_tile: Array,
    glb_tile: Array,
) -> int:
    """Return the bound of one dimension at one level, and let the tiles grow by it."""
    rf, glb, stride = rf_tile[d], glb_tile[d], sizes[at.STRIDE]
    for i in range(counts[d] - 1, 0, -1):
        bound = divisors[d, i]
        if bound > limit or left[d] % bound:
            continue
        glb_tile[d] = glb * bound
        fits = tile_words(glb_tile, stride) <= machine[at.GLB_WORDS]
        if level == at.RF and fits:
            rf_tile[d] = bound
            fits = tile_words(rf_tile, stride) <= machine[at.RF_WORDS]
        if fits:
            return int(bound)
    rf_tile[d], glb_tile[d] = rf, glb
    return 1
