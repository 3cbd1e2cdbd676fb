"""At which biases transistors are measured (``grid.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@cache
def settings() -> dict[str, Any]:
    """Return the content of ``grid.yaml``."""
    content: dict[str, Any] = yaml.safe_load(
        resources.files(__package__).joinpath("grid.yaml").read_text()
    )
    return content


@dataclass(frozen=True)
class Grid:
    """Biases of one kind of table.

    Attributes:
        gate: float64 (a,), evenly spaced volts beyond the threshold's shift.
        drain: float64 (b,), volts.
        bulk: float64 (c,), volts.
    """

    gate: Floats
    drain: Floats
    bulk: Floats

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many there are of each."""
        return len(self.gate), len(self.drain), len(self.bulk)

    def gates(self, body: float, bulk: float) -> Floats:
        """Return the gate's voltages at a voltage of the bulk."""
        return self.gate + body * float(bulk_place(bulk) - bulk_place(0.0))

    def axes(self) -> Floats:
        """Return the first place and the inverse step of each axis, (3, 2)."""
        places = (self.gate, drain_place(self.drain), bulk_place(self.bulk))
        return np.array([[p[0], (len(p) - 1) / (p[-1] - p[0])] for p in places])


def make_grid(kind: str) -> Grid:
    """Return the biases for "currents" or "charges"."""
    given = settings()
    counts, high = given[kind], given["high_v"]
    scale, surface = given["drain_scale_v"], given["surface_v"]
    places = np.linspace(bulk_place(0.0), bulk_place(-high), counts["bulk"])
    return Grid(
        gate=np.linspace(given["low_gate_v"], high, counts["gate"]),
        drain=scale * np.expm1(np.linspace(0.0, drain_place(high), counts["drain"])),
        bulk=surface - places**2,
    )


def drain_place(volts: Floats | float) -> Floats:
    """Return where a voltage of the drain lies on its evenly spaced axis."""
    return np.asarray(np.log1p(np.asarray(volts) / settings()["drain_scale_v"]))


def bulk_place(volts: Floats | float) -> Floats:
    """Return where a voltage of the bulk lies on its evenly spaced axis."""
    return np.asarray(np.sqrt(settings()["surface_v"] - np.asarray(volts)))
