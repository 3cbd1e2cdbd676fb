"""From ngspice's vectors to metrics, by the definitions of the benches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog import metrics as m
from archgym.cost_models.analog.circuit import (
    AMPLIFIER,
    COMMON_SOURCE,
    COMPARATOR,
    TRANSIMPEDANCE,
    Circuit,
)
from archgym.cost_models.analog.conditions import EDGE_S, LOAD_A, REGULATED, TRIP_SHARE
from archgym.cost_models.analog.deck_sources import (
    BUFFER,
    CLOSED,
    COMMON,
    FALL,
    LIGHT,
    RIPPLE,
    RISE,
)

Array = NDArray[np.complex128]
Plot = Mapping[str, Array]  # vector -> values; "scale" is the abscissa
_HALF_POWER_DB = 3.0103
_FAR_OFF_V = 0.01  # from half the supply, of a comparator's output


def small_signal_metrics(
    circuit: Circuit, supply: float, plots: Sequence[Plot]
) -> dict[str, float]:
    """Return metrics of the plots of `archgym.cost_models.analog.deck.make_deck`."""
    direct, sweep, noise = plots
    if circuit.bench == COMPARATOR:
        return _comparator_metrics(circuit, supply, direct, sweep, noise)
    if circuit.bench in (AMPLIFIER, COMMON_SOURCE):
        found = _gain_metrics(circuit, sweep, noise) | _rejection(sweep)
    elif circuit.bench == TRANSIMPEDANCE:
        found = _transimpedance_metrics(sweep, noise)
    else:
        return _regulator_metrics(supply, direct, sweep, noise)
    out = _real(direct["v(out)"])
    found |= {m.VOUT: out, m.POWER: -_real(direct["i(vdd)"]) * supply}
    if circuit.bench == AMPLIFIER:
        found[m.OFFSET] = out - circuit.common_mode * supply
    return found | _least(direct)


def delay_s(plot: Plot, suffix: str, supply: float) -> float:
    """Return how long a comparator takes to decide, NaN where it has not within the plot."""
    sign = 1.0 if suffix == RISE else -1.0
    times, levels = plot["scale"].real, sign * plot[f"v(out{suffix})"].real
    return _reached(times, levels, sign * TRIP_SHARE * supply) - 0.5 * EDGE_S


def decided_power_w(states: Plot, supply: float) -> float:
    """Return the mean power of a comparator that has decided either way."""
    return -0.5 * supply * sum(_real(states[f"i(vdd{suffix})"]) for suffix in (RISE, FALL))


def slew_v_per_us(plot: Plot, period: float) -> float:
    """Return the slew rate between 20 and 80 % of the response, NaN where that is small."""
    times, levels = plot["scale"].real, plot[f"v(out{BUFFER})"].real
    begin = float(levels[times < 0.02 * period].mean())
    end = float(np.interp(0.5 * period, times, levels))
    if not end - begin > 0.1:
        return float("nan")
    low, high = (_reached(times, levels, begin + k * (end - begin)) for k in (0.2, 0.8))
    return 0.6 * (end - begin) / (high - low) * 1e-6


def _reached(times: NDArray[np.float64], levels: NDArray[np.float64], level: float) -> float:
    up = np.flatnonzero((levels[:-1] < level) & (levels[1:] >= level))
    if not len(up):
        return float("nan")
    k = int(up[0])
    share = (level - levels[k]) / (levels[k + 1] - levels[k])
    return float(times[k] + share * (times[k + 1] - times[k]))


def _gain_metrics(circuit: Circuit, sweep: Plot, noise: Plot) -> dict[str, float]:
    sign = -1.0 if circuit.bench == COMMON_SOURCE else 1.0
    hertz, gain = sweep["scale"].real, sign * sweep["v(out)"]
    found = unity_metrics(hertz, gain)
    for name, spot in ((m.NOISE_1KHZ, 1e3), (m.NOISE_1MHZ, 1e6)):
        at = _at(noise["scale"].real, spot)
        density = noise["onoise_spectrum"].real[at]
        found[name] = float(density / abs(gain[_at(hertz, spot)]))
    return found


def _comparator_metrics(
    circuit: Circuit, supply: float, direct: Plot, sweep: Plot, noise: Plot
) -> dict[str, float]:
    """Return metrics at the trip point; there are none where no input leads there."""
    if abs(_real(direct["v(out)"]) - TRIP_SHARE * supply) > _FAR_OFF_V:
        return {}
    found = _gain_metrics(circuit, sweep, noise)
    found = {name: found[name] for name in (m.GAIN, m.NOISE_1KHZ, m.NOISE_1MHZ)}
    found[m.OFFSET] = _real(direct["v(inp)"]) - circuit.common_mode * supply
    return found | _least(direct)


def _rejection(sweep: Plot) -> dict[str, float]:
    """Return gain over the gains from supply and common mode, where they are in the plot."""
    at = _at(sweep["scale"].real, 1e3)
    return {
        name: float(20.0 * np.log10(np.abs(sweep["v(out)"][at] / sweep[f"v(out{suffix})"][at])))
        for name, suffix in ((m.PSRR_1KHZ, RIPPLE), (m.CMRR_1KHZ, COMMON))
        if f"v(out{suffix})" in sweep
    }


def unity_metrics(hertz: NDArray[np.float64], gain: Array) -> dict[str, float]:
    """Return gain, unity-gain frequency and phase margin; the latter NaN without a crossing."""
    level, phase = 20.0 * np.log10(np.abs(gain)), np.degrees(np.unwrap(np.angle(gain)))
    found = {m.GAIN: float(level[0]), m.UGBW: float("nan"), m.PHASE_MARGIN: float("nan")}
    down = np.flatnonzero((level[:-1] >= 0.0) & (level[1:] < 0.0))
    if len(down):
        k = int(down[0])
        share = level[k] / (level[k] - level[k + 1])
        found[m.UGBW] = float(hertz[k] * (hertz[k + 1] / hertz[k]) ** share)
        margin = 180.0 + phase[k] + share * (phase[k + 1] - phase[k])
        found[m.PHASE_MARGIN] = float(margin - 360.0 * np.round(phase[0] / 360.0))
    return found


def _transimpedance_metrics(sweep: Plot, noise: Plot) -> dict[str, float]:
    hertz, level = sweep["scale"].real, 20.0 * np.log10(np.abs(sweep["v(out)"]))
    edge = level[0] - _HALF_POWER_DB
    down = np.flatnonzero((level[:-1] >= edge) & (level[1:] < edge))
    bandwidth = float("nan")
    if len(down):
        k = int(down[0])
        share = (level[k] - edge) / (level[k] - level[k + 1])
        bandwidth = float(hertz[k] * (hertz[k + 1] / hertz[k]) ** share)
    grid, density = noise["scale"].real, noise["onoise_spectrum"].real
    ohms = abs(sweep["v(out)"][_at(hertz, 1e7)])
    return {
        m.TRANSIMPEDANCE_DB: float(level[0]),
        m.BANDWIDTH: bandwidth,
        m.PEAKING: float(level.max() - level[0]),
        m.OUTPUT_NOISE: float(np.sqrt(np.trapezoid(density**2, grid))),
        m.NOISE_10MHZ: float(density[_at(grid, 1e7)] / ohms),
    }


def _regulator_metrics(supply: float, direct: Plot, sweep: Plot, noise: Plot) -> dict[str, float]:
    hertz = sweep["scale"].real
    out = _real(direct[f"v(out{CLOSED})"])
    quiescent = -_real(direct[f"i(vdd{CLOSED})"]) - LOAD_A
    ripple = 20.0 * np.log10(np.abs(sweep[f"v(out{CLOSED})"]))
    return {
        **unity_metrics(hertz, -sweep["v(fb)"] / sweep["v(fbg)"]),
        m.VOUT: out,
        m.QUIESCENT: quiescent,
        m.POWER: supply * quiescent,
        m.OUTPUT_ERROR: out - REGULATED * supply,
        m.LOAD_REGULATION: _real(direct[f"v(out{LIGHT})"]) - out,
        m.PSR_1KHZ: float(ripple[_at(hertz, 1e3)]),
        m.PSR_1MHZ: float(ripple[_at(hertz, 1e6)]),
        m.NOISE_10KHZ: float(noise["onoise_spectrum"].real[0]),
        **_least(direct),
    }


def _least(direct: Plot) -> dict[str, float]:
    currents = [abs(_real(values)) for name, values in direct.items() if name.endswith("[id]")]
    return {m.LEAST_CURRENT: min(currents)}


def _real(values: Array) -> float:
    return float(values[0].real)


def _at(grid: NDArray[np.float64], hertz: float) -> int:
    return int(np.argmin(np.abs(np.log(grid / hertz))))
