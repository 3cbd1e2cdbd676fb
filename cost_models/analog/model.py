"""Sized circuits as a cost model: the built-in solver, and ngspice for foundry models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.columns import AFM1, MODEL
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.metrics import METRICS, SLEW
from archgym.cost_models.analog.ngspice.library import NgspiceLibrary
from archgym.cost_models.analog.ngspice.model import (
    DEFAULT_TIMEOUT_S,
    NgspiceModel,
    export_decks,
)
from archgym.cost_models.analog.results import measurements
from archgym.cost_models.analog.solver import Solver
from archgym.outcome import Measurements, concatenate


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
        self._ngspice: NgspiceModel | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_solver": None, "_ngspice": None}

    def focused(self, metrics: tuple[str, ...]) -> CostModel:
        return type(self)(replace(self.conditions, slew=self.conditions.slew and SLEW in metrics))

    def evaluate(self, batch: Batch, workload: Circuit) -> Measurements:
        """Return the metrics of designs, NaN where a circuit does not have them.

        Raises:
            SettingError: A design is in a foundry's process, and ngspice is not installed.
        """
        ours = batch[MODEL] == AFM1
        if ours.all():
            return self._solve(batch, workload)
        parts = [
            part(batch.select(rows), workload)
            for part, rows in ((self._solve, ours), (self._simulate, ~ours))
            if rows.any()
        ]
        order = np.argsort(np.concatenate([np.flatnonzero(ours), np.flatnonzero(~ours)]))
        return concatenate(parts).select(order.tolist())

    def export(self, design: Batch, workload: Circuit) -> dict[str, str | bytes]:
        return export_decks(design, workload, self.conditions)

    def _solve(self, batch: Batch, workload: Circuit) -> Measurements:
        sizes = {size.name: batch[size.name].astype(np.float64) for size in workload.sizes}
        return measurements(workload, self._solver_of(workload).measure(sizes))

    def _simulate(self, batch: Batch, workload: Circuit) -> Measurements:
        if self._ngspice is None:
            self._ngspice = NgspiceModel(NgspiceLibrary(DEFAULT_TIMEOUT_S), self.conditions)
        return self._ngspice.evaluate(batch, workload)

    def _solver_of(self, circuit: Circuit) -> Solver:
        if self._solver is None or self._solver.circuit is not circuit:
            self._solver = Solver(circuit, self.conditions)
        return self._solver
