"""The response of a unity-gain buffer to a pulse, by the trapezoidal rule."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.analog.kernels.device import fill_capacitances
from archgym.cost_models.analog.kernels.layout import COMPILER, Balance, Pulse, Sized, State
from archgym.cost_models.analog.kernels.linear import solve
from archgym.cost_models.analog.kernels.operating_point import balance_currents, move
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
def room_for_state(sized: Sized, nodes: int) -> State:
    """Return room for the state of a circuit in which no charge flows yet."""
    n = sized.row.max() + 1
    before, after = np.empty((nodes, nodes)), np.empty((nodes, nodes))
    balance = Balance(np.empty(n), np.empty((n, n)))
    return State(np.empty(nodes), np.zeros(nodes), before, after, balance)


@COMPILER.helper
def advance(sized: Sized, h: float, memory: float, v: Array, state: State) -> bool:
    """Take one step of ``h`` seconds; the given nodes hold their new voltage in ``v``.

    ``memory`` is 1 for the trapezoidal rule, 0 for backward Euler. A step adds to the charges
    the change of voltages times the mean of the capacitances before and after it.
    """
    row, balance = sized.row, state.balance
    scale = (1.0 + memory) / h
    for _ in range(_ITERATIONS):
        balance_currents(sized, v, balance)
        fill_capacitances(sized, v, state.after)
        for i in range(len(row)):
            r = row[i]
            if r >= 0:
                balance.f[r] -= memory * state.amperes[i]
                for j in range(len(row)):
                    g = 0.5 * (state.before[i, j] + state.after[i, j]) * scale
                    balance.f[r] += g * (v[j] - state.volts[j])
                    if row[j] >= 0:
                        balance.jacobian[r, row[j]] += g
        if not solve(balance.jacobian, balance.f):
            return False
        size = move(row, v, balance.f)
        if not math.isfinite(size):
            return False
        if size < _LOOSE:
            remember(sized, scale, memory, v, state)
            return True
    return False


@COMPILER.helper
def remember(sized: Sized, scale: float, memory: float, v: Array, state: State) -> None:
    """Bring the state to the end of a step."""
    fill_capacitances(sized, v, state.after)
    for i in range(len(v)):
        current = -memory * state.amperes[i]
        for j in range(len(v)):
            g = 0.5 * (state.before[i, j] + state.after[i, j]) * scale
            current += g * (v[j] - state.volts[j])
        state.amperes[i] = current
    state.volts[:] = v
    state.before[:] = state.after


@COMPILER.helper
def slew_rate(sized: Sized, pulse: Pulse, v: Array) -> float:
    """Return the slew rate in V/s between 20 and 80 % of the response, NaN where it is small.

    The input rises by 0.4 V from the operating point ``v`` within 1e-4 of the period, from 0.02
    of it on; the response is read until half of it. The steps cover that time evenly, after
    smaller ones about the edge and where a step has to be repeated with a fraction of its length.
    """
    state = room_for_state(sized, len(v))
    state.volts[:] = v
    fill_capacitances(sized, v, state.before)
    times, levels = np.empty(_ROOM * pulse.steps), np.empty(_ROOM * pulse.steps)
    begin, taken = v[pulse.output], 1
    times[0], levels[0] = 0.0, begin
    rise, end = _RISE * pulse.period, (_END - _DELAY) * pulse.period
    longest, low = end / pulse.steps, v[pulse.input]
    h = rise / _EDGE_STEPS
    held = v.copy()
    while times[taken - 1] < end * (1.0 - _ROUNDING):
        t = times[taken - 1] + h
        held[:] = v
        v[pulse.input] = low + _SWING_V * min(t / rise, 1.0)
        edge = taken == 1 or taken == _EDGE_STEPS + 1
        if not advance(sized, h, 0.0 if edge else 1.0, v, state):
            v[:] = held
            h *= _RETREAT
            if h < _SHORTEST * longest:
                return math.nan
            continue
        times[taken], levels[taken] = t, v[pulse.output]
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
