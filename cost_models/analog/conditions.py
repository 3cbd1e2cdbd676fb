"""Under which circuits are measured."""

from __future__ import annotations

from dataclasses import dataclass

ROOM_K = 300.15


@dataclass(frozen=True)
class Conditions:
    """Under which a circuit is measured.

    Attributes:
        temperature_k: Absolute temperature.
        gmin: Conductance across each junction in siemens.
        points_per_decade: Of the frequency sweep.
        slew: Whether the slew rate is measured.
    """

    temperature_k: float = ROOM_K
    gmin: float = 1e-13
    points_per_decade: int = 20
    slew: bool = True
