"""Sized circuits as a cost model: the built-in solver, and ngspice for foundry models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.analog.circuit import TRANSIMPEDANCE, Circuit
from archgym.cost_models.analog.columns import GF180, MODEL
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.metrics import (
    BANDWIDTH,
    MERIT,
    METRICS,
    N_RESULTS,
    NAMES,
    POWER,
    SLEW,
    TRANSIMPEDANCE_DB,
    UGBW,
    WELL_POSED,
)
from archgym.cost_models.analog.posed import violations
from archgym.cost_models.analog.solver import Solver
from archgym.errors import SettingError
from archgym.outcome import Floats, Measurements

Sizes = Mapping[str, Floats]


class SizingModel(CostModel):
    """Measures sized circuits on the bench of their kind.

    Args:
        conditions: Temperature, sweep, whether slew rates are measured.
    """

    name = "nodal"
    version = "1"
    fidelity = "simulator"
    metrics = METRICS
    sources = (
        "SPICE level 1 (Shichman and Hodges, JSSC 1968; Meyer, RCA Review 1971) as ngspice has it",
        "cards afm1: numbers of our own, in the manner of a 0.18 um process at 1.8 V",
    )
    leaves_out = (
        "currents below threshold, junction diodes and capacitances (level 1 and its cards)",
        "layout: parasitics of wires and wells",
    )
    checked_against = (
        "ngspice 39.3, random designs: gain 0.001 dB, bandwidth 1e-4, phase margin 0.002 deg,"
        " power 1e-6, noise 1e-4, slew rate median 0.1 %, 95 % within 1 % (docs/analog.md)",
    )

    def __init__(self, conditions: Conditions):
        self.conditions = conditions
        self._solver: Solver | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_solver": None}

    def focused(self, metrics: tuple[str, ...]) -> CostModel:
        return type(self)(replace(self.conditions, slew=SLEW in metrics))

    def evaluate(self, batch: Batch, workload: Circuit) -> Measurements:
        """Return the metrics of designs, NaN where a circuit does not have them.

        Raises:
            SettingError: A design is in a foundry's process, which needs ngspice.
        """
        if (batch[MODEL] == GF180).any():
            raise SettingError("model gf180 needs a backend")
        sizes = {size.name: batch[size.name].astype(np.float64) for size in workload.sizes}
        return measurements(workload, self._solver_of(workload).measure(sizes))

    def _solver_of(self, circuit: Circuit) -> Solver:
        if self._solver is None or self._solver.circuit is not circuit:
            self._solver = Solver(circuit, self.conditions)
        return self._solver


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
