"""Does a rank get its refreshes, neither too many late nor too many ahead?"""

from __future__ import annotations

from collections.abc import Iterator

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.legality_log import LoggedCommand, Violation
from archgym.cost_models.dram.legality_partial import PartialRefresh
from archgym.cost_models.dram.legality_rules import JedecTimings


class RefreshMonitor:
    """Counts the refreshes of one rank against the time since an epoch, in units of tREFI.

    Where a log refreshes some banks at a time, those refreshes and their interval are counted, and
    the limits are those of as many rounds over all banks.

    The epoch is the start of the log, and later the refresh that follows each self-refresh: that
    one and the time asleep count neither way, and the balance is carried over. A controller may
    begin to close the rank when its last chance comes, so a refresh may be late by the time that
    waking and closing a rank takes (``grace``).
    """

    def __init__(self, timings: JedecTimings, partial: PartialRefresh | None = None) -> None:
        t = timings
        self.interval = t.refi
        self.max_postponed, self.max_pulled_in = t.max_postponed, t.max_pulled_in
        self.grace = t.cke + t.xp + t.ras + t.write_to_precharge + 2 * t.rp_all
        self.counted = Command.REFAB
        if partial is not None:
            self.counted, self.interval = partial.command, partial.interval
            self.max_postponed *= partial.n_sets
            self.max_pulled_in *= partial.n_sets
            self.grace += partial.cycle
        self.epoch = 0
        self.balance = 0  # refreshes done since the epoch, and those carried over
        self.in_self_refresh = False
        self.last: LoggedCommand | None = None

    def step(self, command: LoggedCommand) -> Iterator[Violation]:
        """Yield what a command to this rank breaks, and count it."""
        if command.command is Command.SREFEN:
            yield from self.late(command)
            self.in_self_refresh = True
            owed = (command.cycle - self.epoch) // self.interval
            self.balance = min(self.balance + 1 - owed, self.max_pulled_in)
        elif command.command is Command.REFAB and self.in_self_refresh:
            self.in_self_refresh = False
            self.epoch = command.cycle
        elif command.command is self.counted:
            yield from self.late(command)
            yield from self._early(command)
            self.balance += 1
        if command.command in (Command.SREFEN, Command.REFAB, self.counted):
            self.last = command

    def late(self, command: LoggedCommand) -> Iterator[Violation]:
        """Yield a violation if too many refreshes are owed when a command is issued."""
        if self.in_self_refresh:
            return
        latest_balance = self.balance + self.max_postponed + 1
        latest = self.epoch + latest_balance * self.interval + self.grace
        if command.cycle >= latest:
            yield self._violation("refresh_postponed", command, latest)

    def _early(self, command: LoggedCommand) -> Iterator[Violation]:
        earliest = self.epoch + (self.balance - self.max_pulled_in) * self.interval + 1
        if command.cycle < earliest:
            yield self._violation("refresh_pulled_in", command, earliest)

    def _violation(self, rule: str, command: LoggedCommand, limit: int) -> Violation:
        since = self.last or LoggedCommand(0, Command.REFAB, command.rank, -1, -1)
        return Violation(rule, command, since, limit - since.cycle)
