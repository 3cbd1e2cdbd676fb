"""When to refresh all banks of one rank: postponing, forcing and pulling in."""

from __future__ import annotations

import math

from .bank_machine import BankMachine
from .knobs import ReferenceKnobs
from .memory import Memory
from .power_down import PowerDownManager

NEVER = math.inf


def first_due(memory: Memory, rank: int, interval: int) -> int:
    """Refreshes of the ranks are spread over one interval in bit-reversed order."""
    width = memory.ranks.bit_length() - 1
    reversed_rank = int(format(rank, f"0{width}b")[::-1], 2) if width else 0
    return math.ceil(interval - reversed_rank * interval / memory.ranks)


class RefreshManager:
    """``flexibility`` counts refreshes owed (positive) or done ahead (negative)."""

    def __init__(
        self,
        memory: Memory,
        knobs: ReferenceKnobs,
        rank: int,
        machines: list[BankMachine],
        power_down: PowerDownManager,
    ) -> None:
        self.interval = memory.timing.REFI
        self.max_postponed = knobs.refresh_max_postponed
        self.max_pulled_in = knobs.refresh_max_pulledin
        self.machines = machines
        self.power_down = power_down
        enabled = knobs.refresh_policy == "all_bank"
        self.due: float = first_due(memory, rank, self.interval) if enabled else NEVER
        self.flexibility = 0
        self.pulling_in = False
        self.sleeping = False
        self.command: str | None = None
        self.banks: list[int] = []  # which the command addresses; none if the whole rank

    def evaluate(self, now: int) -> None:
        self.command = None
        if now < self.due:
            return
        self.power_down.refresh_is_due()
        if self.sleeping:
            return
        if now >= self.due + self.interval:
            self.due += self.interval
            self.pulling_in = False
        if self.pulling_in:
            self._pull_in()
        else:
            self._refresh_or_postpone()

    def _refresh_or_postpone(self) -> None:
        if self.flexibility == self.max_postponed:
            for machine in self.machines:
                machine.block()
        elif not self._rank_is_idle():
            self.flexibility += 1
            self.due += self.interval
            return
        any_open = any(machine.open_row is not None for machine in self.machines)
        self.command = "PREA" if any_open else "REFab"

    def _pull_in(self) -> None:
        if self._rank_is_idle():
            self.command = "REFab"
        else:
            self.pulling_in = False
            self.due += self.interval

    def _rank_is_idle(self) -> bool:
        return all(machine.idle for machine in self.machines)

    def update(self, command: str, now: int) -> None:
        """Note a command to this rank."""
        if command in ("PDEA", "PDEP", "SREFEN"):
            self.sleeping = True
        if command == "SREFEN":
            self.due = NEVER
        if command in ("PDXA", "PDXP"):
            self.sleeping = False
        if command == "REFab" and self.sleeping:  # the one after self-refresh
            self.sleeping = self.pulling_in = False
            self.due = now + self.interval
        elif command == "REFab":
            self._count_refresh()

    def _count_refresh(self) -> None:
        if self.pulling_in:
            self.flexibility -= 1
        self.pulling_in = True
        if self.flexibility == -self.max_pulled_in:
            self.pulling_in = False
            self.due += self.interval


class SetRefreshManager(RefreshManager):
    """Refreshes the banks of a rank set by set; a set comes again after all others.

    Like the all-bank manager, with limits that count refreshes of sets. A forced refresh blocks
    its banks before it closes them.
    """

    def __init__(
        self,
        memory: Memory,
        knobs: ReferenceKnobs,
        rank: int,
        machines: list[BankMachine],
        power_down: PowerDownManager,
    ) -> None:
        super().__init__(memory, knobs, rank, machines, power_down)
        self.policy = memory.refresh_sets[knobs.refresh_policy]
        self.interval = self.policy.interval
        self.max_postponed *= len(self.policy.sets)
        self.max_pulled_in *= len(self.policy.sets)
        self.due = first_due(memory, rank, self.interval)
        self.remaining = list(self.policy.sets)
        self.chosen: list[int] = self.remaining[0]
        self.is_forced = False

    def evaluate(self, now: int) -> None:
        self.banks = []
        super().evaluate(now)

    def _idle_set(self) -> list[int] | None:
        for banks in self.remaining:
            if all(self.machines[bank].idle for bank in banks):
                return banks
        return None

    def _refresh_or_postpone(self) -> None:
        idle = None if self.is_forced else self._idle_set()
        must = self.flexibility == self.max_postponed
        if idle is None and not must:
            self.flexibility += 1
            self.due += self.interval
            return
        if not self.is_forced:
            self.chosen = idle or self.remaining[0]
        if must:
            self.is_forced = True
            for bank in self.chosen:
                self.machines[bank].block()
        self._propose()

    def _pull_in(self) -> None:
        idle = self._idle_set()
        if idle is None:
            self.pulling_in = False
            self.due += self.interval
            return
        self.chosen = idle
        self._propose()

    def _propose(self) -> None:
        self.command, banks = self.policy.command, self.chosen
        still_open = [bank for bank in banks if self.machines[bank].open_row is not None]
        if still_open and self.command == "REFsb" and len(banks) > 1:
            self.command = "PREsb"
        elif still_open:
            self.command, banks = "PRE", still_open[:1]
        self.banks = [self.machines[bank].bank for bank in banks]

    def update(self, command: str, now: int) -> None:
        if command == self.policy.command:
            self.remaining.remove(self.chosen)
            self.remaining = self.remaining or list(self.policy.sets)
            self.is_forced = False
            self._count_refresh()
            return
        if command == "REFab":
            self.remaining = list(self.policy.sets)
            self.is_forced = False
        super().update(command, now)
