"""The response of a unity-gain buffer to a pulse, by the trapezoidal rule."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    DRAIN,
    GATE,
    OVERLAP_D,
    OVERLAP_S,
    SOURCE,
    Net,
)
from archgym.cost_models.analog.kernels.linear import solve
from archgym.cost_models.analog.kernels.mosfet import meyer
from archgym.cost_models.analog.kernels.operating_point import conduct, currents, move
from archgym.cost_models.compiled import Array

# The pulse: shares of its period (see `slew_rate`).
_DELAY, _RISE, _END = 0.02, 1e-4, 0.5
_SWING_V = 0.4
_EDGE_STEPS = 4
_GROWTH, _RETREAT, _SHORTEST = 2.0, 0.25, 1e-6
_ROOM, _ROUNDING = 4, 1e-9
_ITERATIONS = 20
_LOOSE = 1e3  # of the tolerances of the operating point
_LOW, _HIGH, _LEAST_SWING_V = 0.2, 0.8, 0.1


@COMPILER.helper
def fill_capacitances(net: Net, mos: Array, values: Array, v: Array, farads: Array) -> None:
    """Fill the capacitances: three of each transistor, then those of the netlist."""
    count = len(mos)
    for d in range(count):
        cgs, cgd, cgb = meyer(mos[d], net.mos_nodes[d], v)
        farads[3 * d] = cgs + mos[d, OVERLAP_S]
        farads[3 * d + 1] = cgd + mos[d, OVERLAP_D]
        farads[3 * d + 2] = cgb
    for k in range(len(net.c_value)):
        farads[3 * count + k] = values[net.c_value[k]]


@COMPILER.inlined
def ends_of(net: Net, k: int) -> tuple[int, int]:
    """Return the nodes of the k-th capacitance."""
    count = 3 * len(net.mos_sign)
    if k >= count:
        return net.c_nodes[k - count, 0], net.c_nodes[k - count, 1]
    nodes, which = net.mos_nodes[k // 3], k % 3
    other = nodes[SOURCE] if which == 0 else nodes[DRAIN] if which == 1 else nodes[BULK]
    return nodes[GATE], other


@COMPILER.helper
def advance(
    net: Net,
    mos: Array,
    values: Array,
    gmin: float,
    row: Array,
    h: float,
    memory: float,
    v: Array,
    volts: Array,
    amperes: Array,
    before: Array,
    after: Array,
    f: Array,
    jacobian: Array,
) -> bool:
    """Take one step of ``h`` seconds; the given nodes hold their new voltage in ``v``.

    Args:
        net: The circuit.
        mos: Its sized transistors.
        values: Of its elements.
        gmin: Conductance across each junction.
        row: The unknown of each node.
        h: Length of the step.
        memory: 1 for the trapezoidal rule, 0 for backward Euler.
        v: Node voltages, changed.
        volts: Across each capacitance, changed.
        amperes: Through each capacitance, changed.
        before: Capacitances at the beginning, changed to those at the end.
        after: Room.
        f: Room.
        jacobian: Room.
    """
    scale = (1.0 + memory) / h
    for _ in range(_ITERATIONS):
        currents(net, mos, values, 0.0, -1, gmin, row, v, f, jacobian)
        fill_capacitances(net, mos, values, v, after)
        for k in range(len(before)):
            a, b = ends_of(net, k)
            g = 0.5 * (before[k] + after[k]) * scale
            conduct(row, v, a, b, g, f, jacobian)
            past = -g * volts[k] - memory * amperes[k]
            if row[a] != row[b]:
                if row[a] >= 0:
                    f[row[a]] += past
                if row[b] >= 0:
                    f[row[b]] -= past
        if not solve(jacobian, f):
            return False
        size = move(row, v, f)
        if not math.isfinite(size):
            return False
        if size < _LOOSE:
            remember(net, mos, values, scale, memory, v, volts, amperes, before, after)
            return True
    return False


@COMPILER.helper
def remember(
    net: Net,
    mos: Array,
    values: Array,
    scale: float,
    memory: float,
    v: Array,
    volts: Array,
    amperes: Array,
    before: Array,
    after: Array,
) -> None:
    """Bring the state of the capacitances to the end of a step."""
    fill_capacitances(net, mos, values, v, after)
    for k in range(len(before)):
        a, b = ends_of(net, k)
        g = 0.5 * (before[k] + after[k]) * scale
        across = v[a] - v[b]
        amperes[k] = g * (across - volts[k]) - memory * amperes[k]
        volts[k] = across
        before[k] = after[k]


@COMPILER.helper
def slew_rate(
    net: Net,
    mos: Array,
    values: Array,
    gmin: float,
    row: Array,
    input_node: int,
    output_node: int,
    period: float,
    steps: int,
    v: Array,
) -> float:
    """Return the slew rate in V/s between 20 and 80 % of the response, NaN where it is small.

    The input rises by 0.4 V from the operating point ``v`` within 1e-4 of the period, from 0.02
    of it on; the response is read until half of it. ``steps`` cover that time evenly, after
    smaller ones about the edge and where a step has to be repeated with a fraction of its length.
    """
    n, count = row.max() + 1, 3 * len(mos) + len(net.c_value)
    f, jacobian = np.empty(n), np.empty((n, n))
    volts, amperes = np.empty(count), np.zeros(count)
    before, after = np.empty(count), np.empty(count)
    fill_capacitances(net, mos, values, v, before)
    for k in range(count):
        a, b = ends_of(net, k)
        volts[k] = v[a] - v[b]
    times, levels = np.empty(_ROOM * steps), np.empty(_ROOM * steps)
    begin, taken = v[output_node], 1
    times[0], levels[0] = 0.0, begin
    rise, end = _RISE * period, (_END - _DELAY) * period
    longest, low = end / steps, v[input_node]
    h = rise / _EDGE_STEPS
    held = v.copy()
    while times[taken - 1] < end * (1.0 - _ROUNDING):
        t = times[taken - 1] + h
        held[:] = v
        v[input_node] = low + _SWING_V * min(t / rise, 1.0)
        edge = taken == 1 or taken == _EDGE_STEPS + 1
        memory = 0.0 if edge else 1.0
        if not advance(
            net, mos, values, gmin, row, h, memory, v, volts, amperes, before, after, f, jacobian
        ):
            v[:] = held
            h *= _RETREAT
            if h < _SHORTEST * longest:
                return math.nan
            continue
        times[taken], levels[taken] = t, v[output_node]
        taken += 1
        if taken == len(times):
            return math.nan
        if taken > _EDGE_STEPS + 1:
            h = min(h * _GROWTH, longest)
        if t < end * (1.0 - _ROUNDING):
            h = min(h, end - t)
    return _between(times[:taken], levels[:taken], begin)


@COMPILER.helper
def _between(times: Array, levels: Array, begin: float) -> float:
    swing = levels[-1] - begin
    if not swing > _LEAST_SWING_V:
        return math.nan
    low = _first_reached(times, levels, begin + _LOW * swing)
    high = _first_reached(times, levels, begin + _HIGH * swing)
    return (_HIGH - _LOW) * swing / (high - low)  # type: ignore[no-any-return]


@COMPILER.helper
def _first_reached(times: Array, levels: Array, level: float) -> float:
    for k in range(1, len(times)):
        if levels[k - 1] < level <= levels[k]:
            share = (level - levels[k - 1]) / (levels[k] - levels[k - 1])
            return times[k - 1] + share * (times[k] - times[k - 1])  # type: ignore[no-any-return]
    return math.nan
