"""When to refresh all banks of one rank: postponing, forcing and pulling in."""

from __future__ import annotations

import math

from .bank_machine import BankMachine
from .knobs import ReferenceKnobs
from .memory import Memory
from .power_down import PowerDownManager

NEVER = math.inf


def first_due(memory: Memory, rank: int) -> int:
    """Refreshes of the ranks are spread over one interval in bit-reversed order."""
    width = memory.ranks.bit_length() - 1
    reversed_rank = int(format(rank, f"0{width}b")[::-1], 2) if width else 0
    interval: int = memory.timing.REFI
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
        self.due: float = first_due(memory, rank) if enabled else NEVER
        self.flexibility = 0
        self.pulling_in = False
        self.sleeping = False
        self.command: str | None = None

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
