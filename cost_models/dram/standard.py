"""Standards: the timing rules of DDR3 to DDR5, LPDDR4 and 5, HBM2 and GDDR6, read from data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.expressions import evaluate, holds, sides
from archgym.errors import SettingError, UnknownNameError

SCOPES = ("bank", "group", "rank", "other", "any")


@dataclass(frozen=True)
class Rule:
    """``later`` may start no sooner than ``interval`` cycles after ``earlier`` in ``scope``."""

    later: Command
    earlier: Command
    scope: str
    interval: str


@dataclass(frozen=True)
class Standard:
    """The rules of one JEDEC standard.

    Attributes:
        name: As in a memory's ``memory_type``.
        required: Timings that a memory of this standard must give.
        derived: Names that rules use -> their expression over the timings.
        command_length: Bus cycles of commands that take more than one.
        column_bus: Whether column commands have a command bus of their own.
        data_end: Expressions for ``read`` and ``write``: from the command to the end of its data.
        auto_precharge: Same, to the start of the internal precharge.
        activation_window: Timing within which at most four activations of a rank start.
        refresh: Timings by role: ``interval``, ``cycle``, ``precharge``.
        max_postponed: All-bank refreshes that may be postponed at any time.
        partial_refresh: Refresh policy -> how some banks at a time are refreshed; see
            `refresh_schemes`.
        relations: What the timings of a memory must fulfil.
        rules: All minimum distances.
    """

    name: str
    required: tuple[str, ...]
    derived: Mapping[str, str]
    command_length: Mapping[Command, int]
    column_bus: bool
    data_end: Mapping[str, str]
    auto_precharge: Mapping[str, str]
    activation_window: str
    refresh: Mapping[str, str]
    max_postponed: int
    partial_refresh: Mapping[str, Mapping[str, Any]]
    relations: tuple[str, ...]
    rules: tuple[Rule, ...]

    def names(self, timing: Mapping[str, int], burst_cycles: int) -> dict[str, int]:
        """Return all names that expressions may use, with their values in cycles."""
        names = {**timing, "tBURST": burst_cycles}
        for name, expression in self.derived.items():
            names[name] = evaluate(expression, names)
        return names

    def check(self, timing: Mapping[str, int], burst_cycles: int, where: str) -> None:
        """Raise SettingError where a timing is missing or a relation of the standard fails."""
        missing = [name for name in self.required if name not in timing]
        if missing:
            raise SettingError(f"{where}: timing_cycles lacks {', '.join(missing)} ({self.name})")
        names = self.names(timing, burst_cycles)
        for relation in self.relations:
            if not holds(relation, names):
                left, value, limit = sides(relation, names)
                raise SettingError(
                    f"{where}: timing_cycles: {left} = {value}, but {self.name} demands "
                    f"{relation}, and the right side is {limit}"
                )


def standard_names() -> list[str]:
    """Return the standards in the package."""
    files = [Path(entry.name) for entry in (resources.files(__package__) / "standards").iterdir()]
    return sorted(file.stem.upper() for file in files if file.suffix == ".yaml")


def load_standard(name: str, where: str = "standard") -> Standard:
    """Return a standard by its name (upper or lower case).

    Raises:
        UnknownNameError: There are no rules for it.
    """
    if name.upper() not in standard_names():
        raise UnknownNameError(f"memory_type ({where})", name, standard_names())
    return _read(name.lower())


@cache
def _read(stem: str) -> Standard:
    text = (resources.files(__package__) / "standards" / f"{stem}.yaml").read_text("utf-8")
    entry = yaml.safe_load(text)
    return Standard(
        name=entry["standard"],
        required=tuple(entry["required"]),
        derived=entry["derived"],
        command_length={Command[c]: length for c, length in entry["command_length"].items()},
        column_bus=entry["column_bus"],
        data_end=entry["data_end"],
        auto_precharge=entry["auto_precharge"],
        activation_window=entry["activation_window"],
        refresh=entry["refresh"],
        max_postponed=entry["max_postponed"],
        partial_refresh=entry.get("partial_refresh", {}),
        relations=tuple(entry["relations"]),
        rules=tuple(rule for row in entry["rules"] for rule in _rules(row)),
    )


def _rules(row: list[Any]) -> list[Rule]:
    later, earlier, scope, interval = row
    if scope not in SCOPES:
        raise SettingError(f"timing rule {row}: scope is none of {', '.join(SCOPES)}")
    if "PRESB" in f"{later} {earlier}".split():
        raise SettingError(f"timing rule {row}: a PRESB is timed as a PRE of each of its banks")
    return [
        Rule(Command[after], Command[before], scope, str(interval))
        for after in later.split()
        for before in earlier.split()
    ]
