"""The DC operating point: damped Newton with several starts, gmin and source stepping."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.device import junctions, terminal_currents
from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    DRAIN,
    SOURCE,
    Balance,
    Flow,
    Sized,
)
from archgym.cost_models.analog.kernels.linear import solve
from archgym.cost_models.compiled import Array

_STEP_V = 0.4
_FAR_V = 4.0  # beyond this steps grow with the voltage
_ABSOLUTE_V, _RELATIVE = 1e-9, 1e-7
_ITERATIONS = 300
_FIRST_SHUNT, _SHUNT_FACTOR, _SHUNT_STEPS = 1e-3, 0.1, 10
_SOURCE_STEPS = 40


@COMPILER.helper
def balance_currents(sized: Sized, v: Array, balance: Balance) -> None:
    """Fill the current that leaves each unknown node, and its derivatives."""
    net, row, f = sized.net, sized.row, balance.f
    f[:] = 0.0
    balance.jacobian[:] = 0.0
    for d in range(len(sized.mos)):
        nodes = net.mos_nodes[d]
        drain, source = terminal_currents(sized, d, v)
        draw(row, nodes, DRAIN, 1.0, drain, balance)
        draw(row, nodes, SOURCE, -1.0, source, balance)
        if row[nodes[BULK]] >= 0:
            draw(row, nodes, BULK, -1.0, drain, balance)
            draw(row, nodes, BULK, 1.0, source, balance)
        leak = sized.gmin * junctions(sized, d)
        conduct(row, v, nodes[DRAIN], nodes[BULK], leak, balance)
        conduct(row, v, nodes[SOURCE], nodes[BULK], leak, balance)
    for k in range(len(net.r_value)):
        a, b = net.r_nodes[k]
        conduct(row, v, a, b, 1.0 / sized.values[net.r_value[k]], balance)
    for k in range(len(net.i_value)):
        a, b = net.i_nodes[k]
        if row[a] >= 0:
            f[row[a]] += sized.values[net.i_value[k]]
        if row[b] >= 0:
            f[row[b]] -= sized.values[net.i_value[k]]
    if sized.load_row >= 0:
        f[sized.load_row] += sized.load


@COMPILER.inlined
def draw(
    row: Array, nodes: Array, terminal: int, sign: float, flow: Flow, balance: Balance
) -> None:
    """Add a current of a transistor that leaves the node of a terminal."""
    r = row[nodes[terminal]]
    if r < 0:
        return
    current, gate, drain, bulk = flow
    balance.f[r] += sign * current
    by = (drain, gate, -(gate + drain + bulk), bulk)
    for other in range(4):
        c = row[nodes[other]]
        if c >= 0:
            balance.jacobian[r, c] += sign * by[other]


@COMPILER.inlined
def conduct(row: Array, v: Array, a: int, b: int, g: float, balance: Balance) -> None:
    """Add a conductance between two nodes."""
    ra, rb = row[a], row[b]
    f, jacobian = balance.f, balance.jacobian
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
def newton(sized: Sized, shunt: float, v: Array, balance: Balance) -> bool:
    """Improve ``v`` until Kirchhoff's law holds; ``shunt`` loads each unknown to ground."""
    row, f, jacobian = sized.row, balance.f, balance.jacobian
    settled = False
    for _ in range(_ITERATIONS):
        balance_currents(sized, v, balance)
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
def operating_point(sized: Sized, starts: Array, v: Array) -> bool:
    """Find the operating point; ``v`` holds given nodes' voltages, afterwards those of all.

    ``starts`` (s, nodes) are voltages to begin at, the most promising first.
    """
    n = sized.row.max() + 1
    balance = Balance(np.empty(n), np.empty((n, n)))
    for k in range(len(starts)):
        begin(sized.row, starts[k], v)
        if newton(sized, 0.0, v, balance):
            return True
    for k in range(len(starts)):
        begin(sized.row, starts[k], v)
        if _step_shunt(sized, v, balance):
            return True
    return _step_sources(sized, v, balance)


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
def _step_shunt(sized: Sized, v: Array, balance: Balance) -> bool:
    """Load every node heavily, then ever less."""
    shunt = _FIRST_SHUNT
    for _ in range(_SHUNT_STEPS):
        if not newton(sized, shunt, v, balance):
            return False
        shunt *= _SHUNT_FACTOR
    return newton(sized, 0.0, v, balance)


@COMPILER.helper
def _step_sources(sized: Sized, v: Array, balance: Balance) -> bool:
    """Raise all given voltages and currents from zero."""
    net, row = sized.net, sized.row
    full, part, values = v.copy(), v.copy(), sized.values.copy()
    for node in range(len(row)):
        if row[node] >= 0:
            part[node] = 0.0
    for step in range(1, _SOURCE_STEPS + 1):
        share = step / _SOURCE_STEPS
        for node in range(len(row)):
            if row[node] < 0:
                part[node] = share * full[node]
        for k in range(len(net.i_value)):
            values[net.i_value[k]] = share * sized.values[net.i_value[k]]
        load = share * sized.load
        partly = Sized(net, sized.models, sized.mos, values, row, sized.gmin, load, sized.load_row)
        if not newton(partly, 0.0, part, balance):
            return False
    v[:] = part
    return True
