"""Checks of options that several views share."""

from __future__ import annotations

from collections.abc import Sequence

from archgym.errors import SettingError, UnknownNameError


def at_least_one(name: str, value: int) -> int:
    """Return ``value``.

    Raises:
        SettingError: It is not a whole number of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingError(f"{name}: {value!r} is not a whole number >= 1")
    return value


def one_of(kind: str, value: str, known: Sequence[str]) -> str:
    """Return ``value``.

    Raises:
        UnknownNameError: It is not among the known words.
    """
    if value not in known:
        raise UnknownNameError(kind, str(value), known)
    return value
