"""Under which circuits are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from archgym.cost_models.analog.columns import SUPPLY_V
from archgym.cost_models.analog.corners import (
    NOMINAL,
    ROOM_K,
    Corner,
    checked_corner,
    read_corners,
)
from archgym.errors import SettingError

ALL_METRICS, NO_SLEW = "all", "without_slew"
LOAD_A, LIGHT_LOAD_A = 5e-3, 1e-4  # of a regulator
REGULATED = 0.8  # output of a regulator as a share of the supply
# A comparator trips where its output is this share of the supply; it decides after a step of its
# input from STEP_V on one side of the trip point to OVERDRIVE_V on the other, within EDGE_S; one
# that takes longer than LONGEST_DELAY_S has no delay.
TRIP_SHARE, STEP_V, OVERDRIVE_V, EDGE_S, LONGEST_DELAY_S = 0.5, 0.1, 0.01, 1e-11, 1e-5
_OF_A_CORNER = ("process", "supply_scale", "temperature_c")


@dataclass(frozen=True)
class Conditions:
    """Under which a circuit is measured.

    Attributes:
        temperature_k: Absolute temperature.
        gmin: Conductance across each junction in siemens.
        points_per_decade: Of the frequency sweep.
        slew: Whether the slew rate is measured.
        process: Of the transistors, one of `archgym.cost_models.analog.corners.PROCESSES`.
        supply_scale: The supply over its nominal value.
        rejection: Whether amplifiers' rejection of supply and common mode is measured.
        delay: Whether comparators' delays are measured.
        corners: Corners that metrics are the worst of, in place of the one above.
        mismatch_samples: How many circuits with mismatched transistors, besides the matched one,
            metrics are the worst of.
        mismatch_seed: Of the random numbers that they are made from.
        sample: Which of these circuits this is, from 1; 0 is the matched one.
    """

    temperature_k: float = ROOM_K
    gmin: float = 1e-13
    points_per_decade: int = 20
    slew: bool = True
    process: str = "tt"
    supply_scale: float = 1.0
    rejection: bool = False
    delay: bool = True
    corners: tuple[Corner, ...] = ()
    mismatch_samples: int = 0
    mismatch_seed: int = 0
    sample: int = 0

    def __str__(self) -> str:
        return f"{self.corner}" + (f", sample {self.sample}" if self.sample else "")

    @property
    def corner(self) -> Corner:
        """Process, supply and temperature."""
        return Corner(self.process, self.supply_scale, self.temperature_k)

    def supply_v(self, model: str) -> float:
        """Return the supply voltage of a process."""
        return self.supply_scale * SUPPLY_V[model]

    def cases(self) -> tuple[Conditions, ...]:
        """Return each corner with each sample as conditions of its own, corner by corner."""
        return tuple(
            replace(
                self,
                process=corner.process,
                supply_scale=corner.supply_scale,
                temperature_k=corner.temperature_k,
                corners=(),
                sample=sample,
            )
            for corner in self.corners or (self.corner,)
            for sample in range(self.mismatch_samples + 1)
        )

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Conditions:
        """Return the conditions that an environment's settings name.

        Raises:
            SettingError: A value is not allowed, or contradicts another one.
        """
        process, supply_scale, celsius = (settings[name] for name in _OF_A_CORNER)
        corner = checked_corner(process, supply_scale, celsius, "settings")
        return Conditions(
            temperature_k=corner.temperature_k,
            process=corner.process,
            supply_scale=corner.supply_scale,
            points_per_decade=settings["points_per_decade"],
            slew=settings["metrics"] == ALL_METRICS,
            rejection=settings["rejection"],
            corners=_corners(settings["corners"], corner),
            mismatch_samples=_at_least("mismatch_samples", settings, 0),
            mismatch_seed=_at_least("mismatch_seed", settings, 0),
        )


def _corners(name: str, single: Corner) -> tuple[Corner, ...]:
    if name == NOMINAL:
        return ()
    if single != Corner():
        raise SettingError(
            f"setting 'corners': {name!r} brings its own {', '.join(_OF_A_CORNER)};"
            " leave these out"
        )
    return read_corners(name)


def _at_least(name: str, settings: Mapping[str, Any], least: int) -> int:
    value: int = settings[name]
    if value < least:
        raise SettingError(f"setting {name!r}: {value} is less than {least}")
    return value
