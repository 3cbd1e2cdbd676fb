"""A foundry's transistor, interpolated in tables: currents, charges, noise.

The logarithm of the current over the drain's voltage is a cubic spline, from which derivatives
are taken too. A transistor whose drain lies below its source is read with its ends exchanged.
Beyond a table the logarithm goes on straight, so that Newton's method finds back; `is_known` says
whether a solution may be believed.
"""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    DRAIN,
    EXPONENT,
    FACTOR,
    FINGERS,
    GATE,
    N_CHARGE_FIELDS,
    OF_PINK,
    OF_WHITE,
    OFFSET_V,
    PINK,
    SIGN,
    SOURCE,
    TABLE,
    WHITE,
    Flow,
    Net,
    Sized,
    Tables,
)
from archgym.cost_models.analog.kernels.level1 import oriented
from archgym.cost_models.analog.kernels.spline import Weights, place_on, slopes, weights
from archgym.cost_models.compiled import Array

_SAME_LENGTH = 1e-12
_FORWARD_V = 0.05  # of a bulk, still so little that junctions do not conduct
_FEMTO = 1e-15


@COMPILER.helper
def size_transistors(net: Net, values: Array, tables: Tables, mos: Array) -> bool:
    """Fill ``mos`` (d, N_MOS_FIELDS) for one row of values; False where a length has no table."""
    for d in range(len(net.mos_sign)):
        length, sign = values[net.mos_length[d]], net.mos_sign[d]
        table = -1
        for k in range(len(tables.lengths)):
            if tables.polarities[k] == sign and abs(tables.lengths[k] - length) < _SAME_LENGTH:
                table = k
        if table < 0:
            return False
        mos[d, SIGN], mos[d, TABLE] = sign, table
        mos[d, FINGERS] = net.mos_width[d] / tables.width * values[net.mos_fingers[d]]
        mos[d, OFFSET_V] = values[net.mos_threshold[d]]
        mos[d, FACTOR] = values[net.mos_beta[d]]
    return True


@COMPILER.inlined
def bulk_place(tables: Tables, vbs: float) -> tuple[float, float]:
    """Return where the bulk's voltage lies on its axis, and the derivative."""
    at_zero = math.sqrt(tables.surface)
    if vbs > 0.0:
        return at_zero - 0.5 * vbs / at_zero, -0.5 / at_zero
    place = math.sqrt(tables.surface - vbs)
    return place, -0.5 / place


@COMPILER.inlined
def coordinates(
    tables: Tables, mos: Array, vgs: float, vds: float, vbs: float
) -> tuple[float, float, float, float]:
    """Return a bias on the axes of the tables, and the bulk's derivative."""
    z, by_bulk = bulk_place(tables, vbs)
    shift = tables.bodies[int(mos[TABLE])] * (z - math.sqrt(tables.surface))
    return vgs - mos[OFFSET_V] - shift, math.log1p(vds / tables.drain_scale), z, by_bulk


@COMPILER.inlined
def along(c: Array, i: int, j: int, k: int, q: int, w: Weights) -> float:
    """Return the sum over the last axis of a block of coefficients."""
    return (  # type: ignore[no-any-return]
        w[0] * c[i, j, k, q]
        + w[1] * c[i, j, k + 1, q]
        + w[2] * c[i, j, k + 2, q]
        + w[3] * c[i, j, k + 3, q]
    )


@COMPILER.helper
def log_conductances(
    tables: Tables, table: int, x: float, y: float, z: float
) -> tuple[Flow, Flow]:
    """Return log(current / drain voltage) of source and drain, with derivatives by x, y, z."""
    c, axes = tables.currents[table], tables.current_axes
    i, s, beyond_x = place_on(axes[0], c.shape[0] - 2, x)
    j, t, beyond_y = place_on(axes[1], c.shape[1] - 2, y)
    k, u, beyond_z = place_on(axes[2], c.shape[2] - 2, z)
    wx, wy, wz = weights(s), weights(t), weights(u)
    sx, sy, sz = slopes(s), slopes(t), slopes(u)
    f0 = x0 = y0 = z0 = f1 = x1 = y1 = z1 = 0.0
    for a in range(4):
        for b in range(4):
            p0, p1 = along(c, i + a, j + b, k, 0, wz), along(c, i + a, j + b, k, 1, wz)
            r0, r1 = along(c, i + a, j + b, k, 0, sz), along(c, i + a, j + b, k, 1, sz)
            w, wsx, wsy = wx[a] * wy[b], sx[a] * wy[b], wx[a] * sy[b]
            f0, x0, y0, z0 = f0 + w * p0, x0 + wsx * p0, y0 + wsy * p0, z0 + w * r0
            f1, x1, y1, z1 = f1 + w * p1, x1 + wsx * p1, y1 + wsy * p1, z1 + w * r1
    x0, y0, z0 = x0 * axes[0, 1], y0 * axes[1, 1], z0 * axes[2, 1]
    x1, y1, z1 = x0 + x1 * axes[0, 1], y0 + y1 * axes[1, 1], z0 + z1 * axes[2, 1]
    f1 += f0 + x1 * beyond_x + y1 * beyond_y + z1 * beyond_z
    f0 += x0 * beyond_x + y0 * beyond_y + z0 * beyond_z
    return (f0, x0, y0, z0), (f1, x1, y1, z1)


@COMPILER.inlined
def flow_of(tables: Tables, mos: Array, vds: float, by_bulk: float, log: Flow) -> Flow:
    """Return a current and its derivatives by gate, drain and bulk."""
    value, by_x, by_y, by_z = log
    siemens = mos[FINGERS] * mos[FACTOR] * math.exp(value)
    current = siemens * vds
    gds = siemens + current * by_y / (tables.drain_scale + vds)
    gmb = current * (by_z - tables.bodies[int(mos[TABLE])] * by_x) * by_bulk
    return current, current * by_x, gds, gmb


@COMPILER.inlined
def exchanged(sign: float, flow: Flow) -> Flow:
    """Return a current out of the lower end as one into it, where the drain is that end."""
    current, gm, gds, gmb = flow
    return -sign * current, -gm, gm + gds + gmb, -gmb


@COMPILER.helper
def terminal_currents(tables: Tables, mos: Array, nodes: Array, v: Array) -> tuple[Flow, Flow]:
    """Return the current into the drain and that out of the source; the bulk has the rest."""
    vgs, vds, vbs, swapped = oriented(mos, nodes, v)
    x, y, z, by_bulk = coordinates(tables, mos, vgs, vds, vbs)
    source, drain = log_conductances(tables, int(mos[TABLE]), x, y, z)
    low = flow_of(tables, mos, vds, by_bulk, source)
    high = flow_of(tables, mos, vds, by_bulk, drain)
    if swapped:
        return exchanged(mos[SIGN], low), exchanged(mos[SIGN], high)
    return (mos[SIGN] * high[0], *high[1:]), (mos[SIGN] * low[0], *low[1:])


@COMPILER.helper
def read_charges(tables: Tables, mos: Array, nodes: Array, v: Array, found: Array) -> bool:
    """Fill ``found`` (N_CHARGE_FIELDS,) for a finger; return whether the ends are exchanged."""
    vgs, vds, vbs, swapped = oriented(mos, nodes, v)
    x, y, z, _ = coordinates(tables, mos, vgs, vds, vbs)
    c, axes = tables.charges[int(mos[TABLE])], tables.charge_axes
    i, s, _ = place_on(axes[0], c.shape[0] - 2, x)
    j, t, _ = place_on(axes[1], c.shape[1] - 2, y)
    k, u, _ = place_on(axes[2], c.shape[2] - 2, z)
    wx, wy, wz = weights(s), weights(t), weights(u)
    found[:] = 0.0
    for a in range(4):
        for b in range(4):
            w = wx[a] * wy[b]
            for q in range(N_CHARGE_FIELDS):
                found[q] += w * along(c, i + a, j + b, k, q, wz)
    return swapped


@COMPILER.helper
def add_capacitances(sized: Sized, d: int, v: Array, found: Array, farads: Array) -> None:
    """Add the derivatives of a transistor's charges; ``found`` is room.

    Tables have the rows gate, drain, source and the columns gate, drain, bulk; the rest follows
    as charges add up to nothing and only differences of voltages count.
    """
    mos, nodes = sized.mos[d], sized.net.mos_nodes[d]
    swapped = read_charges(sized.models, mos, nodes, v, found)
    gate, bulk = nodes[GATE], nodes[BULK]
    high = nodes[SOURCE] if swapped else nodes[DRAIN]
    low = nodes[DRAIN] if swapped else nodes[SOURCE]
    rows, columns = (gate, high, low), (gate, high, bulk)
    for r in range(3):
        for c in range(3):
            value = _FEMTO * mos[FINGERS] * found[3 * r + c]
            farads[rows[r], columns[c]] += value
            farads[rows[r], low] -= value
            farads[bulk, columns[c]] -= value
            farads[bulk, low] += value


@COMPILER.helper
def fill_noise(sized: Sized, d: int, v: Array, current: float, noise: Array) -> None:
    """Fill the noise of a transistor that has a current."""
    mos, found = sized.mos[d], np.empty(N_CHARGE_FIELDS)
    read_charges(sized.models, mos, sized.net.mos_nodes[d], v, found)
    noise[WHITE] = mos[FINGERS] * math.exp(2.0 * found[OF_WHITE])
    noise[PINK] = current * current / mos[FINGERS] * math.exp(2.0 * found[OF_PINK])
    noise[EXPONENT] = sized.models.exponents[int(mos[TABLE])]


@COMPILER.helper
def is_known(sized: Sized, v: Array) -> bool:
    """Return whether all biases lie within the tables; transistors may be off by any voltage."""
    high = sized.models.high
    for d in range(len(sized.mos)):
        vgs, vds, vbs, _ = oriented(sized.mos[d], sized.net.mos_nodes[d], v)
        if not (vgs <= high and vds <= high and -high <= vbs <= _FORWARD_V):
            return False
    return True
