"""The four benches: many designs of one circuit in one call."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.layout import (
    BANDWIDTH,
    COMPILER,
    CONVERGED,
    GAIN_DB,
    GMIN,
    LEAST_CURRENT,
    LOAD_REGULATION,
    N_MOS_FIELDS,
    N_SMALL_FIELDS,
    NOISE_1KHZ,
    NOISE_1MHZ,
    NOISE_10KHZ,
    NOISE_10MHZ,
    OFFSET,
    OUTPUT_ERROR,
    OUTPUT_NOISE,
    PEAKING,
    PHASE_MARGIN,
    POWER,
    PSR_1KHZ,
    PSR_1MHZ,
    QUIESCENT,
    SLEW,
    SUPPLY,
    TEMPERATURE,
    TRANSIMPEDANCE,
    UGBW,
    VOUT,
    Net,
    Wiring,
)
from archgym.cost_models.analog.kernels.mosfet import linearise, size_transistors
from archgym.cost_models.analog.kernels.operating_point import operating_point, supply_current
from archgym.cost_models.analog.kernels.small_signal import (
    assemble,
    decibels,
    noise_density,
    response,
    unity_crossing,
)
from archgym.cost_models.analog.kernels.transient import slew_rate
from archgym.cost_models.compiled import Array

_1KHZ, _10KHZ, _1MHZ, _10MHZ = 1e3, 1e4, 1e6, 1e7
_HALF_POWER_DB = 3.0103
_PER_US = 1e-6
_SWING_V, _SETTLING, _USUAL_UGBW = 0.4, 6.0, 1e6


@COMPILER.helper
def prepare(net: Net, values: Array, base: Array, v: Array) -> None:
    """Set the given nodes, those behind voltage sources included."""
    v[:] = base
    for k in range(len(net.tie_sign)):
        node, parent, value = net.ties[k]
        v[node] = v[parent] + net.tie_sign[k] * values[value]


@COMPILER.kernel
def measure_amplifiers(
    net: Net,
    designs: Array,
    cards: Array,
    constants: Array,
    direct: Wiring,
    signal: Wiring,
    base: Array,
    starts: Array,
    fed: Array,
    grid: Array,
    sign: float,
    input_node: int,
    output_node: int,
    slew_estimates: Array,
    slew_steps: int,
    results: Array,
) -> None:
    """Fill ``results`` (n, N_RESULTS) with the voltage gain of each design and what follows.

    Args:
        net: The circuit.
        designs: float64 (n, values).
        cards: float64 (k, N_CARD_FIELDS).
        constants: Supply, temperature, gmin.
        direct: Wiring of the operating point and of the buffer that slews.
        signal: Wiring of small signals.
        base: Voltages of given nodes.
        starts: Voltages where the search for the operating point begins.
        fed: float64 (nodes,), 1 for nodes that draw from the supply.
        grid: Frequencies in Hz, ascending.
        sign: Of the gain.
        input_node: Where the signal and the pulse go in; -1 where the circuit biases itself.
        output_node: The output.
        slew_estimates: float64 (n,) V/s, by which the pulse is timed; none where there is none.
        slew_steps: Steps of the transient; 0 where no slew rate is wanted.
        results: Filled.
    """
    mos = np.empty((len(net.mos_sign), N_MOS_FIELDS))
    small = np.empty((len(net.mos_sign), N_SMALL_FIELDS))
    n = len(signal.inject)
    g, c, gr, cr = np.empty((n, n)), np.empty((n, n)), np.empty(n), np.empty(n)
    a, z = np.empty((n, n), dtype=np.complex128), np.empty(n, dtype=np.complex128)
    v = np.empty(len(base))
    gmin, temperature = constants[GMIN], constants[TEMPERATURE]
    for i in range(len(designs)):
        values, result = designs[i], results[i]
        result[:] = math.nan
        result[CONVERGED] = 0.0
        prepare(net, values, base, v)
        if not size_transistors(net, values, cards, mos) or not operating_point(
            net, mos, values, 0.0, -1, gmin, direct.row, starts, v
        ):
            continue
        result[CONVERGED] = 1.0
        result[LEAST_CURRENT] = linearise(net, mos, v, temperature, small)
        result[POWER] = constants[SUPPLY] * supply_current(net, small, values, gmin, fed, v)
        result[VOUT] = v[output_node]
        assemble(net, values, small, gmin, signal, g, c, gr, cr)
        gain, ugbw, margin = unity_crossing(g, c, gr, cr, sign, grid)
        result[GAIN_DB], result[UGBW], result[PHASE_MARGIN] = gain, ugbw, margin
        for place, hertz in ((NOISE_1KHZ, _1KHZ), (NOISE_1MHZ, _1MHZ)):
            noise = noise_density(net, values, small, temperature, signal, g, c, hertz, a, z)
            result[place] = math.sqrt(noise) / abs(response(g, c, gr, cr, hertz, a, z))
        if input_node >= 0:
            result[OFFSET] = v[output_node] - v[input_node]
        if input_node >= 0 and slew_steps > 0:
            unity = _USUAL_UGBW if math.isnan(ugbw) else ugbw
            settling = _SETTLING / (2.0 * math.pi * unity)
            period = 2.0 * (_SETTLING * _SWING_V / slew_estimates[i] + settling)
            v[input_node] -= 0.5 * _SWING_V
            ready = operating_point(net, mos, values, 0.0, -1, gmin, direct.row, starts, v)
            if ready:
                result[SLEW] = _PER_US * slew_rate(
                    net, mos, values, gmin, direct.row, input_node, output_node, period,
                    slew_steps, v,
                )  # fmt: skip


@COMPILER.kernel
def measure_transimpedances(
    net: Net,
    designs: Array,
    cards: Array,
    constants: Array,
    direct: Wiring,
    signal: Wiring,
    base: Array,
    starts: Array,
    fed: Array,
    grid: Array,
    noise_grid: Array,
    output_node: int,
    results: Array,
) -> None:
    """Fill ``results`` of amplifiers of a current; arguments as of `measure_amplifiers`.

    ``noise_grid`` are the frequencies over which the output's noise is summed.
    """
    mos = np.empty((len(net.mos_sign), N_MOS_FIELDS))
    small = np.empty((len(net.mos_sign), N_SMALL_FIELDS))
    n = len(signal.inject)
    g, c, gr, cr = np.empty((n, n)), np.empty((n, n)), np.empty(n), np.empty(n)
    a, z = np.empty((n, n), dtype=np.complex128), np.empty(n, dtype=np.complex128)
    v = np.empty(len(base))
    gmin, temperature = constants[GMIN], constants[TEMPERATURE]
    for i in range(len(designs)):
        values, result = designs[i], results[i]
        result[:] = math.nan
        result[CONVERGED] = 0.0
        prepare(net, values, base, v)
        if not size_transistors(net, values, cards, mos) or not operating_point(
            net, mos, values, 0.0, -1, gmin, direct.row, starts, v
        ):
            continue
        result[CONVERGED] = 1.0
        result[LEAST_CURRENT] = linearise(net, mos, v, temperature, small)
        result[POWER] = constants[SUPPLY] * supply_current(net, small, values, gmin, fed, v)
        result[VOUT] = v[output_node]
        assemble(net, values, small, gmin, signal, g, c, gr, cr)
        sweep_transimpedance(g, c, gr, cr, grid, a, z, result)
        power = last = 0.0
        for k in range(len(noise_grid)):
            hertz = noise_grid[k]
            noise = noise_density(net, values, small, temperature, signal, g, c, hertz, a, z)
            if k > 0:
                power += 0.5 * (noise + last) * (hertz - noise_grid[k - 1])
            last = noise
        result[OUTPUT_NOISE] = math.sqrt(power)
        noise = noise_density(net, values, small, temperature, signal, g, c, _10MHZ, a, z)
        result[NOISE_10MHZ] = math.sqrt(noise) / abs(response(g, c, gr, cr, _10MHZ, a, z))


@COMPILER.helper
def sweep_transimpedance(
    g: Array, c: Array, gr: Array, cr: Array, grid: Array, a: Array, z: Array, result: Array
) -> None:
    """Fill transimpedance at the first frequency, bandwidth and peaking."""
    first = before = peak = decibels(response(g, c, gr, cr, grid[0], a, z))
    for k in range(1, len(grid)):
        level = decibels(response(g, c, gr, cr, grid[k], a, z))
        peak = max(peak, level)
        edge = first - _HALF_POWER_DB
        if before >= edge > level and math.isnan(result[BANDWIDTH]):
            share = (before - edge) / (before - level)
            result[BANDWIDTH] = grid[k - 1] * (grid[k] / grid[k - 1]) ** share
        before = level
    result[TRANSIMPEDANCE], result[PEAKING] = first, peak - first


@COMPILER.kernel
def measure_regulators(
    net: Net,
    designs: Array,
    cards: Array,
    constants: Array,
    direct: Wiring,
    loop: Wiring,
    ripple: Wiring,
    base: Array,
    starts: Array,
    fed: Array,
    grid: Array,
    output_node: int,
    target: float,
    load: float,
    light_load: float,
    results: Array,
) -> None:
    """Fill ``results`` of regulators; arguments as of `measure_amplifiers`.

    ``loop`` is the wiring of the opened loop, ``ripple`` of the closed one with a signal on the
    supply; ``target`` the wanted output, ``load`` and ``light_load`` currents drawn from it.
    """
    mos = np.empty((len(net.mos_sign), N_MOS_FIELDS))
    small = np.empty((len(net.mos_sign), N_SMALL_FIELDS))
    n, m = len(loop.inject), len(ripple.inject)
    g, c, gr, cr = np.empty((n, n)), np.empty((n, n)), np.empty(n), np.empty(n)
    g2, c2, gr2, cr2 = np.empty((m, m)), np.empty((m, m)), np.empty(m), np.empty(m)
    a, z = np.empty((m, m), dtype=np.complex128), np.empty(m, dtype=np.complex128)
    v = np.empty(len(base))
    gmin, temperature = constants[GMIN], constants[TEMPERATURE]
    out_row = direct.row[output_node]
    for i in range(len(designs)):
        values, result = designs[i], results[i]
        result[:] = math.nan
        result[CONVERGED] = 0.0
        prepare(net, values, base, v)
        if not size_transistors(net, values, cards, mos) or not operating_point(
            net, mos, values, light_load, out_row, gmin, direct.row, starts, v
        ):
            continue
        lightly = v[output_node]
        if not operating_point(net, mos, values, load, out_row, gmin, direct.row, starts, v):
            continue
        result[CONVERGED] = 1.0
        result[VOUT], result[OUTPUT_ERROR] = v[output_node], v[output_node] - target
        result[LOAD_REGULATION] = lightly - v[output_node]
        result[LEAST_CURRENT] = linearise(net, mos, v, temperature, small)
        result[QUIESCENT] = supply_current(net, small, values, gmin, fed, v) - load
        result[POWER] = constants[SUPPLY] * result[QUIESCENT]
        assemble(net, values, small, gmin, loop, g, c, gr, cr)
        gain, ugbw, margin = unity_crossing(g, c, gr, cr, -1.0, grid)
        result[GAIN_DB], result[UGBW], result[PHASE_MARGIN] = gain, ugbw, margin
        assemble(net, values, small, gmin, ripple, g2, c2, gr2, cr2)
        result[PSR_1KHZ] = decibels(response(g2, c2, gr2, cr2, _1KHZ, a, z))
        result[PSR_1MHZ] = decibels(response(g2, c2, gr2, cr2, _1MHZ, a, z))
        noise = noise_density(net, values, small, temperature, ripple, g2, c2, _10KHZ, a, z)
        result[NOISE_10KHZ] = math.sqrt(noise)
