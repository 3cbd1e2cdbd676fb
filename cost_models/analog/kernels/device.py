"""Where the model of the transistor enters: all that the solver asks of it."""

from __future__ import annotations

import math

from archgym.cost_models.analog.kernels import level1
from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    DRAIN,
    GATE,
    SOURCE,
    Bench,
    Sized,
)
from archgym.cost_models.compiled import Array

Flow = tuple[float, float, float, float]  # a current, its derivatives by gate, drain and bulk


@COMPILER.inlined
def size_transistors(bench: Bench, values: Array, mos: Array) -> bool:
    """Fill ``mos`` for one row of values; False where a length has no model."""
    return level1.size_transistors(bench.net, values, bench.cards, mos)


@COMPILER.inlined
def terminal_currents(sized: Sized, d: int, v: Array) -> tuple[Flow, Flow]:
    """Return the current into the drain and that out of the source; the bulk has the rest."""
    flow = level1.drain_current(sized.mos[d], sized.net.mos_nodes[d], v)
    return flow, flow


@COMPILER.helper
def fill_capacitances(sized: Sized, v: Array, farads: Array) -> None:
    """Fill the derivatives of the charge of each node, (nodes, nodes)."""
    net = sized.net
    farads[:] = 0.0
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
        level1.fill_noise(sized.mos[d], flow[0], flow[1], temperature, noise[d])
    return least
