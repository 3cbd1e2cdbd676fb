"""Which of the proposed commands wins the command bus."""

from __future__ import annotations

from dataclasses import dataclass

from . import commands
from .request import Request

REFRESH_NUMBER = 0
POWER_DOWN_NUMBER = 2**64 - 2


@dataclass(frozen=True)
class Proposal:
    """``legal`` is the earliest legal cycle; ``number`` decides ties.

    ``banks`` are those that a command of the refresh manager addresses.
    """

    command: str
    rank: int
    bank: int | None
    request: Request | None
    number: int
    legal: int
    banks: tuple[int, ...] = ()


class CommandMux:
    def __init__(self, standard: str, strict: bool) -> None:
        self.standard = standard
        self.strict = strict

    def select(self, proposals: list[Proposal], next_sequence: int) -> Proposal | None:
        """The winner; the caller issues it only if it is legal now."""
        column = [p for p in proposals if p.command in commands.CAS]
        row = [p for p in proposals if p.command not in commands.CAS]
        if self.strict:
            column = [p for p in column if p.number == next_sequence]
        if self.standard != "HBM2":
            return min(row + column, key=self._end_then_age, default=None)
        winners = [min(kind, key=self._end_then_age) for kind in (row, column) if kind]
        return min(winners, key=lambda p: (p.legal, p.number), default=None)

    def _end_then_age(self, proposal: Proposal) -> tuple[int, int]:
        end = proposal.legal + commands.length(self.standard, proposal.command)
        return end, proposal.number
