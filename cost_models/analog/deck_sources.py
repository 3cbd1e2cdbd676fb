"""The sources that hold a circuit on its bench in a deck for ngspice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archgym.cost_models.analog.circuit import (
    AMPLIFIER,
    COMMON_SOURCE,
    COMPARATOR,
    TRANSIMPEDANCE,
    Circuit,
)
from archgym.cost_models.analog.conditions import (
    EDGE_S,
    LIGHT_LOAD_A,
    LOAD_A,
    OVERDRIVE_V,
    STEP_V,
    TRIP_SHARE,
)

HUGE_H, HUGE_F = "1e12", "1e9"
SWING_V = 0.4
BUFFER, CLOSED, LIGHT = "_b", "_c", "_l"  # copies: that slews; of a regulator, at two loads
RIPPLE, COMMON = "_v", "_m"  # of an amplifier: a signal on the supply, on both inputs
RISE, FALL = "_r", "_f"  # of a comparator that decides
# What holds a comparator at its trip point: less gain leaves its output further off half the
# supply, but finds it where more of it ends at a rail; a larger capacitor would drown the other
# admittances in ngspice's matrix.
SERVO_GAINS, _SERVO_F = (1e3, 1e2, 1e1), "1"


@dataclass(frozen=True)
class Place:
    """Which copy of a circuit it is, and what its sources need to know.

    Attributes:
        suffix: Of its nodes and elements.
        period: Of the pulse, in seconds.
        trip_v: Input at which a comparator's output lies at half the supply.
        servo_gain: Of what holds it there.
    """

    suffix: str
    period: float = 0.0
    trip_v: float = 0.0
    servo_gain: float = SERVO_GAINS[0]


def joined(suffix: str) -> dict[str, str]:
    """Return nodes of a copy that are connected to others."""
    if suffix == BUFFER:
        return {"inn": "out"}
    return {"fbg": "fb"} if suffix in (CLOSED, LIGHT) else {}


def sources(
    circuit: Circuit, place: Place, node: Callable[[str], str], supply_v: float
) -> list[str]:
    """Return the lines of one copy's sources; ``node`` names its nodes in the deck."""
    s, common = place.suffix, circuit.common_mode * supply_v
    supply = f"vdd{s} {node('vdd')} 0 dc {supply_v:.9g}"
    bench = circuit.bench
    if s == BUFFER:
        return [supply, f"vin{s} {node('inp')} 0 {_pulse(common, place.period)}"]
    if bench == AMPLIFIER:
        return _amplifier(s, node, supply, common)
    if bench == COMPARATOR:
        reference = f"vref{s} {node('inn')} 0 dc {common:.9g}"
        if s:
            return [supply, reference, f"vin{s} {node('inp')} 0 {_step(place)}"]
        return [supply, reference, *_servo(common, supply_v, place.servo_gain)]
    if bench == COMMON_SOURCE:
        drive = ["vin source 0 dc 0 ac 1", f"cbench source inn {HUGE_F}", "vinp inp 0 dc 0"]
        return [supply, f"lbench out inn {HUGE_H}", *drive]
    if bench == TRANSIMPEDANCE:
        return [supply, "iin 0 in dc 0 ac 1"]
    load = LIGHT_LOAD_A if s == LIGHT else LOAD_A
    reference = f"vref{s} {node('ref')} 0 dc {supply_v / 2:.9g}"
    shared = [reference, f"iload{s} {node('out')} 0 dc {load:g}"]
    if s:
        return [supply + " ac 1", *shared]
    opened = [f"lbench fb fbg {HUGE_H}", f"cbench fbg source {HUGE_F}"]
    return [supply, *shared, *opened, "vin source 0 dc 0 ac 1"]


def _amplifier(s: str, node: Callable[[str], str], supply: str, common: float) -> list[str]:
    """Return the sources of a buffer whose loop is open to signals."""
    far = node("inp") if s == COMMON else "0"
    signal = "" if s == RIPPLE else " ac 1"
    return [
        supply + (" ac 1" if s == RIPPLE else ""),
        f"vin{s} {node('inp')} 0 dc {common:.9g}{signal}",
        f"lbench{s} {node('out')} {node('inn')} {HUGE_H}",
        f"cbench{s} {node('inn')} {far} {HUGE_F}",
    ]


def _servo(common: float, supply_v: float, gain: float) -> list[str]:
    """Return what finds the input, within the supply, that brings the output to its half."""
    error = f"{common:.9g}+{gain:g}*({TRIP_SHARE * supply_v:.9g}-v(out))"
    return [
        f"bservo servo 0 v=max(0,min({supply_v:.9g},{error}))",
        f"lbench servo inp {HUGE_H}",
        f"cbench source inp {_SERVO_F}",
        "vin source 0 dc 0 ac 1",
    ]


def _pulse(common: float, t: float) -> str:
    low, high = common - SWING_V / 2, common + SWING_V / 2
    edges = f"{0.02 * t:.9g} {1e-4 * t:.9g} {1e-4 * t:.9g}"
    return f"pulse({low:.9g} {high:.9g} {edges} {0.5 * t:.9g} {t:.9g})"


def _step(place: Place) -> str:
    """Return the step of a comparator's input; its middle is at 0.5 `EDGE_S`."""
    up = 1.0 if place.suffix == RISE else -1.0
    begin = place.trip_v - up * STEP_V
    end = place.trip_v + up * OVERDRIVE_V
    return f"pwl(0 {begin:.12g} {EDGE_S:.9g} {end:.12g})"
