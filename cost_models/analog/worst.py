"""The worst of what is measured at several corners and of mismatched circuits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog.circuit import AMPLIFIER, COMPARATOR, REGULATOR
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.corners import ZERO_CELSIUS_K
from archgym.cost_models.analog.metrics import (
    CONVERGED,
    LEAST_CURRENT,
    OFFSET,
    OFFSET_SIGMA,
    OUTPUT_ERROR,
    WELL_POSED,
)
from archgym.metric import Metric
from archgym.outcome import Floats, Measurements

# Metrics without a better direction: the least, or the furthest from 0; others are the first's.
_LEAST = (LEAST_CURRENT, CONVERGED, WELL_POSED)
_FURTHEST = (OFFSET, OUTPUT_ERROR)
_SPREAD = {AMPLIFIER: OFFSET, COMPARATOR: OFFSET, REGULATOR: OUTPUT_ERROR}


def worst_of(
    cases: Sequence[Conditions],
    measured: Sequence[Measurements],
    metrics: Sequence[Metric],
    bench: str,
) -> Measurements:
    """Return each metric's worst value over the cases; missing in one it is missing.

    Feasibility and its reason are those of the case that violates most.
    """
    if len(cases) == 1:
        return measured[0]
    stacks = {m.name: np.stack([part.metrics[m.name] for part in measured]) for m in metrics}
    worst = {m.name: _worst(m, stacks[m.name]) for m in metrics}
    if OFFSET_SIGMA in worst and bench in _SPREAD:
        worst[OFFSET_SIGMA] = _spread(cases, stacks[_SPREAD[bench]])
    violations = np.stack([part.violation for part in measured])
    status = np.stack([part.status for part in measured])
    case = np.argmax(np.where(status > 0, np.inf, violations), axis=0)
    rows = np.arange(len(case))
    reasons = {
        row: f"{cases[k]}: {measured[k].error[row]}"
        for row, k in enumerate(case.tolist())
        if row in measured[k].error
    }
    return Measurements(worst, violations[case, rows], status[case, rows], reasons)


def case_table(
    cases: Sequence[Conditions], measured: Sequence[Measurements]
) -> Mapping[str, NDArray[Any]]:
    """Return the metrics of one design case by case, those that it has."""
    table: dict[str, NDArray[Any]] = {
        "process": np.array([case.process for case in cases]),
        "supply_scale": np.array([case.supply_scale for case in cases]),
        "temperature_c": np.array([case.temperature_k - ZERO_CELSIUS_K for case in cases]),
        "sample": np.array([case.sample for case in cases]),
    }
    for name in measured[0].metrics:
        values = np.concatenate([part.metrics[name] for part in measured])
        if not np.isnan(values).all():
            table[name] = values
    return table


def _worst(metric: Metric, stack: Floats) -> Floats:
    """Return the worst of (cases, n), NaN where any is."""
    if metric.direction == "maximize" or metric.name in _LEAST:
        return np.asarray(stack.min(axis=0))
    if metric.direction == "minimize":
        return np.asarray(stack.max(axis=0))
    if metric.name in _FURTHEST:
        far = np.argmax(np.where(np.isnan(stack), np.inf, np.abs(stack)), axis=0)
        return np.asarray(stack[far, np.arange(stack.shape[1])])
    return np.asarray(stack[0])


def _spread(cases: Sequence[Conditions], stack: Floats) -> Floats:
    """Return the standard deviation about the matched circuit, at the corner where it is most."""
    corners = dict.fromkeys(case.corner for case in cases)
    found = []
    for corner in corners:
        rows = [k for k, case in enumerate(cases) if case.corner == corner]
        matched, samples = stack[rows[0]], stack[rows[1:]]
        found.append(np.sqrt(np.mean((samples - matched) ** 2, axis=0)))
    return np.asarray(np.max(found, axis=0))
