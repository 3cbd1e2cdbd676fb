"""Sized circuits as a cost model: the built-in solver, and ngspice for foundry models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.circuit_model import CircuitModel
from archgym.cost_models.analog.columns import AFM1, MODEL
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.mismatch import shifts
from archgym.cost_models.analog.ngspice.library import NgspiceLibrary
from archgym.cost_models.analog.ngspice.model import (
    DEFAULT_TIMEOUT_S,
    NgspiceModel,
    export_decks,
)
from archgym.cost_models.analog.results import measurements
from archgym.cost_models.analog.solver import Solver
from archgym.outcome import Measurements, concatenate


class SizingModel(CircuitModel):
    """Measures sized circuits on the bench of their kind.

    Args:
        conditions: Corners, mismatch, sweep, what is left out.
    """

    name = "nodal"
    version = "1"
    fidelity = "simulator"
    sources: tuple[str, ...] = (
        "SPICE level 1 (Shichman and Hodges, JSSC 1968; Meyer, RCA Review 1971) as ngspice has it",
        "cards afm1: numbers of our own, in the manner of a 0.18 um process at 1.8 V",
    )
    leaves_out: tuple[str, ...] = (
        "currents below threshold, junction diodes and capacitances (level 1 and its cards)",
        "layout: parasitics of wires and wells",
    )
    checked_against: tuple[str, ...] = (
        "ngspice 39.3, random designs: gain 0.001 dB, bandwidth 1e-4, phase margin 0.002 deg,"
        " power 1e-6, noise 1e-4, slew rate median 0.1 %, 95 % within 1 % (docs/analog.md)",
    )

    def __init__(self, conditions: Conditions):
        super().__init__(conditions)
        self._solvers: dict[tuple[Conditions, str], Solver] = {}
        self._ngspice: NgspiceModel | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_solvers": {}, "_ngspice": None}

    def renewed(self, conditions: Conditions) -> SizingModel:
        return type(self)(conditions)

    def measure_case(self, batch: Batch, workload: Circuit, case: Conditions) -> Measurements:
        """Return what is measured in one case.

        Raises:
            SettingError: A design is in a foundry's process, and ngspice is not installed.
        """
        ours = batch[MODEL] == AFM1
        if ours.all():
            return self._solve(batch, workload, case)
        parts = [
            part(batch.select(rows), workload, case)
            for part, rows in ((self._solve, ours), (self._simulate, ~ours))
            if rows.any()
        ]
        order = np.argsort(np.concatenate([np.flatnonzero(ours), np.flatnonzero(~ours)]))
        return concatenate(parts).select(order.tolist())

    def export(self, design: Batch, workload: Circuit) -> dict[str, str | bytes]:
        return export_decks(design, workload, self.conditions)

    def _solve(
        self, batch: Batch, circuit: Circuit, case: Conditions, model: str = AFM1
    ) -> Measurements:
        sizes = {size.name: batch[size.name].astype(np.float64) for size in circuit.sizes}
        solver = self._solver_of(circuit, replace(case, sample=0), model)
        if case.sample:
            off = shifts(circuit, model, sizes, case.mismatch_seed, case.sample)
            results = solver.measure(sizes, off)
        else:
            results = solver.measure(sizes)
        return measurements(circuit, results, [metric.name for metric in self.metrics])

    def _simulate(self, batch: Batch, circuit: Circuit, case: Conditions) -> Measurements:
        if self._ngspice is None:
            self._ngspice = NgspiceModel(NgspiceLibrary(DEFAULT_TIMEOUT_S), self.conditions)
            self._ngspice.metrics = self.metrics
        return self._ngspice.measure_case(batch, circuit, case)

    def _solver_of(self, circuit: Circuit, case: Conditions, model: str) -> Solver:
        if any(solver.circuit is not circuit for solver in self._solvers.values()):
            self._solvers.clear()
        if (case, model) not in self._solvers:
            self._solvers[case, model] = Solver(circuit, case, model=model)
        return self._solvers[case, model]
