"""The state of one bank and the command it would like to see issued next."""

from __future__ import annotations

from . import commands
from .request import Request
from .scheduler import Scheduler


class BankMachine:
    """``command`` is the proposal as of the last evaluation, None if there is none."""

    def __init__(self, bank: int, page_policy: str, scheduler: Scheduler) -> None:
        self.bank = bank
        self.page_policy = page_policy
        self.scheduler = scheduler
        self.open_row: int | None = None
        self.current: Request | None = None
        self.committed = False  # from ACT to the next CAS or PRE
        self.blocked = False
        self.sleeping = False
        self.forced: Request | None = None
        self.command: str | None = None

    @property
    def idle(self) -> bool:
        return self.current is None

    def block(self) -> None:
        self.blocked = True
        self.command = None

    def evaluate(self) -> None:
        self.command = None
        if self.blocked or self.sleeping:
            return
        choice = self.forced or self.scheduler.choose(self.bank, self.open_row)
        if choice is None:
            return
        if not self.committed or choice.location.row == self.open_row or self.forced:
            self.current = choice
        self.command = self._command_for_current()

    def _command_for_current(self) -> str:
        assert self.current is not None
        if self.open_row is None:
            return "ACT"
        if self.current.location.row != self.open_row:
            return "PRE"
        cas = "WR" if self.current.is_write else "RD"
        return cas + "A" if self._closes_row() else cas

    def _closes_row(self) -> bool:
        assert self.open_row is not None
        assert self.current is not None
        is_write = self.current.is_write
        further_hit = self.scheduler.has_further_row_hit(self.bank, self.open_row, is_write)
        if self.page_policy == "open":
            return False
        if self.page_policy == "closed":
            return True
        if self.page_policy == "closed_adaptive":
            return not further_hit
        return self.scheduler.has_further_request(self.bank, is_write) and not further_hit

    def update(self, command: str) -> None:
        """Note a command to this bank or to its whole rank."""
        if command == "ACT":
            assert self.current is not None
            self.open_row = self.current.location.row
            self.committed = True
        if command in commands.CAS:
            self.current = self.forced = None
            self.committed = False
        if command in ("PRE", "PREA", "PREsb", "RDA", "WRA"):
            self.open_row = None
            self.committed = False
        if command in commands.POWER_DOWN_ENTRIES:
            self.sleeping = True
        if command in ("PDXA", "PDXP", "REFab"):
            self.sleeping = False
        if command == "REFab" or command in commands.SET_REFRESHES:
            self.blocked = False
