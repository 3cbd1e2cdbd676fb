"""Small signals about an operating point: transfer functions and noise."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.layout import (
    BULK,
    C_GB,
    C_GD,
    C_GS,
    COMPILER,
    DRAIN,
    G_BULK,
    G_DRAIN,
    G_GATE,
    GATE,
    PINK,
    SOURCE,
    WHITE,
    Net,
    Wiring,
)
from archgym.cost_models.analog.kernels.linear import eliminate, solve
from archgym.cost_models.analog.kernels.mosfet import BOLTZMANN
from archgym.cost_models.compiled import Array


@COMPILER.inlined
def couple(
    wiring: Wiring, node: int, other: int, value: float, matrix: Array, right: Array
) -> None:
    """Add ``value`` times the voltage of ``other`` to the current that leaves ``node``."""
    r = wiring.row[node]
    if r >= 0:
        c = wiring.row[other]
        if c >= 0:
            matrix[r, c] += value
        else:
            right[r] -= value * wiring.drive[other]


@COMPILER.inlined
def connect(wiring: Wiring, a: int, b: int, value: float, matrix: Array, right: Array) -> None:
    """Add an admittance between two nodes."""
    couple(wiring, a, a, value, matrix, right)
    couple(wiring, a, b, -value, matrix, right)
    couple(wiring, b, b, value, matrix, right)
    couple(wiring, b, a, -value, matrix, right)


@COMPILER.helper
def assemble(
    net: Net,
    values: Array,
    small: Array,
    gmin: float,
    wiring: Wiring,
    g: Array,
    c: Array,
    g_right: Array,
    c_right: Array,
) -> None:
    """Fill the system (g + s c) x = g_right + s c_right of the unknown nodes."""
    g[:], c[:], c_right[:] = 0.0, 0.0, 0.0
    g_right[:] = wiring.inject
    for d in range(len(small)):
        nodes = net.mos_nodes[d]
        gate, drain, bulk = small[d, G_GATE], small[d, G_DRAIN], small[d, G_BULK]
        by = (drain, gate, -(gate + drain + bulk), bulk)
        for terminal in range(4):
            couple(wiring, nodes[DRAIN], nodes[terminal], by[terminal], g, g_right)
            couple(wiring, nodes[SOURCE], nodes[terminal], -by[terminal], g, g_right)
        connect(wiring, nodes[DRAIN], nodes[BULK], gmin, g, g_right)
        connect(wiring, nodes[SOURCE], nodes[BULK], gmin, g, g_right)
        connect(wiring, nodes[GATE], nodes[SOURCE], small[d, C_GS], c, c_right)
        connect(wiring, nodes[GATE], nodes[DRAIN], small[d, C_GD], c, c_right)
        connect(wiring, nodes[GATE], nodes[BULK], small[d, C_GB], c, c_right)
    for k in range(len(net.r_value)):
        conductance = 1.0 / values[net.r_value[k]]
        connect(wiring, net.r_nodes[k, 0], net.r_nodes[k, 1], conductance, g, g_right)
    for k in range(len(net.c_value)):
        farads = values[net.c_value[k]]
        connect(wiring, net.c_nodes[k, 0], net.c_nodes[k, 1], farads, c, c_right)


@COMPILER.helper
def response(
    g: Array, c: Array, g_right: Array, c_right: Array, hertz: float, a: Array, b: Array
) -> complex:
    """Return the last unknown, that is the output, at a frequency; ``a`` and ``b`` are room."""
    n, omega = len(b), 2.0 * math.pi * hertz
    for i in range(n):
        b[i] = complex(g_right[i], omega * c_right[i])
        for j in range(n):
            a[i, j] = complex(g[i, j], omega * c[i, j])
    if not eliminate(a, b):
        return complex(math.nan, math.nan)
    return b[n - 1] * a[n - 1, n - 1]  # type: ignore[no-any-return]


@COMPILER.helper
def noise_density(
    net: Net,
    values: Array,
    small: Array,
    temperature: float,
    wiring: Wiring,
    g: Array,
    c: Array,
    hertz: float,
    a: Array,
    z: Array,
) -> float:
    """Return the noise at the output (V^2/Hz), by the adjoint system; ``a`` and ``z`` are room."""
    n, omega = len(z), 2.0 * math.pi * hertz
    for i in range(n):
        z[i] = 0.0
        for j in range(n):
            a[i, j] = complex(g[j, i], omega * c[j, i])
    z[n - 1] = 1.0
    if not solve(a, z):
        return math.nan
    total = 0.0
    for d in range(len(small)):
        nodes = net.mos_nodes[d]
        density = small[d, WHITE] + small[d, PINK] / hertz
        total += density * reach(wiring, nodes[DRAIN], nodes[SOURCE], z)
    for k in range(len(net.r_value)):
        density = 4.0 * BOLTZMANN * temperature / values[net.r_value[k]]
        total += density * reach(wiring, net.r_nodes[k, 0], net.r_nodes[k, 1], z)
    return total


@COMPILER.inlined
def reach(wiring: Wiring, a: int, b: int, z: Array) -> float:
    """Return the squared gain from a current between two nodes to the output."""
    gain = complex(0.0, 0.0)
    if wiring.row[a] >= 0:
        gain += z[wiring.row[a]]
    if wiring.row[b] >= 0:
        gain -= z[wiring.row[b]]
    return gain.real * gain.real + gain.imag * gain.imag


@COMPILER.helper
def unity_crossing(
    g: Array, c: Array, g_right: Array, c_right: Array, sign: float, grid: Array
) -> tuple[float, float, float]:
    """Return gain at the first frequency (dB), unity-gain frequency and phase margin (degrees).

    The sweep ends at the first crossing of 0 dB downwards; without one the last two are NaN.
    """
    n = len(g_right)
    a, b = np.empty((n, n), dtype=np.complex128), np.empty(n, dtype=np.complex128)
    gain = before = phase = 0.0
    for k in range(len(grid)):
        value = sign * response(g, c, g_right, c_right, grid[k], a, b)
        level = decibels(value)
        angle = math.atan2(value.imag, value.real)
        if k == 0:
            gain = level
            turn = angle
        else:
            turn = angle - 2.0 * math.pi * round((angle - phase) / (2.0 * math.pi))
            if before >= 0.0 > level:
                share = before / (before - level)
                hertz = grid[k - 1] * (grid[k] / grid[k - 1]) ** share
                return gain, hertz, 180.0 + math.degrees(phase + share * (turn - phase))
        before, phase = level, turn
    return gain, math.nan, math.nan


@COMPILER.inlined
def decibels(x: complex) -> float:
    """Return the magnitude in dB."""
    return 10.0 * math.log10(x.real * x.real + x.imag * x.imag)
