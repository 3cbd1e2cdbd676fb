"""Processing elements side by side: which inputs they share and pass on.

Each PE has an offset, where its input tile lies relative to that of PE 0. PEs with the same offset
are served by one multicast; partly overlapping tiles share nothing.
"""

from __future__ import annotations

import numpy as np

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at

helper = at.COMPILER.helper
inlined = at.COMPILER.helper


@helper
def distinct_offsets(row: int, bounds: Array, stride: int) -> int:
    """Return how many different offsets the PEs have."""
    spatial, rf = at.SPATIAL * at.N_DIMENSIONS, at.RF * at.N_DIMENSIONS
    rows = distinct_sums(
        bounds[row, spatial + at.P],
        bounds[row, rf + at.P] * stride,
        bounds[row, spatial + at.R],
        bounds[row, rf + at.R],
    )
    columns = distinct_sums(
        bounds[row, spatial + at.Q],
        bounds[row, rf + at.Q] * stride,
        bounds[row, spatial + at.S],
        bounds[row, rf + at.S],
    )
    planes: int = bounds[row, spatial + at.N] * bounds[row, spatial + at.C]
    return planes * rows * columns


@inlined
def distinct_sums(count: int, step: int, other_count: int, other_step: int) -> int:
    """Return how many values i * step + j * other_step takes, i < count and j < other_count.

    Two pairs give the same sum when they differ by a multiple of one pair of steps, so the pairs
    form chains; their number is that of pairs less that of links.
    """
    if count == 1 or other_count == 1:
        return count * other_count
    a, b = step, other_step
    while b:
        a, b = b, a % b
    links = max(0, count - other_step // a) * max(0, other_count - step // a)
    return count * other_count - links


@helper
def list_spatial(row: int, bounds: Array, orders: Array, stride: int, spatial: Array) -> int:
    """Write the spatial loops with a bound above 1 to ``spatial``, fastest first; return how many.

    The rightmost letter of the order is the fastest with the PE's number.
    """
    count = 0
    back_n, back_c, back_h, back_w = 0, 0, 0, 0
    for position in range(at.N_DIMENSIONS - 1, -1, -1):
        dimension = orders[row, at.SPATIAL * at.N_DIMENSIONS + position]
        bound = bounds[row, at.SPATIAL * at.N_DIMENSIONS + dimension]
        if bound == 1:
            continue
        unit = bounds[row, at.RF * at.N_DIMENSIONS + dimension]
        unit_n = unit if dimension == at.N else 0
        unit_c = unit if dimension == at.C else 0
        unit_h = unit * stride if dimension == at.P else (unit if dimension == at.R else 0)
        unit_w = unit * stride if dimension == at.Q else (unit if dimension == at.S else 0)
        spatial[count, at.SPREAD] = bound
        spatial[count, at.STEP_N], spatial[count, at.STEP_C] = unit_n - back_n, unit_c - back_c
        spatial[count, at.STEP_H], spatial[count, at.STEP_W] = unit_h - back_h, unit_w - back_w
        back_n, back_c = back_n + (bound - 1) * unit_n, back_c + (bound - 1) * unit_c
        back_h, back_w = back_h + (bound - 1) * unit_h, back_w + (bound - 1) * unit_w
        count += 1
    for k in range(count):
        key = spatial[k, at.STEP_N] * (back_c + 1) + spatial[k, at.STEP_C]
        key = key * (back_h + 1) + spatial[k, at.STEP_H]
        spatial[k, at.STEP_KEY] = key * (back_w + 1) + spatial[k, at.STEP_W]
    return count


@inlined
def is_step(spatial: Array, k: int, events: Array, event: int, sign: int) -> bool:
    """Return whether a tile's move is a step to the next PE (or to the one before, sign -1)."""
    found: bool = spatial[k, at.STEP_N] * sign == events[event, at.MOVE_N]
    found &= spatial[k, at.STEP_C] * sign == events[event, at.MOVE_C]
    found &= spatial[k, at.STEP_H] * sign == events[event, at.MOVE_H]
    found &= spatial[k, at.STEP_W] * sign == events[event, at.MOVE_W]
    return found


@helper
def unserved(
    pes: int, distinct: int, spatial: Array, count: int, events: Array, event: int
) -> tuple[int, int]:
    """Return (offsets, PEs) whose new inputs no neighbour holds already after a move.

    A PE is served when the PE before or after it stood where this one goes.
    """
    any_step = False
    for k in range(count):
        any_step |= is_step(spatial, k, events, event, 1)
        any_step |= is_step(spatial, k, events, event, -1)
    if not any_step:
        return distinct, pes
    return walk_pes(pes, distinct, spatial, count, events, event)


@helper
def walk_pes(
    pes: int, distinct: int, spatial: Array, count: int, events: Array, event: int
) -> tuple[int, int]:
    """Do what `unserved` says by looking at each PE in turn."""
    keys = np.empty(pes, np.int64)
    alone, from_before = 0, False
    key = 0
    for k in range(count):
        spatial[k, at.INDEX] = 0
    for pe in range(pes):
        last = pe == pes - 1
        carry = 0 if last else advance(spatial)
        served = from_before or (not last and is_step(spatial, carry, events, event, 1))
        if not served:
            keys[alone] = key
            alone += 1
        if not last:
            from_before = is_step(spatial, carry, events, event, -1)
            key += spatial[carry, at.STEP_KEY]
    if distinct == pes:
        return alone, alone
    return count_distinct(keys, alone), alone


@inlined
def advance(spatial: Array) -> int:
    """Count one PE further; return the loop that the count carries into."""
    k = 0
    while spatial[k, at.INDEX] == spatial[k, at.SPREAD] - 1:
        spatial[k, at.INDEX] = 0
        k += 1
    spatial[k, at.INDEX] += 1
    return k


@helper
def count_distinct(keys: Array, count: int) -> int:
    """Return how many different values the first ``count`` keys have."""
    ordered = keys[:count]
    ordered.sort()
    different = 1 if count else 0
    for i in range(1, count):
        different += ordered[i] != ordered[i - 1]
    return different
