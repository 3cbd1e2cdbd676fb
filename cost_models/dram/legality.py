"""An independent check that a command log obeys the JEDEC standard of its memory.

Slow and plain on purpose: it replays the log command by command, keeps the state that the DRAM
would have, and names every rule that a command breaks. It shares nothing with the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from archgym.cost_models.dram.commands import COLUMN_COMMANDS, Command
from archgym.cost_models.dram.legality_buses import BusMonitor
from archgym.cost_models.dram.legality_log import CommandLog, LoggedCommand, Violation, read_log
from archgym.cost_models.dram.legality_partial import (
    PARTIAL_REFRESHES,
    SET_COMMANDS,
    RoundMonitor,
    bank_by_bank,
    partial_refresh,
)
from archgym.cost_models.dram.legality_refresh import RefreshMonitor
from archgym.cost_models.dram.legality_rules import READS, Distance, distance_rules
from archgym.cost_models.dram.legality_standards import command_bus, jedec_timings
from archgym.cost_models.dram.memory import MemorySpec

__all__ = ["CommandLog", "LegalityChecker", "LoggedCommand", "Violation", "check_legality"]

C = Command
AUTO_PRECHARGES = frozenset({C.RDA, C.WRA})
ENTRY_OF_EXIT = {C.PDXA: C.PDEA, C.PDXP: C.PDEP, C.SREFEX: C.SREFEN}
ENTRIES = frozenset(ENTRY_OF_EXIT.values())
NEEDS_CLOSED_BANKS = frozenset({C.REFAB, C.SREFEN, C.PDEP})
NEEDS_PRECHARGED_BANKS = frozenset({C.REFAB, C.SREFEN})
ACTIVATION_WINDOW = 4


def check_legality(
    memory: MemorySpec, log: CommandLog, *, refreshed: bool = True
) -> list[Violation]:
    """Return every violation of the memory's JEDEC standard in a command log.

    Args:
        memory: The memory that the log drives.
        log: The commands in time order.
        refreshed: Whether refreshes are counted (turn off for a run without refresh).

    Returns:
        Violations in log order; empty for a legal log. A command that breaks a rule is still
        carried out, so that later ones are judged against it.

    Raises:
        UnknownNameError: No rules are known for the memory's standard.
    """
    apart = bool(np.isin(log.command, list(SET_COMMANDS)).any())
    checker = LegalityChecker(memory, refreshed=refreshed, banks_apart=apart)
    violations: list[Violation] = []
    command = None
    for command in read_log(log):
        violations += checker.step(command)
    if command is not None:
        violations += checker.finish(command)
    return violations


@dataclass
class Bank:
    """What the standard knows of one bank.

    Attributes:
        row: The open row; None when closed or closing.
        activated: The last ACT.
        written: The last write since then.
        closed: The command that closed it last.
        precharged: First cycle (of a command's last bus cycle) in which tRP has passed.
    """

    row: int | None = None
    activated: LoggedCommand | None = None
    written: LoggedCommand | None = None
    closed: LoggedCommand | None = None
    precharged: int = 0


@dataclass
class Rank:
    """What the standard knows of one rank."""

    banks: dict[int, Bank]
    refresh: RefreshMonitor
    rounds: RoundMonitor | None = None
    asleep: Command | None = None  # the entry that put it to sleep
    owes_refresh: bool = False  # from the exit of self-refresh to the next refresh
    activations: list[LoggedCommand] = field(default_factory=list)

    def open_banks(self) -> list[Bank]:
        """Banks with an open row."""
        return [bank for bank in self.banks.values() if bank.row is not None]


class LegalityChecker:
    """Checks one command after another; `check_legality` is the usual way in."""

    def __init__(
        self, memory: MemorySpec, *, refreshed: bool = True, banks_apart: bool = False
    ) -> None:
        """Take the memory; ``banks_apart``: the log refreshes some banks of a rank at a time."""
        self.bus = command_bus(memory)
        self.timings = jedec_timings(memory)
        self.refreshed = refreshed
        self.partial = partial_refresh(memory) if banks_apart else None
        self.buses = BusMonitor(self.bus, self.timings)
        self.banks_per_group = memory.banks // memory.groups
        self.ranks = [self._new_rank(rank, memory.banks) for rank in range(memory.ranks)]
        rules = distance_rules(self.timings, grouped=memory.groups > 1)
        if self.partial is not None:
            rules += self.partial.distances()
        self.rules = {later: [r for r in rules if later in r.later] for later in Command}
        self.last: dict[tuple[str, int, Command], LoggedCommand] = {}

    def _new_rank(self, rank: int, banks: int) -> Rank:
        numbers = range(rank * banks, (rank + 1) * banks)
        monitor = RefreshMonitor(self.timings, self.partial)
        rounds = None if self.partial is None else RoundMonitor(self.partial)
        return Rank({number: Bank() for number in numbers}, monitor, rounds)

    def step(self, command: LoggedCommand) -> Iterator[Violation]:
        """Yield what one command breaks, and carry it out."""
        rank = self.ranks[command.rank]
        yield from self.buses.step(command)
        yield from self._sleep(command, rank)
        to_banks = bank_by_bank(command, self.partial)
        for number, part in enumerate(to_banks):
            yield from self._distances(part, whole_rank_too=number == 0)
        if command.command in PARTIAL_REFRESHES:
            yield from self._activation_window(command, rank)
        for part in to_banks:
            if part.bank >= 0:
                yield from self._bank(part, rank)
            else:
                yield from self._whole_rank(part, rank)
        if self.refreshed:
            yield from rank.refresh.step(command)
            if rank.rounds is not None:
                yield from rank.rounds.step(command)
        for part in to_banks:
            self._remember(part)

    def finish(self, last: LoggedCommand) -> Iterator[Violation]:
        """Yield the ranks whose refreshes are overdue at the last command of the log."""
        if self.refreshed:
            for rank in self.ranks:
                yield from rank.refresh.late(last)

    def _sleep(self, command: LoggedCommand, rank: Rank) -> Iterator[Violation]:
        """A sleeping rank takes nothing but the exit that belongs to its entry."""
        entry = ENTRY_OF_EXIT.get(command.command)
        if entry is not None:
            if rank.asleep is not entry:
                yield Violation("exit_without_entry", command)
            rank.asleep = None
        elif rank.asleep is not None:
            yield Violation("asleep", command)
        if command.command in ENTRIES:
            rank.asleep = command.command

    def _distances(self, command: LoggedCommand, whole_rank_too: bool) -> Iterator[Violation]:
        for rule in self.rules[command.command]:
            if rule.scope == "rank" and not whole_rank_too:
                continue
            place = self._place(rule.scope, command)
            for earlier_command in rule.earlier:
                earlier = self.last.get((rule.scope, place, earlier_command))
                if earlier is not None:
                    required = self._required(rule, earlier, command)
                    if command.cycle < earlier.cycle + required:
                        yield Violation(rule.rule, command, earlier, required)

    def _required(self, rule: Distance, earlier: LoggedCommand, later: LoggedCommand) -> int:
        """Translate a distance between last bus cycles into one between first bus cycles."""
        required = rule.cycles + self.bus.length(earlier.command) - 1
        if rule.rule == "tXP" and self.bus.exit_counts_to_first_cycle:
            return required
        return required - self.bus.length(later.command) + 1

    def _place(self, scope: str, command: LoggedCommand) -> int:
        if scope == "rank":
            return command.rank
        return command.bank if scope == "bank" else command.bank // self.banks_per_group

    def _bank(self, command: LoggedCommand, rank: Rank) -> Iterator[Violation]:
        bank = rank.banks[command.bank]
        if command.command is C.ACT:
            yield from self._activate(command, bank)
            yield from self._activation_window(command, rank)
        elif command.command in COLUMN_COMMANDS:
            yield from self._access(command, bank)
        elif command.command in PARTIAL_REFRESHES:
            if bank.row is not None:
                yield Violation("bank_closed", command)
            yield from self._precharged(command, bank)
        elif command.command is C.PRE and bank.row is not None:
            self._close(command, bank, self._edge(command), self.timings.rp)

    def _activate(self, command: LoggedCommand, bank: Bank) -> Iterator[Violation]:
        if bank.row is not None:
            yield Violation("bank_closed", command)
        yield from self._precharged(command, bank)
        bank.row, bank.activated, bank.written = command.row, command, None

    def _precharged(self, command: LoggedCommand, bank: Bank) -> Iterator[Violation]:
        if bank.closed is not None and self._edge(command) < bank.precharged:
            first_cycle = bank.precharged - self.bus.length(command.command) + 1
            yield Violation("tRP", command, bank.closed, first_cycle - bank.closed.cycle)

    def _activation_window(self, command: LoggedCommand, rank: Rank) -> Iterator[Violation]:
        if len(rank.activations) == ACTIVATION_WINDOW:
            earlier = rank.activations.pop(0)
            longer = self.bus.length(earlier.command) - self.bus.length(command.command)
            required = self.timings.faw + longer
            if command.cycle < earlier.cycle + required:
                yield Violation("tFAW", command, earlier, required)
        rank.activations.append(command)

    def _access(self, command: LoggedCommand, bank: Bank) -> Iterator[Violation]:
        if bank.row != command.row:
            yield Violation("row_open", command)
        if command.command in AUTO_PRECHARGES:
            yield from self._auto_precharge(command, bank)
        elif command.command is C.WR:
            bank.written = command

    def _auto_precharge(self, command: LoggedCommand, bank: Bank) -> Iterator[Violation]:
        """The DRAM itself delays the internal precharge for tRAS, but not for an earlier write."""
        begins = self._edge(command) + self._recovery(command)
        if bank.activated is not None:
            begins = max(begins, self._edge(bank.activated) + self.timings.ras)
        if bank.written is not None:
            recovered = self._edge(bank.written) + self.timings.write_to_precharge
            if begins < recovered:
                required = command.cycle + recovered - begins - bank.written.cycle
                yield Violation("tWR", command, bank.written, required)
        self._close(command, bank, begins, self.timings.rp)

    def _recovery(self, command: LoggedCommand) -> int:
        read = command.command in READS
        return self.timings.read_to_precharge if read else self.timings.write_to_precharge

    def _close(self, command: LoggedCommand, bank: Bank, begins: int, precharge: int) -> None:
        bank.row, bank.closed, bank.precharged = None, command, begins + precharge

    def _whole_rank(self, command: LoggedCommand, rank: Rank) -> Iterator[Violation]:
        if command.command in NEEDS_CLOSED_BANKS and rank.open_banks():
            yield Violation("all_banks_closed", command)
        if command.command in NEEDS_PRECHARGED_BANKS:
            yield from self._last_precharge(command, rank)
        if command.command is C.PDEA and not rank.open_banks():
            yield Violation("active_bank", command)
        if command.command is C.SREFEN and rank.owes_refresh:
            yield Violation("refresh_after_self_refresh", command)
        if command.command is C.PREA:
            for bank in rank.open_banks():
                self._close(command, bank, self._edge(command), self.timings.rp_all)
        if command.command in (C.SREFEX, C.REFAB):
            rank.owes_refresh = command.command is C.SREFEX

    def _last_precharge(self, command: LoggedCommand, rank: Rank) -> Iterator[Violation]:
        """Report tRP once, for the bank that is precharged last."""
        last = max(rank.banks.values(), key=lambda bank: bank.precharged)
        yield from self._precharged(command, last)

    def _edge(self, command: LoggedCommand) -> int:
        """The last bus cycle of a command, from which the standards measure."""
        return command.cycle + self.bus.length(command.command) - 1

    def _remember(self, command: LoggedCommand) -> None:
        self.last["rank", command.rank, command.command] = command
        if command.bank >= 0:
            group = command.bank // self.banks_per_group
            self.last["bank", command.bank, command.command] = command
            self.last["group", group, command.command] = command
