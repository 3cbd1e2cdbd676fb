"""The DC operating point: damped Newton with several starts, gmin and source stepping."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    CURRENT,
    DRAIN,
    SOURCE,
    Net,
)
from archgym.cost_models.analog.kernels.linear import solve
from archgym.cost_models.analog.kernels.mosfet import drain_current
from archgym.cost_models.compiled import Array

_STEP_V = 0.4
_FAR_V = 4.0  # beyond this steps grow with the voltage
_ABSOLUTE_V, _RELATIVE = 1e-9, 1e-7
_ITERATIONS = 300
_FIRST_SHUNT, _SHUNT_FACTOR, _SHUNT_STEPS = 1e-3, 0.1, 10
_SOURCE_STEPS = 40


@COMPILER.helper
def currents(
    net: Net,
    mos: Array,
    values: Array,
    load: float,
    load_row: int,
    gmin: float,
    row: Array,
    v: Array,
    f: Array,
    jacobian: Array,
) -> None:
    """Fill the current that leaves each unknown node, and its derivatives.

    Args:
        net: The circuit.
        mos: Its sized transistors.
        values: Of its elements.
        load: A current that is drawn from the unknown ``load_row`` (none where that is < 0).
        load_row: See ``load``.
        gmin: Conductance across each junction.
        row: The unknown of each node.
        v: Voltage of each node.
        f: Filled, (unknowns,).
        jacobian: Filled, (unknowns, unknowns).
    """
    f[:] = 0.0
    jacobian[:] = 0.0
    for d in range(len(mos)):
        nodes = net.mos_nodes[d]
        current, gate, drain, bulk = drain_current(mos[d], nodes, v)
        by = (drain, gate, -(gate + drain + bulk), bulk)
        for end, sign in ((DRAIN, 1.0), (SOURCE, -1.0)):
            r = row[nodes[end]]
            if r >= 0:
                f[r] += sign * current
                for terminal in range(4):
                    c = row[nodes[terminal]]
                    if c >= 0:
                        jacobian[r, c] += sign * by[terminal]
            conduct(row, v, nodes[end], nodes[BULK], gmin, f, jacobian)
    for k in range(len(net.r_value)):
        a, b = net.r_nodes[k]
        conduct(row, v, a, b, 1.0 / values[net.r_value[k]], f, jacobian)
    for k in range(len(net.i_value)):
        a, b = net.i_nodes[k]
        if row[a] >= 0:
            f[row[a]] += values[net.i_value[k]]
        if row[b] >= 0:
            f[row[b]] -= values[net.i_value[k]]
    if load_row >= 0:
        f[load_row] += load


@COMPILER.inlined
def conduct(row: Array, v: Array, a: int, b: int, g: float, f: Array, jacobian: Array) -> None:
    """Add a conductance between two nodes."""
    ra, rb = row[a], row[b]
    if ra == rb:
        return
    current = g * (v[a] - v[b])
    if ra >= 0:
        f[ra] += current
        jacobian[ra, ra] += g
        if rb >= 0:
            jacobian[ra, rb] -= g
    if rb >= 0:
        f[rb] -= current
        jacobian[rb, rb] += g
        if ra >= 0:
            jacobian[rb, ra] -= g


@COMPILER.helper
def newton(
    net: Net,
    mos: Array,
    values: Array,
    load: float,
    load_row: int,
    gmin: float,
    shunt: float,
    row: Array,
    v: Array,
    f: Array,
    jacobian: Array,
) -> bool:
    """Improve ``v`` until Kirchhoff's law holds; ``shunt`` loads each unknown to ground."""
    settled = False
    for _ in range(_ITERATIONS):
        currents(net, mos, values, load, load_row, gmin, row, v, f, jacobian)
        if shunt > 0.0:
            for node in range(len(row)):
                r = row[node]
                if r >= 0 and first_of(row, node):
                    f[r] += shunt * v[node]
                    jacobian[r, r] += shunt
        if not solve(jacobian, f):
            return False
        largest = move(row, v, f)
        if not math.isfinite(largest):
            return False
        if settled:
            return True
        settled = largest < 1.0
    return False


@COMPILER.inlined
def first_of(row: Array, node: int) -> bool:
    """Return whether no earlier node has the same unknown."""
    first = True
    for other in range(node):
        first = first and row[other] != row[node]
    return first


@COMPILER.helper
def move(row: Array, v: Array, step: Array) -> float:
    """Take a limited step and return its size in units of the tolerance."""
    largest = 0.0
    for node in range(len(row)):
        r = row[node]
        if r >= 0:
            limit = max(_STEP_V, 0.5 * abs(v[node])) if abs(v[node]) > _FAR_V else _STEP_V
            moved = min(max(-step[r], -limit), limit)
            v[node] += moved
            tolerance = _ABSOLUTE_V + _RELATIVE * abs(v[node])
            # not max(): a NaN must stay one
            if not abs(step[r]) / tolerance <= largest:
                largest = abs(step[r]) / tolerance
    return largest


@COMPILER.helper
def operating_point(
    net: Net,
    mos: Array,
    values: Array,
    load: float,
    load_row: int,
    gmin: float,
    row: Array,
    starts: Array,
    v: Array,
) -> bool:
    """Find the operating point; given nodes hold their voltage in ``v``.

    Args:
        net: The circuit.
        mos: Its sized transistors.
        values: Of its elements.
        load: A current drawn from the unknown ``load_row``.
        load_row: See ``load``.
        gmin: Conductance across each junction.
        row: The unknown of each node.
        starts: float64 (s, nodes), voltages to begin at, the most promising first.
        v: In: voltages of given nodes. Out: of all nodes.
    """
    n = row.max() + 1
    f, jacobian = np.empty(n), np.empty((n, n))
    for k in range(len(starts)):
        begin(row, starts[k], v)
        if newton(net, mos, values, load, load_row, gmin, 0.0, row, v, f, jacobian):
            return True
    for k in range(len(starts)):
        begin(row, starts[k], v)
        if _step_shunt(net, mos, values, load, load_row, gmin, row, v, f, jacobian):
            return True
    return _step_sources(net, mos, values, load, load_row, gmin, row, v, f, jacobian)


@COMPILER.inlined
def begin(row: Array, start: Array, v: Array) -> None:
    """Set the unknown nodes to a start; connected nodes to that of the first of them."""
    for node in range(len(row)):
        if row[node] >= 0:
            v[node] = start[node]
            for other in range(node):
                if row[other] == row[node]:
                    v[node] = v[other]


@COMPILER.helper
def _step_shunt(
    net: Net,
    mos: Array,
    values: Array,
    load: float,
    load_row: int,
    gmin: float,
    row: Array,
    v: Array,
    f: Array,
    jacobian: Array,
) -> bool:
    """Load every node heavily, then ever less."""
    shunt = _FIRST_SHUNT
    for _ in range(_SHUNT_STEPS):
        if not newton(net, mos, values, load, load_row, gmin, shunt, row, v, f, jacobian):
            return False
        shunt *= _SHUNT_FACTOR
    return newton(net, mos, values, load, load_row, gmin, 0.0, row, v, f, jacobian)


@COMPILER.helper
def _step_sources(
    net: Net,
    mos: Array,
    values: Array,
    load: float,
    load_row: int,
    gmin: float,
    row: Array,
    v: Array,
    f: Array,
    jacobian: Array,
) -> bool:
    """Raise all given voltages and currents from zero."""
    full, part, scaled = v.copy(), v.copy(), values.copy()
    for node in range(len(row)):
        if row[node] >= 0:
            part[node] = 0.0
    for step in range(1, _SOURCE_STEPS + 1):
        share = step / _SOURCE_STEPS
        for node in range(len(row)):
            if row[node] < 0:
                part[node] = share * full[node]
        for k in range(len(net.i_value)):
            scaled[net.i_value[k]] = share * values[net.i_value[k]]
        if not newton(net, mos, scaled, share * load, load_row, gmin, 0.0, row, part, f, jacobian):
            return False
    v[:] = part
    return True


@COMPILER.helper
def supply_current(
    net: Net, small: Array, values: Array, gmin: float, fed: Array, v: Array
) -> float:
    """Return the current that elements draw from the nodes of the supply, ``fed``."""
    total = 0.0
    for d in range(len(small)):
        nodes = net.mos_nodes[d]
        drain, source, bulk = nodes[DRAIN], nodes[SOURCE], nodes[BULK]
        total += small[d, CURRENT] * out_of(fed, drain, source)
        total += gmin * (v[drain] - v[bulk]) * out_of(fed, drain, bulk)
        total += gmin * (v[source] - v[bulk]) * out_of(fed, source, bulk)
    for k in range(len(net.r_value)):
        a, b = net.r_nodes[k]
        total += (v[a] - v[b]) / values[net.r_value[k]] * out_of(fed, a, b)
    for k in range(len(net.i_value)):
        total += values[net.i_value[k]] * out_of(fed, net.i_nodes[k, 0], net.i_nodes[k, 1])
    return total


@COMPILER.inlined
def out_of(fed: Array, a: int, b: int) -> float:
    """Return 1 where a current from a to b leaves the supply, -1 where it enters, else 0."""
    return fed[a] - fed[b]  # type: ignore[no-any-return]
