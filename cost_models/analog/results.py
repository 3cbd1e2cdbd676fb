"""From results of a bench to measurements."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from archgym.cost_models.analog.circuit import TRANSIMPEDANCE, Circuit
from archgym.cost_models.analog.metrics import (
    BANDWIDTH,
    MERIT,
    N_RESULTS,
    NAMES,
    POWER,
    TRANSIMPEDANCE_DB,
    UGBW,
    WELL_POSED,
)
from archgym.cost_models.analog.posed import violations
from archgym.outcome import Floats, Measurements


def measurements(circuit: Circuit, results: Floats) -> Measurements:
    """Return results (n, N_RESULTS) as metrics, with what is derived from them."""
    metrics = {name: results[:, place].copy() for place, name in enumerate(NAMES[:N_RESULTS])}
    violation, reasons = violations(circuit.bench, metrics)
    metrics[WELL_POSED] = (violation == 0.0).astype(np.float64)
    metrics[MERIT] = _merit(circuit, metrics)
    status = np.zeros(len(results), dtype=np.uint8)
    return Measurements(metrics, violation, status, reasons)


def _merit(circuit: Circuit, metrics: Mapping[str, Floats]) -> Floats:
    if circuit.bench == TRANSIMPEDANCE:
        ohms = 10.0 ** (metrics[TRANSIMPEDANCE_DB] / 20.0)
        return ohms * metrics[BANDWIDTH] / metrics[POWER]
    return metrics[UGBW] / metrics[POWER]
