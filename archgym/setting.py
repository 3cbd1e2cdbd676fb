"""Options of an environment, beside the design itself: declared, checked, with defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archgym.errors import SettingError, UnknownNameError


@dataclass(frozen=True)
class Setting:
    """One declared option.

    Attributes:
        default: Used where the user says nothing; its type is the option's type, None means that
            the option may be left open.
        choices: The allowed values; empty means any value of the type.
        kind: The type of a value, taken from the default unless given.
        or_file: True where a path of an existing file is allowed besides the choices.
        description: One line for people.
        added: True where it was declared after runs were stored: at its default it is no part of
            a problem's settings, so that these runs keep their identity.
    """

    default: Any
    choices: tuple[Any, ...] = ()
    kind: type | None = None
    or_file: bool = False
    description: str = ""
    added: bool = False

    def check(self, name: str, value: Any) -> Any:
        """Return the value in the option's type; texts from the command line are read.

        Raises:
            SettingError: The value is not allowed. Says what is.
        """
        if value is None and self.default is None:
            return None
        kind = self.kind or type(self.default)
        parsed = _convert(kind, value)
        if parsed is None:
            raise SettingError(f"setting {name!r}: {value!r} is not of type {kind.__name__}")
        if self.choices and parsed not in self.choices:
            if self.or_file and Path(str(parsed)).is_file():
                return parsed
            listed = ", ".join(map(str, self.choices)) + (" or a file" if self.or_file else "")
            raise SettingError(f"setting {name!r}: {value!r} is not one of {listed}")
        return parsed


def check_settings(
    declared: Mapping[str, Setting], given: Mapping[str, Any], owner: str
) -> dict[str, Any]:
    """Return all settings with defaults filled in.

    Raises:
        UnknownNameError: A setting is not declared.
        SettingError: A value is not allowed.
    """
    for name in given:
        if name not in declared:
            raise UnknownNameError(f"setting of {owner}", name, declared)
    return {
        name: setting.check(name, given[name]) if name in given else setting.default
        for name, setting in declared.items()
    }


def without_added(declared: Mapping[str, Setting], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without those that were added later and are at their default."""
    return {
        name: value
        for name, value in settings.items()
        if not (declared[name].added and value == declared[name].default)
    }


_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def _convert(kind: type, value: Any) -> Any:
    """Return ``value`` as ``kind``, or None where it cannot be."""
    if kind is bool and isinstance(value, str):
        word = value.lower()
        return True if word in _TRUE else False if word in _FALSE else None
    if kind in (int, float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None
        return kind(number) if kind is float or number.is_integer() else None
    return value if isinstance(value, kind) else None
