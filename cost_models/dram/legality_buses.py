"""Do commands collide on a command bus, or bursts on a data bus?"""

from __future__ import annotations

from collections.abc import Iterator

from archgym.cost_models.dram.commands import COLUMN_COMMANDS
from archgym.cost_models.dram.legality_log import LoggedCommand, Violation
from archgym.cost_models.dram.legality_rules import READS, CommandBus, JedecTimings


class BusMonitor:
    """Remembers the last command of each command bus and the last burst of each data bus."""

    def __init__(self, bus: CommandBus, timings: JedecTimings) -> None:
        self.bus = bus
        self.timings = timings
        self.last_command: dict[str, LoggedCommand] = {}
        self.last_burst: dict[int, LoggedCommand] = {}

    def step(self, command: LoggedCommand) -> Iterator[Violation]:
        """Yield the collisions of one command, and remember it."""
        yield from self._command_bus(command)
        if command.command in COLUMN_COMMANDS:
            yield from self._data_bus(command)

    def _command_bus(self, command: LoggedCommand) -> Iterator[Violation]:
        column = self.bus.separate_column_bus and command.command in COLUMN_COMMANDS
        bus = "column" if column else "row"
        earlier = self.last_command.get(bus)
        self.last_command[bus] = command
        if earlier is not None:
            required = self.bus.length(earlier.command)
            if command.cycle < earlier.cycle + required:
                yield Violation("command_bus", command, earlier, required)

    def _data_bus(self, command: LoggedCommand) -> Iterator[Violation]:
        bus = command.rank if self.bus.data_bus_per_rank else 0
        earlier = self.last_burst.get(bus)
        self.last_burst[bus] = command
        if earlier is not None:
            gap = self.timings.rank_switch if earlier.rank != command.rank else 0
            after_earlier = self._data_begins(earlier) + self.timings.burst + gap
            required = after_earlier - self._data_begins(command)
            if command.cycle < earlier.cycle + required:
                yield Violation("data_bus", command, earlier, required)

    def _data_begins(self, command: LoggedCommand) -> int:
        """Cycles from the first bus cycle of a column command to its first data cycle."""
        t = self.timings
        latency = t.read_latency if command.command in READS else t.write_latency
        return latency + self.bus.length(command.command) - 1
