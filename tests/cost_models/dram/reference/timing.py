"""When a command may be issued, given everything that was issued before."""

from __future__ import annotations

from collections import defaultdict, deque

from . import commands
from .memory import Memory
from .timing_rules import RULES


class TimingChecker:
    """Remembers the last issue of every command per scope."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.rules: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for next_commands, previous_commands, scope, interval in RULES[memory.standard](
            memory.timing
        ):
            for command in next_commands.split():
                for previous in previous_commands.split():
                    self.rules[command].append((previous, scope, interval))
        self.last: dict[tuple[str, str, int], int] = {}
        self.bus_free = {"row": 0, "column": 0}
        self.activates: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=4))
        self.known: dict[tuple[str, int, int | None], int] = {}

    def earliest(self, command: str, rank: int, bank: int | None) -> int:
        """First cycle that no rule forbids (it may lie in the past)."""
        key = (command, rank, bank)
        if key not in self.known:
            self.known[key] = self._earliest(command, rank, bank)
        return self.known[key]

    def _earliest(self, command: str, rank: int, bank: int | None) -> int:
        earliest = self.bus_free[commands.bus(self.memory.standard, command)]
        for previous, scope, interval in self.rules[command]:
            for place in self._places(scope, rank, bank):
                issued = self.last.get((previous, scope, place))
                if issued is not None:
                    earliest = max(earliest, issued + interval)
        activates = self.activates[rank]
        if command == "ACT" and len(activates) == 4:
            earliest = max(earliest, activates[0] + self.memory.timing.FAW)
        return earliest

    def _places(self, scope: str, rank: int, bank: int | None) -> list[int]:
        if scope == "other":
            return [other for other in range(self.memory.ranks) if other != rank]
        if scope == "any":
            return [0]
        if scope == "rank":
            return [rank]
        assert bank is not None
        return [bank if scope == "bank" else self.memory.group_of(bank)]

    def issue(self, command: str, rank: int, bank: int | None, now: int) -> None:
        self.known.clear()
        name = commands.bus(self.memory.standard, command)
        self.bus_free[name] = now + commands.length(self.memory.standard, command)
        self.last[command, "any", 0] = now
        self.last[command, "rank", rank] = self.last[command, "other", rank] = now
        if bank is not None:
            self.last[command, "bank", bank] = now
            self.last[command, "group", self.memory.group_of(bank)] = now
        if command == "ACT":
            self.activates[rank].append(now)
