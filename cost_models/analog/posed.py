"""Which designs are circuits at all: level 1 knows no current below threshold.

Where a branch is starved, its current is what the solver puts across junctions so that its
equations have a solution (gmin), and gain and bandwidth follow that number, not the circuit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from archgym.cost_models.analog.circuit import COMPARATOR, REGULATOR
from archgym.cost_models.analog.metrics import (
    CONVERGED,
    LEAST_CURRENT,
    LOAD_REGULATION,
    OFFSET,
    OUTPUT_ERROR,
)
from archgym.outcome import Floats

LEAST_A = 1e-9
_FLOOR_A = 1e-15
REGULATES_V = 0.05
UNSOLVED_VIOLATION = 10.0  # more than any starved branch
UNSOLVED = "no operating point was found"
NEVER_TRIPS_VIOLATION = 5.0
NEVER_TRIPS = "ill-posed: no input within the supply brings its output to half of it"


def violations(bench: str, metrics: Mapping[str, Floats]) -> tuple[Floats, dict[int, str]]:
    """Return by how much each design is ill-posed, 0 where it is well-posed, and reasons.

    A starved branch counts by the decades that it lacks to 1 nA, a regulator that does not
    regulate by its error relative to 50 mV. A comparator that never trips violates as much as
    a branch that lacks five decades.
    """
    current, unsolved = metrics[LEAST_CURRENT], metrics[CONVERGED] != 1.0
    starved = np.where(current >= LEAST_A, 0.0, np.log10(LEAST_A / np.maximum(current, _FLOOR_A)))
    violation = starved
    if bench == REGULATOR:
        error, drop = metrics[OUTPUT_ERROR], metrics[LOAD_REGULATION]
        off = np.maximum(np.abs(error) - REGULATES_V, 0.0) / REGULATES_V
        off = off + np.maximum(drop - REGULATES_V, 0.0) / REGULATES_V
        violation = starved + off + np.where(drop > 0, 0.0, 1.0)
    if bench == COMPARATOR:
        violation = np.where(np.isnan(metrics[OFFSET]), NEVER_TRIPS_VIOLATION, violation)
    violation = np.where(unsolved, UNSOLVED_VIOLATION, violation)
    reasons = {}
    for row in np.flatnonzero(violation).tolist():
        reasons[row] = _reason(bool(unsolved[row]), float(starved[row]), metrics, row)
    return violation, reasons


def _reason(unsolved: bool, starved: float, metrics: Mapping[str, Floats], row: int) -> str:
    if unsolved:
        return UNSOLVED
    if np.isnan(starved):
        return NEVER_TRIPS
    if starved > 0:
        current = metrics[LEAST_CURRENT][row]
        return (
            f"ill-posed: a branch is starved, its current {current:.2g} A is below {LEAST_A:g} A"
        )
    error, drop = metrics[OUTPUT_ERROR][row], metrics[LOAD_REGULATION][row]
    return (
        f"ill-posed: it does not regulate, output_error_v {error:.3g} and load_regulation_v"
        f" {drop:.3g} must be below {REGULATES_V:g}, the latter above 0"
    )
