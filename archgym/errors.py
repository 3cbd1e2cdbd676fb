"""Every error that archgym raises on purpose, one tree."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_LISTED = 60


class ArchgymError(Exception):
    """Base of all errors whose message is meant for the user; the CLI prints it and exits 2."""


class InvalidDesignError(ArchgymError, ValueError):
    """A design lies outside its space. Names the parameter, the value and what is allowed."""

    def __init__(self, parameter: str, value: object, allowed: str, row: int | None = None):
        self.parameter, self.value, self.allowed, self.row = parameter, value, allowed, row
        where = "" if row is None else f"row {row}: "
        super().__init__(f"{where}parameter {parameter!r}: {value!r} is not allowed ({allowed})")


class UnknownNameError(ArchgymError, KeyError):
    """A name is not registered. Lists the known ones and guesses which was meant."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = ""):
        self.kind, self.name, self.known = kind, name, sorted(known)
        close = difflib.get_close_matches(name, self.known, n=1)
        guess = f"; did you mean {close[0]!r}?" if close else ""
        listed = ", ".join(self.known[:_MOST_LISTED]) or "none"
        if len(self.known) > _MOST_LISTED:
            listed += f", ... {len(self.known)} in all"
        super().__init__(f"unknown {kind} {name!r}{guess} (known: {listed}){hint}")

    def __str__(self) -> str:
        return str(self.args[0])


class SettingError(ArchgymError, ValueError):
    """A setting, objective or hyper-parameter has a value that it cannot take."""


class WorkloadError(ArchgymError, ValueError):
    """A workload cannot be read or does not fit the hardware. Names file, line and reason."""


class MissingExtraError(ArchgymError, ImportError):
    """An optional dependency is absent. Says the pip command that brings it."""

    def __init__(self, what: str, extra: str):
        self.extra = extra
        super().__init__(f"{what} needs an extra: pip install 'archgym[{extra}]'")


class BudgetSpentError(ArchgymError, RuntimeError):
    """An agent asked for an evaluation beyond its budget."""


class ReplayMismatchError(ArchgymError, RuntimeError):
    """A replayed agent or cost model no longer does what was stored."""


class LaunchError(ArchgymError, ValueError):
    """A launch YAML is wrong. Names the file and the YAML path."""


class StoreError(ArchgymError, OSError):
    """A results store cannot be written or read. Names the path and the reason."""
