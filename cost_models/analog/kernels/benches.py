"""The benches of amplifiers and regulators: many designs of one circuit in one call."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.device import is_known, size_transistors
from archgym.cost_models.analog.kernels.layout import (
    BANDWIDTH,
    CMRR_1KHZ,
    COMPILER,
    CONVERGED,
    GAIN_DB,
    LEAST_CURRENT,
    LOAD_REGULATION,
    N_MOS_FIELDS,
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
    PSRR_1KHZ,
    QUIESCENT,
    SLEW,
    TRANSIMPEDANCE,
    UGBW,
    VOUT,
    Bench,
    Linear,
    Pulse,
    Sized,
    System,
    Wiring,
)
from archgym.cost_models.analog.kernels.operating_point import operating_point
from archgym.cost_models.analog.kernels.small_signal import (
    assemble,
    decibels,
    linearise,
    noise_density,
    response,
    room_for_linear,
    room_for_system,
    unity_crossing,
)
from archgym.cost_models.analog.kernels.transient import slew_rate
from archgym.cost_models.compiled import Array

_1KHZ, _10KHZ, _1MHZ, _10MHZ = 1e3, 1e4, 1e6, 1e7
_HALF_POWER_DB = 3.0103
_PER_US = 1e-6
_SWING_V, _SETTLING, _USUAL_UGBW = 0.4, 6.0, 1e6


@COMPILER.kernel
def measure_amplifiers(
    bench: Bench,
    designs: Array,
    signal: Wiring,
    sign: float,
    input_node: int,
    slew_estimates: Array,
    slew_steps: int,
    ripple: Wiring,
    common: Wiring,
    rejects: bool,
    results: Array,
) -> None:
    """Fill ``results`` (n, N_RESULTS) with the voltage gain of each design and what follows.

    Args:
        bench: The circuit on its bench.
        designs: float64 (n, values).
        signal: Wiring of small signals.
        sign: Of the gain.
        input_node: Where the signal and the pulse go in; -1 where the circuit biases itself.
        slew_estimates: float64 (n,) V/s, by which the pulse is timed; none where there is none.
        slew_steps: Steps of the transient; 0 where no slew rate is wanted.
        ripple: Wiring of a signal on the supply.
        common: Wiring of a signal on both inputs.
        rejects: Whether the rejection of these two is wanted.
        results: Filled.
    """
    mos, v, linear = room_for_design(bench)
    system = room_for_system(len(signal.inject))
    for i in range(len(designs)):
        result = results[i]
        sized, found = bias(bench, designs[i], 0.0, mos, v, result)
        if not found:
            continue
        measure_bias(bench, sized, v, linear, result)
        assemble(linear, signal, system)
        gain, ugbw, margin = unity_crossing(system, sign, bench.grid)
        result[GAIN_DB], result[UGBW], result[PHASE_MARGIN] = gain, ugbw, margin
        result[NOISE_1KHZ] = input_noise(bench, sized, linear, signal, system, _1KHZ)
        result[NOISE_1MHZ] = input_noise(bench, sized, linear, signal, system, _1MHZ)
        if rejects:
            gain = decibels(response(system, _1KHZ))
            result[PSRR_1KHZ] = gain - unwanted_gain(linear, ripple, system)
            result[CMRR_1KHZ] = gain - unwanted_gain(linear, common, system)
        if input_node >= 0:
            result[OFFSET] = v[bench.output] - v[input_node]
        if input_node >= 0 and slew_steps > 0:
            unity = _USUAL_UGBW if math.isnan(ugbw) else ugbw
            settling = _SETTLING / (2.0 * math.pi * unity)
            period = 2.0 * (_SETTLING * _SWING_V / slew_estimates[i] + settling)
            v[input_node] -= 0.5 * _SWING_V
            if operating_point(sized, bench.starts, v):
                pulse = Pulse(input_node, bench.output, period, slew_steps)
                result[SLEW] = _PER_US * slew_rate(sized, pulse, v)


@COMPILER.kernel
def measure_transimpedances(
    bench: Bench, designs: Array, signal: Wiring, noise_grid: Array, results: Array
) -> None:
    """Fill ``results`` of amplifiers of a current; arguments as of `measure_amplifiers`.

    ``noise_grid`` are the frequencies over which the output's noise is summed.
    """
    mos, v, linear = room_for_design(bench)
    system = room_for_system(len(signal.inject))
    for i in range(len(designs)):
        result = results[i]
        sized, found = bias(bench, designs[i], 0.0, mos, v, result)
        if not found:
            continue
        measure_bias(bench, sized, v, linear, result)
        assemble(linear, signal, system)
        sweep_transimpedance(system, bench.grid, result)
        power = last = 0.0
        for k in range(len(noise_grid)):
            hertz = noise_grid[k]
            noise = noise_density(sized, linear.noise, bench.temperature, signal, system, hertz)
            if k > 0:
                power += 0.5 * (noise + last) * (hertz - noise_grid[k - 1])
            last = noise
        result[OUTPUT_NOISE] = math.sqrt(power)
        result[NOISE_10MHZ] = input_noise(bench, sized, linear, signal, system, _10MHZ)


@COMPILER.kernel
def measure_regulators(
    bench: Bench,
    designs: Array,
    loop: Wiring,
    ripple: Wiring,
    target: float,
    load: float,
    light_load: float,
    results: Array,
) -> None:
    """Fill ``results`` of regulators; arguments as of `measure_amplifiers`.

    ``loop`` is the wiring of the opened loop, ``ripple`` of the closed one with a signal on the
    supply; ``target`` the wanted output, ``load`` and ``light_load`` currents drawn from it.
    """
    mos, v, linear = room_for_design(bench)
    opened, closed = room_for_system(len(loop.inject)), room_for_system(len(ripple.inject))
    for i in range(len(designs)):
        result = results[i]
        _, found = bias(bench, designs[i], light_load, mos, v, result)
        if not found:
            continue
        lightly = v[bench.output]
        sized, found = bias(bench, designs[i], load, mos, v, result)
        if not found:
            continue
        measure_bias(bench, sized, v, linear, result)
        result[OUTPUT_ERROR] = v[bench.output] - target
        result[LOAD_REGULATION] = lightly - v[bench.output]
        result[QUIESCENT] = result[POWER] / bench.supply
        assemble(linear, loop, opened)
        gain, ugbw, margin = unity_crossing(opened, -1.0, bench.grid)
        result[GAIN_DB], result[UGBW], result[PHASE_MARGIN] = gain, ugbw, margin
        assemble(linear, ripple, closed)
        result[PSR_1KHZ] = decibels(response(closed, _1KHZ))
        result[PSR_1MHZ] = decibels(response(closed, _1MHZ))
        noise = noise_density(sized, linear.noise, bench.temperature, ripple, closed, _10KHZ)
        result[NOISE_10KHZ] = math.sqrt(noise)


@COMPILER.helper
def room_for_design(bench: Bench) -> tuple[Array, Array, Linear]:
    """Return room for transistors, node voltages and the linearised circuit."""
    transistors, nodes = len(bench.net.mos_sign), len(bench.base)
    mos = np.empty((transistors, N_MOS_FIELDS))
    return mos, np.empty(nodes), room_for_linear(nodes, transistors)


@COMPILER.helper
def bias(
    bench: Bench, values: Array, load: float, mos: Array, v: Array, result: Array
) -> tuple[Sized, bool]:
    """Return a design with a load at the output, and whether an operating point was found."""
    result[:] = math.nan
    result[CONVERGED] = 0.0
    load_row = bench.row[bench.output] if load != 0.0 else -1
    sized = Sized(bench.net, bench.models, mos, values, bench.row, bench.gmin, load, load_row)
    tie_nodes(bench, values, v)
    found = size_transistors(bench, values, mos) and operating_point(sized, bench.starts, v)
    return sized, found and is_known(sized, v)


@COMPILER.helper
def tie_nodes(bench: Bench, values: Array, v: Array) -> None:
    """Set the given nodes, those behind voltage sources included."""
    v[:] = bench.base
    for k in range(len(bench.net.tie_sign)):
        node, parent, value = bench.net.ties[k]
        v[node] = v[parent] + bench.net.tie_sign[k] * values[value]


@COMPILER.helper
def measure_bias(bench: Bench, sized: Sized, v: Array, linear: Linear, result: Array) -> None:
    """Fill ``linear`` and what the operating point tells of the circuit without its load."""
    result[CONVERGED] = 1.0
    result[LEAST_CURRENT] = linearise(sized, v, bench.temperature, linear)
    result[POWER] = supply_power(bench, sized, linear)
    result[VOUT] = v[bench.output]


@COMPILER.helper
def supply_power(bench: Bench, sized: Sized, linear: Linear) -> float:
    """Return the power that is drawn from the supply, a load's current excepted."""
    drawn = 0.0
    for node in range(len(bench.fed)):
        drawn += bench.fed[node] * linear.leaves[node]
    return bench.supply * (drawn - sized.load)


@COMPILER.helper
def unwanted_gain(linear: Linear, wiring: Wiring, system: System) -> float:
    """Return the gain of a signal that should not matter at 1 kHz, in dB."""
    assemble(linear, wiring, system)
    return decibels(response(system, _1KHZ))


@COMPILER.helper
def input_noise(
    bench: Bench, sized: Sized, linear: Linear, wiring: Wiring, system: System, hertz: float
) -> float:
    """Return the square root of the noise density that the input would need."""
    noise = noise_density(sized, linear.noise, bench.temperature, wiring, system, hertz)
    return math.sqrt(noise) / abs(response(system, hertz))


@COMPILER.helper
def sweep_transimpedance(system: System, grid: Array, result: Array) -> None:
    """Fill transimpedance at the first frequency, bandwidth and peaking."""
    first = before = peak = decibels(response(system, grid[0]))
    for k in range(1, len(grid)):
        level = decibels(response(system, grid[k]))
        peak = max(peak, level)
        edge = first - _HALF_POWER_DB
        if before >= edge > level and math.isnan(result[BANDWIDTH]):
            share = (before - edge) / (before - level)
            result[BANDWIDTH] = grid[k - 1] * (grid[k] / grid[k - 1]) ** share
        before = level
    result[TRANSIMPEDANCE], result[PEAKING] = first, peak - first
