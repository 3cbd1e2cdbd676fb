"""From results of a bench to measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from archgym.cost_models.analog.circuit import COMPARATOR, TRANSIMPEDANCE, Circuit
from archgym.cost_models.analog.metrics import (
    BANDWIDTH,
    DELAY_FALL,
    DELAY_RISE,
    MERIT,
    NAMES,
    POWER,
    RESULTS,
    TRANSIMPEDANCE_DB,
    UGBW,
    WELL_POSED,
)
from archgym.cost_models.analog.posed import violations
from archgym.outcome import Floats, Measurements


def measurements(circuit: Circuit, results: Floats, names: Sequence[str] = NAMES) -> Measurements:
    """Return results (n, N_RESULTS) as metrics, with what is derived from them.

    ``names`` are the metrics that are returned; those that are no results are NaN, and so are
    decibels of nothing, as where no signal reaches the output.
    """
    columns = zip(RESULTS, results.T, strict=False)
    found = {name: np.where(np.isfinite(values), values, np.nan) for name, values in columns}
    violation, reasons = violations(circuit.bench, found)
    found[WELL_POSED] = (violation == 0.0).astype(np.float64)
    found[MERIT] = _merit(circuit, found)
    none = np.full(len(results), np.nan)
    metrics = {name: found.get(name, none) for name in names}
    status = np.zeros(len(results), dtype=np.uint8)
    return Measurements(metrics, violation, status, reasons)


def _merit(circuit: Circuit, metrics: Mapping[str, Floats]) -> Floats:
    if circuit.bench == TRANSIMPEDANCE:
        ohms = 10.0 ** (metrics[TRANSIMPEDANCE_DB] / 20.0)
        return ohms * metrics[BANDWIDTH] / metrics[POWER]
    if circuit.bench == COMPARATOR:
        return 1.0 / (np.maximum(metrics[DELAY_RISE], metrics[DELAY_FALL]) * metrics[POWER])
    return metrics[UGBW] / metrics[POWER]
