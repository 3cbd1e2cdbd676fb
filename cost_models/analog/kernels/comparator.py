"""The bench of comparators: where they trip, and how long they take to decide."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.benches import (
    bias,
    input_noise,
    room_for_design,
    supply_power,
)
from archgym.cost_models.analog.kernels.device import fill_capacitances
from archgym.cost_models.analog.kernels.layout import (
    COMPILER,
    CONVERGED,
    DELAY_FALL,
    DELAY_RISE,
    GAIN_DB,
    LEAST_CURRENT,
    NOISE_1KHZ,
    NOISE_1MHZ,
    OFFSET,
    POWER,
    Balance,
    Bench,
    Decision,
    Linear,
    Sized,
    System,
    Wiring,
)
from archgym.cost_models.analog.kernels.operating_point import newton, operating_point
from archgym.cost_models.analog.kernels.small_signal import (
    assemble,
    decibels,
    linearise,
    response,
    room_for_system,
)
from archgym.cost_models.analog.kernels.transient import advance, room_for_state
from archgym.cost_models.compiled import Array

_LOWEST_HZ, _1KHZ, _1MHZ = 10.0, 1e3, 1e6
_HALVINGS = 52  # of the supply, down to the rounding of doubles
_EDGE_STEPS, _PER_STEP_V, _GROWTH, _RETREAT = 4, 0.005, 2.0, 0.25
_LEAST_CHANGE_V, _ROUNDING = 1e-6, 1e-9
_MOST_STEPS = 5_000  # some ten times what a decision takes


@COMPILER.kernel
def measure_comparators(
    bench: Bench, designs: Array, signal: Wiring, decision: Decision, delays: bool, results: Array
) -> None:
    """Fill ``results`` of comparators; arguments as of `measure_amplifiers`.

    Gain, noise and the least current are those of the trip point, the input at which the output
    lies at its threshold; power is the mean of the two states before decisions. ``delays`` says
    whether these are measured. Where no input trips it a comparator has no metrics.
    """
    mos, v, linear = room_for_design(bench)
    system = room_for_system(len(signal.inject))
    for i in range(len(designs)):
        result = results[i]
        sized, found = bias(bench, designs[i], 0.0, mos, v, result)
        if not found:
            continue
        result[CONVERGED] = 1.0
        reference = v[decision.input]
        trip = trip_point(bench, sized, decision, v)
        if math.isnan(trip):
            continue
        result[OFFSET] = trip - reference
        measure_trip(bench, sized, signal, v, linear, system, result)
        measure_decisions(bench, sized, decision, trip, delays, v, linear, result)


@COMPILER.helper
def measure_trip(
    bench: Bench,
    sized: Sized,
    signal: Wiring,
    v: Array,
    linear: Linear,
    system: System,
    result: Array,
) -> None:
    """Fill what small signals about the trip point tell."""
    result[LEAST_CURRENT] = linearise(sized, v, bench.temperature, linear)
    assemble(linear, signal, system)
    result[GAIN_DB] = decibels(response(system, _LOWEST_HZ))
    result[NOISE_1KHZ] = input_noise(bench, sized, linear, signal, system, _1KHZ)
    result[NOISE_1MHZ] = input_noise(bench, sized, linear, signal, system, _1MHZ)


@COMPILER.helper
def trip_point(bench: Bench, sized: Sized, decision: Decision, v: Array) -> float:
    """Return the input that brings the output to its threshold, by bisection; NaN for none.

    ``v`` is left at that operating point.
    """
    low, high = 0.0, bench.supply
    for halving in range(-2, _HALVINGS):
        # the ends are tried first: between them the output must rise through its threshold
        middle = low if halving == -2 else high if halving == -1 else 0.5 * (low + high)
        if not settle(bench, sized, decision, middle, v):
            return math.nan
        above = v[bench.output] >= decision.threshold
        if halving < 0:
            if above == (halving == -2):
                return math.nan
        elif above:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


@COMPILER.helper
def settle(bench: Bench, sized: Sized, decision: Decision, volts: float, v: Array) -> bool:
    """Find the operating point for an input, near the one that ``v`` holds or anywhere."""
    held = v.copy()
    v[decision.input] = volts
    n = sized.row.max() + 1
    if newton(sized, 0.0, v, Balance(np.empty(n), np.empty((n, n)))):
        return True
    v[:] = held
    v[decision.input] = volts
    return operating_point(sized, bench.starts, v)


@COMPILER.helper
def measure_decisions(
    bench: Bench,
    sized: Sized,
    decision: Decision,
    trip: float,
    delays: bool,
    v: Array,
    linear: Linear,
    result: Array,
) -> None:
    """Fill power and delays of a rise and a fall of the output."""
    power = 0.0
    for up, place in ((1.0, DELAY_RISE), (-1.0, DELAY_FALL)):
        if not settle(bench, sized, decision, trip - up * decision.step_v, v):
            return
        linearise(sized, v, bench.temperature, linear)
        power += 0.5 * supply_power(bench, sized, linear)
        if delays:
            overdriven = trip + up * decision.overdrive_v
            result[place] = delay(bench, sized, decision, overdriven, v.copy())
    result[POWER] = power


@COMPILER.helper
def delay(bench: Bench, sized: Sized, decision: Decision, volts: float, v: Array) -> float:
    """Return how long after its input steps to ``volts`` the output passes its threshold.

    Time is counted from the middle of the input's edge. Each step is as long as the voltages'
    change within the last one lets expect 5 mV of it. NaN where the output has not passed
    after the longest time, or oscillates.
    """
    state = room_for_state(sized, len(v))
    state.volts[:] = v
    fill_capacitances(sized, v, state.before)
    held, start = v.copy(), v[decision.input]
    up = volts > start
    t, h, smooth = 0.0, decision.edge_s / _EDGE_STEPS, False
    for _ in range(_MOST_STEPS):
        held[:] = v
        v[decision.input] = start + (volts - start) * min((t + h) / decision.edge_s, 1.0)
        if not advance(sized, h, 1.0 if smooth else 0.0, v, state):
            v[:] = held
            h *= _RETREAT
            continue
        before, after = held[bench.output], v[bench.output]
        if (after >= decision.threshold) == up:
            share = (decision.threshold - before) / (after - before)
            return t + share * h - 0.5 * decision.edge_s  # type: ignore[no-any-return]
        rises = t < decision.edge_s * (1.0 - _ROUNDING)
        t += h
        if t > decision.longest_s:
            return math.nan
        smooth = not rises or t < decision.edge_s * (1.0 - _ROUNDING)
        if smooth and not rises:
            change = np.abs(v - held).max()
            h *= min(max(_PER_STEP_V / max(change, _LEAST_CHANGE_V), _RETREAT), _GROWTH)
    return math.nan
