"""Inputs on their way from the GLB to the PEs, with or without hand-over between neighbours."""

from __future__ import annotations

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at
from archgym.cost_models.dnn.mapping.kernels.spatial import list_spatial, unserved

helper = at.COMPILER.helper
inlined = at.COMPILER.helper


@helper
def forwarded_inputs(
    row: int,
    bounds: Array,
    orders: Array,
    stride: int,
    pes: int,
    distinct: int,
    words: int,
    events: Array,
    count: int,
    spatial: Array,
) -> tuple[int, int]:
    """Return (words that the GLB reads, words handed from PE to PE) where neighbours forward.

    New words of an event can come from a neighbour when the event before was of the same kind:
    all of the tile is new, or a part after the same move. The event before one of an outer loop
    is always one of the innermost; before those of the innermost stands the first tile or an
    event of any outer loop.

    Args:
        row: The design.
        bounds: Of all designs.
        orders: Of all designs.
        stride: Of the layer.
        pes: PEs in use.
        distinct: Different offsets among them.
        words: Of the RF's input tile.
        events: Written by ``input_fills`` for the RF.
        count: Number of events.
        spatial: Work space, int64 (7, N_SPATIAL_FIELDS).
    """
    reads, links = distinct * words, 0
    if count == 0:
        return reads, links
    dimensions = list_spatial(row, bounds, orders, stride, spatial)
    for event in range(count):
        new = events[event, at.WORDS]
        if new == 0:
            continue
        occurrences = events[event, at.OCCURRENCES]
        alike = occurrences_after_own_kind(events, count, event, words)
        reads += distinct * new * occurrences
        if alike == 0:
            continue
        offsets, alone = unserved(pes, distinct, spatial, dimensions, events, event)
        if offsets < distinct:
            reads -= (distinct - offsets) * new * alike
            links += (pes - alone) * new * alike
    return reads, links


@inlined
def occurrences_after_own_kind(events: Array, count: int, event: int, words: int) -> int:
    """Return how many of an event's occurrences follow an event of the same kind."""
    if event > 0:
        alike = kind(events, event, words) == kind(events, 0, words)
        return int(events[event, at.OCCURRENCES]) * alike
    sweeps = 1 if events[0, at.WORDS] == words else 0
    all_sweeps = 1
    for outer in range(1, count):
        all_sweeps += events[outer, at.OCCURRENCES]
        if kind(events, outer, words) == kind(events, 0, words):
            sweeps += events[outer, at.OCCURRENCES]
    return int(events[0, at.OCCURRENCES]) // all_sweeps * sweeps


@inlined
def kind(events: Array, event: int, words: int) -> int:
    """Return 0 where no word is new, 2 where all are, 1 between; then the move is the first's."""
    new = events[event, at.WORDS]
    return 0 if new == 0 else (2 if new == words else 1)
