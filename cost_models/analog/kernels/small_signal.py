"""Small signals about an operating point: transfer functions and noise."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.device import fill_capacitances, fill_noise
from archgym.cost_models.analog.kernels.layout import (
    COMPILER,
    DRAIN,
    EXPONENT,
    N_NOISE_FIELDS,
    PINK,
    SOURCE,
    WHITE,
    Balance,
    Linear,
    Sized,
    System,
    Wiring,
)
from archgym.cost_models.analog.kernels.level1 import BOLTZMANN
from archgym.cost_models.analog.kernels.linear import eliminate, solve
from archgym.cost_models.analog.kernels.operating_point import balance_currents
from archgym.cost_models.compiled import Array


@COMPILER.helper
def room_for_linear(nodes: int, transistors: int) -> Linear:
    """Return room for a linear circuit."""
    siemens, farads = np.empty((nodes, nodes)), np.empty((nodes, nodes))
    return Linear(np.empty(nodes), siemens, farads, np.empty((transistors, N_NOISE_FIELDS)))


@COMPILER.helper
def room_for_system(n: int) -> System:
    """Return room for a system of n unknowns."""
    a, z = np.empty((n, n), dtype=np.complex128), np.empty(n, dtype=np.complex128)
    return System(np.empty((n, n)), np.empty((n, n)), np.empty(n), np.empty(n), a, z)


@COMPILER.helper
def linearise(sized: Sized, v: Array, temperature: float, linear: Linear) -> float:
    """Fill ``linear`` at an operating point; return the least |drain current|."""
    every = np.arange(len(v))
    free = Sized(sized.net, sized.models, sized.mos, sized.values, every, sized.gmin, 0.0, -1)
    balance_currents(free, v, Balance(linear.leaves, linear.siemens))
    fill_capacitances(sized, v, linear.farads)
    return fill_noise(sized, v, temperature, linear.noise)


@COMPILER.helper
def assemble(linear: Linear, wiring: Wiring, system: System) -> None:
    """Fill the system of the unknown nodes."""
    system.g[:], system.c[:], system.c_right[:] = 0.0, 0.0, 0.0
    system.g_right[:] = wiring.inject
    reduce_matrix(linear.siemens, wiring, system.g, system.g_right)
    reduce_matrix(linear.farads, wiring, system.c, system.c_right)


@COMPILER.helper
def reduce_matrix(full: Array, wiring: Wiring, matrix: Array, right: Array) -> None:
    """Add a matrix of all nodes to that of the unknown ones and to the right-hand side."""
    row = wiring.row
    for node in range(len(row)):
        r = row[node]
        if r >= 0:
            for other in range(len(row)):
                c = row[other]
                if c >= 0:
                    matrix[r, c] += full[node, other]
                else:
                    right[r] -= full[node, other] * wiring.drive[other]


@COMPILER.helper
def response(system: System, hertz: float) -> complex:
    """Return the last unknown, that is the output, at a frequency."""
    a, z = system.a, system.z
    n, omega = len(z), 2.0 * math.pi * hertz
    for i in range(n):
        z[i] = complex(system.g_right[i], omega * system.c_right[i])
        for j in range(n):
            a[i, j] = complex(system.g[i, j], omega * system.c[i, j])
    if not eliminate(a, z):
        return complex(math.nan, math.nan)
    return z[n - 1] * a[n - 1, n - 1]  # type: ignore[no-any-return]


@COMPILER.helper
def noise_density(
    sized: Sized, noise: Array, temperature: float, wiring: Wiring, system: System, hertz: float
) -> float:
    """Return the noise at the output (V^2/Hz), by the adjoint system."""
    net, a, z = sized.net, system.a, system.z
    n, omega = len(z), 2.0 * math.pi * hertz
    for i in range(n):
        z[i] = 0.0
        for j in range(n):
            a[i, j] = complex(system.g[j, i], omega * system.c[j, i])
    z[n - 1] = 1.0
    if not solve(a, z):
        return math.nan
    total = 0.0
    for d in range(len(noise)):
        nodes = net.mos_nodes[d]
        power = noise[d, EXPONENT]
        fall = hertz if power == 1.0 else hertz**power
        density = noise[d, WHITE] + noise[d, PINK] / fall
        total += density * reach(wiring, nodes[DRAIN], nodes[SOURCE], z)
    for k in range(len(net.r_value)):
        density = 4.0 * BOLTZMANN * temperature / sized.values[net.r_value[k]]
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
def unity_crossing(system: System, sign: float, grid: Array) -> tuple[float, float, float]:
    """Return gain at the first frequency (dB), unity-gain frequency and phase margin (degrees).

    The sweep ends at the first crossing of 0 dB downwards; without one the last two are NaN.
    """
    gain = before = phase = 0.0
    for k in range(len(grid)):
        value = sign * response(system, grid[k])
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
