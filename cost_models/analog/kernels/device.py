"""Where the model of the transistor enters: all that the solver asks of it.

SPICE's level 1 or, where there are tables, a foundry's transistors.
"""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels import level1, lookup
from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    DRAIN,
    FINGERS,
    GATE,
    N_CHARGE_FIELDS,
    SOURCE,
    Bench,
    Flow,
    Sized,
    Tables,
)
from archgym.cost_models.compiled import Array


@COMPILER.inlined
def looks_up(tables: Tables) -> bool:
    """Return whether transistors are looked up."""
    return len(tables.lengths) > 0


@COMPILER.inlined
def size_transistors(bench: Bench, values: Array, mos: Array) -> bool:
    """Fill ``mos`` for one row of values; False where a length has no model."""
    if looks_up(bench.tables):
        return lookup.size_transistors(bench.net, values, bench.tables, mos)
    return level1.size_transistors(bench.net, values, bench.cards, mos)


@COMPILER.inlined
def terminal_currents(sized: Sized, d: int, v: Array) -> tuple[Flow, Flow]:
    """Return the current into the drain and that out of the source; the bulk has the rest."""
    if looks_up(sized.tables):
        return lookup.terminal_currents(sized.tables, sized.mos[d], sized.net.mos_nodes[d], v)
    flow = level1.drain_current(sized.mos[d], sized.net.mos_nodes[d], v)
    return flow, flow


@COMPILER.inlined
def junctions(sized: Sized, d: int) -> float:
    """Return how many junctions lie between bulk and drain or source.

    SPICE takes level 1 for one transistor however wide, BSIM4 for as many as it has fingers.
    """
    return sized.mos[d, FINGERS] if looks_up(sized.tables) else 1.0


@COMPILER.helper
def fill_capacitances(sized: Sized, v: Array, farads: Array) -> None:
    """Fill the derivatives of the charge of each node, (nodes, nodes)."""
    net = sized.net
    farads[:] = 0.0
    if looks_up(sized.tables):
        room = np.empty(N_CHARGE_FIELDS)
        for d in range(len(sized.mos)):
            lookup.add_capacitances(sized, d, v, room, farads)
    else:
        for d in range(len(sized.mos)):
            nodes = net.mos_nodes[d]
            to_source, to_drain, to_bulk = level1.capacitances(sized.mos[d], nodes, v)
            bridge(farads, nodes[GATE], nodes[SOURCE], to_source)
            bridge(farads, nodes[GATE], nodes[DRAIN], to_drain)
            bridge(farads, nodes[GATE], nodes[BULK], to_bulk)
    for k in range(len(net.c_value)):
        bridge(farads, net.c_nodes[k, 0], net.c_nodes[k, 1], sized.values[net.c_value[k]])


@COMPILER.inlined
def bridge(matrix: Array, a: int, b: int, value: float) -> None:
    """Add an admittance between two nodes."""
    matrix[a, a] += value
    matrix[b, b] += value
    matrix[a, b] -= value
    matrix[b, a] -= value


@COMPILER.helper
def fill_noise(sized: Sized, v: Array, temperature: float, noise: Array) -> float:
    """Fill the noise of the transistors; return the least of their currents."""
    least = math.inf
    for d in range(len(sized.mos)):
        flow, _ = terminal_currents(sized, d, v)
        least = min(least, abs(flow[0]))
        if looks_up(sized.tables):
            lookup.fill_noise(sized, d, v, flow[0], noise[d])
        else:
            level1.fill_noise(sized.mos[d], flow[0], flow[1], temperature, noise[d])
    return least


@COMPILER.inlined
def is_known(sized: Sized, v: Array) -> bool:
    """Return whether the model holds for all biases."""
    return not looks_up(sized.tables) or lookup.is_known(sized, v)
