"""Sized circuits as a cost model without ngspice: the foundry's transistors are looked up."""

from __future__ import annotations

from typing import Any

from archgym.batch import Batch
from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.columns import AFM1, GF180
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.lookup.grid import settings
from archgym.cost_models.analog.lookup.tables import missing_tables
from archgym.cost_models.analog.model import SizingModel
from archgym.cost_models.analog.ngspice.availability import INSTALL_GF180, gf180_folder
from archgym.outcome import Measurements
from archgym.space import DesignSpace


class LookupModel(SizingModel):
    """Measures sized circuits with the built-in solver alone.

    Level 1 as the default model does; GF180MCU by tables that ngspice has filled, so that its
    results are those of BSIM4 but for the interpolation.
    """

    name = "lookup"
    version = "1"
    fidelity = "table"
    sources = (
        *SizingModel.sources,
        "GlobalFoundries 180MCU cards (BSIM4, Apache-2.0), tabulated by ngspice 39.3",
    )
    leaves_out = (
        *SizingModel.leaves_out,
        "gf180: biases beyond 3.7 V, which count as no operating point",
    )
    checked_against = (
        "gf180: ngspice 39.3 with the foundry's cards, random designs (docs/analog.md)",
        *SizingModel.checked_against,
    )

    def admitted(self, space: DesignSpace) -> DesignSpace:
        ours: Any = space  # cost models cannot name the environments' spaces
        admitted: DesignSpace = ours.simulated_by(self.missing)
        return admitted

    def missing(self, model: str) -> str:
        """Return why a process cannot be simulated, empty where it can be."""
        if model == AFM1:
            return ""
        if self.conditions.mismatch_samples and gf180_folder() is None:
            return f"mismatch of {model} needs the foundry's cards ({INSTALL_GF180})"
        for case in self.conditions.cases():
            supply, high = case.supply_v(GF180), settings()["high_v"]
            if supply > high:
                return f"a supply of {supply:g} V is beyond the tables, which end at {high:g} V"
            refused = missing_tables(case.process, case.temperature_k)
            if refused:
                return refused
        return ""

    def _simulate(self, batch: Batch, circuit: Circuit, case: Conditions) -> Measurements:
        return self._solve(batch, circuit, case, GF180)
