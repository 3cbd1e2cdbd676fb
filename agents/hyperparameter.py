"""What a hyper-parameter of an agent is: typed, bounded, with a default and a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archgym.errors import SettingError, UnknownNameError
from archgym.scalar_parameters import as_integer, as_number


@dataclass(frozen=True)
class Hyperparameter:
    """One declared number, word or switch of a search method.

    Attributes:
        default: Used where the user says nothing; its type is the hyper-parameter's type. None
            means that the agent chooses by itself, for example from the budget.
        meaning: One line for people.
        low: Smallest allowed number; with ``high`` also the range that sweeps draw from.
        high: Largest allowed number.
        choices: The allowed values, where they are listed.
        log: True where sweeps should work on a logarithmic scale.
        kind: Type of a value, taken from the default unless given.
        file: True where a value is the path of a file, which must exist; trials are known by the
            file's name and content, and launches give it relative to themselves.
    """

    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    log: bool = False
    kind: type | None = None
    file: bool = False

    @property
    def type(self) -> type:
        """The type of a value."""
        return self.kind or type(self.default)

    @property
    def allowed(self) -> str:
        """The domain in words, for messages and listings."""
        if self.file:
            return "an existing file"
        if self.choices:
            text = "one of " + ", ".join(map(str, self.choices))
        elif self.type is bool:
            text = "true or false"
        elif self.type is str:
            text = "a text"
        else:
            text = f"{_NOUNS[self.type]} {self.low:g} .. {self.high:g}"
        return text + ("" if self.default is not None else ", or none: the agent chooses")

    def check(self, owner: str, name: str, value: Any) -> Any:
        """Return the value in the hyper-parameter's type.

        Raises:
            SettingError: The value is not allowed. Says what is.
        """
        if value is None and self.default is None:
            return None
        parsed = self._parse(value)
        if parsed is None:
            raise SettingError(
                f"{owner}: hyper-parameter {name!r}: {value!r} is not allowed ({self.allowed})"
            )
        return parsed

    def _parse(self, value: Any) -> Any:
        """Return the value in the declared type, or None where it is not allowed."""
        if self.type is bool or self.type is str:
            return value if self._knows(value) else None
        number = as_integer(value) if self.type is int else as_number(value)
        if number is None or (self.choices and number not in self.choices):
            return None
        low, high = _bound(self.low, number), _bound(self.high, number)
        return number if low <= number <= high else None

    def _knows(self, value: Any) -> bool:
        """Return whether a switch, a word or a file is allowed."""
        if not isinstance(value, self.type) or (self.choices and value not in self.choices):
            return False
        return not self.file or Path(str(value)).is_file()


_NOUNS = {int: "an integer", float: "a number"}


def _bound(bound: float | None, number: float) -> float:
    return number if bound is None else bound


def check_hyperparameters(
    declared: Mapping[str, Hyperparameter], given: Mapping[str, Any], owner: str
) -> dict[str, Any]:
    """Return all hyper-parameters with defaults filled in, in declared order.

    Raises:
        UnknownNameError: A hyper-parameter is not declared.
        SettingError: A value is not allowed.
    """
    for name in given:
        if name not in declared:
            raise UnknownNameError(f"hyper-parameter of {owner}", name, declared)
    return {
        name: item.check(owner, name, given[name]) if name in given else item.default
        for name, item in declared.items()
    }
