"""The design space of a circuit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.analog.circuit import Circuit, Size
from archgym.cost_models.analog.columns import LENGTHS_UM, MODEL, MODELS, SUPPLY_V
from archgym.cost_models.analog.ngspice.availability import missing_for
from archgym.envs.analog.parameters import GridLength, OpenReal
from archgym.errors import InvalidDesignError
from archgym.fixed_parameters import FixedChoice
from archgym.parameter import Parameter
from archgym.space import DesignSpace


class SizingSpace(DesignSpace):
    """A circuit's sizes, with the process that its transistors are made in.

    Gate lengths must be those of the process, and a process must have something that simulates
    it; other designs are refused.

    Attributes:
        missing: Process -> what has to be installed before its transistors can be simulated.
    """

    missing: Callable[[str], str] = staticmethod(missing_for)

    def simulated_by(self, missing: Callable[[str], str]) -> SizingSpace:
        """Return this space for a cost model that needs something else."""
        other = copy(self)
        other.missing = missing
        return other

    def encode_each(self, designs: Any) -> tuple[Batch, dict[int, InvalidDesignError]]:
        batch, errors = super().encode_each(designs)
        if designs is batch:
            return batch, errors
        models = batch[MODEL].astype(str)
        for model in sorted(set(models.tolist())):
            rows = np.flatnonzero(models == model)
            self._refuse(batch, model, rows, errors)
        if errors:
            batch.codes[list(errors)] = self.default.codes
        return batch, errors

    def _refuse(
        self, batch: Batch, model: str, rows: Any, errors: dict[int, InvalidDesignError]
    ) -> None:
        """Put the rows of one process that cannot be into ``errors``."""
        missing = self.missing(model)
        if missing:
            for row in rows.tolist():
                errors.setdefault(row, InvalidDesignError(MODEL, model, missing, row))
            return
        allowed = LENGTHS_UM[model]
        listed = f"one of {', '.join(map(str, allowed))} with {MODEL} {model}"
        for parameter in self.parameters:
            if isinstance(parameter, GridLength):
                lengths = batch[parameter.name]
                for row in rows[~np.isin(lengths[rows], allowed)].tolist():
                    wrong = InvalidDesignError(parameter.name, float(lengths[row]), listed, row)
                    errors.setdefault(row, wrong)


def design_space(settings: Mapping[str, Any], circuit: Circuit) -> SizingSpace:
    """Return the space of a circuit in the process that the settings name."""
    chosen = settings[MODEL]
    models = (chosen, *(model for model in MODELS if model != chosen))
    process = FixedChoice(
        MODEL, models, role="process", description="the transistors' models: cards or a foundry's"
    )
    sizes = [_parameter(size, chosen, circuit) for size in circuit.sizes]
    return SizingSpace([process, *sizes], blank_is_default=True)


def _parameter(size: Size, model: str, circuit: Circuit) -> Parameter:
    about = _about(size, circuit)
    if size.scale == "grid":
        grid = LENGTHS_UM[model]
        others = {length for name in MODELS for length in LENGTHS_UM[name]} - set(grid)
        return GridLength(
            size.name,
            grid,
            default=grid[len(grid) // 2],
            others=tuple(sorted(others)),
            role=size.role,
            description=about,
        )
    unit = SUPPLY_V[model] if size.of_supply else 1.0
    return OpenReal(
        size.name,
        size.low * unit,
        size.high * unit,
        default=size.default * unit,
        log=size.scale == "log",
        role=size.role,
        description=about,
    )


def _about(size: Size, circuit: Circuit) -> str:
    """Return which elements a parameter sizes."""
    named = [e.name for e in circuit.netlist.elements if size.hole in e.holes]
    what = {"grid": "gate length", "log": "value", "linear": "value"}[size.scale]
    if size.name.startswith("m") and size.hole == size.name:
        what = "fingers"
    return f"{what} of {' '.join(named)}"
