"""Corners of process, supply voltage and temperature, and named sets of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from archgym.errors import SettingError

PROCESSES = ("tt", "ff", "ss", "fs", "sf")  # NMOS, then PMOS: typical, fast, slow
NOMINAL, SETS = "nominal", ("process", "pvt")
ROOM_K = 300.15
ZERO_CELSIUS_K = 273.15
_DEFAULTS: dict[str, Any] = {"process": "tt", "supply_scale": 1.0, "temperature_c": 27.0}


@dataclass(frozen=True)
class Corner:
    """Under which a chip may have to work.

    Attributes:
        process: One of `PROCESSES`.
        supply_scale: The supply over its nominal value.
        temperature_k: Absolute temperature.
    """

    process: str = "tt"
    supply_scale: float = 1.0
    temperature_k: float = ROOM_K

    def __str__(self) -> str:
        celsius = self.temperature_k - ZERO_CELSIUS_K
        return f"{self.process}, supply x {self.supply_scale:g}, {celsius:g} C"


@cache
def corner_data() -> dict[str, Any]:
    """Return the content of ``cards/corners.yaml``."""
    text = resources.files(f"{__package__}.cards").joinpath("corners.yaml").read_text()
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def read_corners(name: str) -> tuple[Corner, ...]:
    """Return the corners of a set's name, or of a YAML file that lists them in the same way.

    Raises:
        SettingError: The file cannot be read or is not made so.
    """
    if name in SETS:
        return _corners(corner_data()["sets"][name], name)
    try:
        content = yaml.safe_load(Path(name).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingError(f"setting 'corners': {name}: cannot be read as YAML: {error}") from None
    return _corners(content, name)


def _corners(lines: Any, where: str) -> tuple[Corner, ...]:
    if not isinstance(lines, list) or not lines:
        raise SettingError(f"setting 'corners': {where}: write a list of corners, {_form()}")
    return tuple(corner for line in lines for corner in _combinations(line, where))


def _combinations(line: Any, where: str) -> list[Corner]:
    if not isinstance(line, Mapping) or line.keys() - _DEFAULTS.keys():
        raise SettingError(f"setting 'corners': {where}: {line!r} is no corner, {_form()}")
    values = {key: line.get(key, default) for key, default in _DEFAULTS.items()}
    lists = [value if isinstance(value, list) else [value] for value in values.values()]
    where = f"setting 'corners': {where}"
    return [checked_corner(p, supply, celsius, where) for p, supply, celsius in product(*lists)]


def checked_corner(process: Any, supply_scale: Any, celsius: Any, where: str) -> Corner:
    """Return a corner.

    Raises:
        SettingError: A value is not allowed; says what is, after ``where``.
    """
    if process not in PROCESSES:
        raise SettingError(f"{where}: process {process!r} is not one of {', '.join(PROCESSES)}")
    if not _is_number(supply_scale) or not 0 < supply_scale < float("inf"):
        raise SettingError(f"{where}: supply_scale {supply_scale!r} is not a number above 0")
    if not _is_number(celsius) or not -ZERO_CELSIUS_K < celsius < float("inf"):
        raise SettingError(f"{where}: temperature_c {celsius!r} lies below absolute zero")
    return Corner(process, float(supply_scale), celsius + ZERO_CELSIUS_K)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _form() -> str:
    return "as {process: [tt, ss], supply_scale: 0.9, temperature_c: [-40, 125]}"
