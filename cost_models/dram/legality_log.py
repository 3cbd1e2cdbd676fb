"""What a legality check reads and what it reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from archgym.cost_models.dram.commands import Command


class CommandLog(Protocol):
    """A command log: integer arrays of equal length, one entry per command, in time order.

    ``cycle`` is the first bus cycle; ``command`` a code of `Command`; ``bank`` counts over the
    channel and is -1 for a command to a whole rank; ``row`` matters for ACT and column commands.
    """

    @property
    def cycle(self) -> NDArray[Any]: ...
    @property
    def command(self) -> NDArray[Any]: ...
    @property
    def rank(self) -> NDArray[Any]: ...
    @property
    def bank(self) -> NDArray[Any]: ...
    @property
    def row(self) -> NDArray[Any]: ...


@dataclass(frozen=True)
class LoggedCommand:
    """One entry of a command log; fields as in `CommandLog`."""

    cycle: int
    command: Command
    rank: int
    bank: int
    row: int


def read_log(log: CommandLog) -> Iterator[LoggedCommand]:
    """Yield the entries of a command log."""
    columns = (log.cycle, log.command, log.rank, log.bank, log.row)
    for cycle, command, rank, bank, row in zip(*(c.tolist() for c in columns), strict=True):
        yield LoggedCommand(cycle, Command(command), rank, bank, row)


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Attributes:
        rule: Name of the rule: a JEDEC timing (``tRCD``, ...) or a state rule (``row_open``, ...).
        offender: The command that breaks it.
        earlier: The command that it follows too closely, or too late; None for a rule about
            state alone.
        required: Distance in cycles from ``earlier``, first bus cycle to first bus cycle: the
            least, except for ``refresh_postponed`` the greatest. None for a rule about state.
    """

    rule: str
    offender: LoggedCommand
    earlier: LoggedCommand | None = None
    required: int | None = None

    @property
    def cycle(self) -> int:
        """Cycle of the command that breaks the rule."""
        return self.offender.cycle

    @property
    def command(self) -> Command:
        """The command that breaks the rule."""
        return self.offender.command

    @property
    def actual(self) -> int | None:
        """Distance in cycles that was found; None for a rule about state alone."""
        return None if self.earlier is None else self.offender.cycle - self.earlier.cycle

    def __str__(self) -> str:
        place = f"rank {self.offender.rank} bank {self.offender.bank}"
        text = f"cycle {self.cycle}: {self.command.name} to {place} breaks {self.rule}"
        if self.earlier is None:
            return text
        since = f"{self.actual} cycles after {self.earlier.command.name} of {self.earlier.cycle}"
        return f"{text}: {since}, {self.required} required"
