"""When a command may be issued, given everything that was issued before."""

from __future__ import annotations

from collections import defaultdict, deque

from . import commands
from .memory import Memory
from .timing_rules import RULES

TIMED_AS = {"PREsb": "PRE"}  # of each of its banks


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
        self.extra: dict[tuple[str, int], int] = {}  # after the last such command of the rank
        self.known: dict[tuple[str, int, int | None], int] = {}

    def earliest(self, command: str, rank: int, bank: int | None) -> int:
        """First cycle that no rule forbids (it may lie in the past)."""
        command = TIMED_AS.get(command, command)
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
        if self._is_activate(command) and len(activates) == 4:
            in_bus = commands.length(self.memory.standard, command) - 1
            earliest = max(earliest, activates[0] + self.memory.timing.FAW - in_bus)
        if (command, rank) in self.extra:
            previous = self.last[command, "rank", rank]
            earliest = max(earliest, previous + self.extra[command, rank])
        return earliest

    def _is_activate(self, command: str) -> bool:
        """Whether a command counts in the four-activation window."""
        sets = self.memory.refresh_sets.values()
        return command == "ACT" or any(s.is_activate for s in sets if s.command == command)

    def _places(self, scope: str, rank: int, bank: int | None) -> list[int]:
        if scope == "other":
            return [other for other in range(self.memory.ranks) if other != rank]
        if scope == "any":
            return [0]
        if scope == "rank":
            return [rank]
        assert bank is not None
        return [bank if scope == "bank" else self.memory.group_of(bank)]

    def issue(self, command: str, rank: int, banks: list[int | None], now: int) -> None:
        self.known.clear()
        name = commands.bus(self.memory.standard, command)
        self.bus_free[name] = now + commands.length(self.memory.standard, command)
        if self._is_activate(command):
            length = commands.length(self.memory.standard, command)
            self.activates[rank].append(now + length - 1)
        command = TIMED_AS.get(command, command)
        self.last[command, "any", 0] = now
        self.last[command, "rank", rank] = self.last[command, "other", rank] = now
        for bank in banks:
            if bank is not None:
                self.last[command, "bank", bank] = now
                self.last[command, "group", self.memory.group_of(bank)] = now
