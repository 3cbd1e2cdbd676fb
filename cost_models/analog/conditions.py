"""Under which circuits are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archgym.errors import SettingError

ROOM_K = 300.15
ZERO_CELSIUS_K = 273.15
ALL_METRICS, NO_SLEW = "all", "without_slew"
LOAD_A, LIGHT_LOAD_A = 5e-3, 1e-4  # of a regulator
REGULATED = 0.8  # output of a regulator as a share of the supply


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

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Conditions:
        """Return the conditions that an environment's settings name.

        Raises:
            SettingError: The temperature lies below absolute zero.
        """
        kelvin = settings["temperature_c"] + ZERO_CELSIUS_K
        if not kelvin > 0:
            given = settings["temperature_c"]
            raise SettingError(f"setting 'temperature_c': {given!r} lies below absolute zero")
        return Conditions(
            temperature_k=kelvin,
            points_per_decade=settings["points_per_decade"],
            slew=settings["metrics"] == ALL_METRICS,
        )
