"""The timing of one memory as the arrays that the simulator's kernel reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.commands import COLUMN_COMMANDS, N_COMMANDS, Command
from archgym.cost_models.dram.expressions import evaluate
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.refresh_schemes import RefreshScheme, refresh_schemes

NO_RULE = -(1 << 40)  # added to any issue time it stays below every other bound


@dataclass(frozen=True)
class TimingTables:
    """Least distances between commands, and what else timing says about a command.

    Attributes:
        bank: int64 (17, 17) [earlier, later] cycles within a bank; NO_RULE where free.
        group: Same within a bank group.
        rank: Same within a rank.
        other: Same from one rank to all others.
        length: int64 (17,), bus cycles of a command.
        bus: int64 (17,), 1 for commands on the column bus, else 0.
        data_end: int64 (17,), cycles from a column command to the end of its data.
        auto_precharge: int64 (17,), cycles from RDA or WRA to its internal precharge.
        activation_window: Cycles of the four-activation window.
        refresh_schemes: What a refresh is under each policy that the memory has.
    """

    bank: NDArray[np.int64]
    group: NDArray[np.int64]
    rank: NDArray[np.int64]
    other: NDArray[np.int64]
    length: NDArray[np.int64]
    bus: NDArray[np.int64]
    data_end: NDArray[np.int64]
    auto_precharge: NDArray[np.int64]
    activation_window: int
    refresh_schemes: Mapping[str, RefreshScheme]

    @property
    def refresh_cycle(self) -> int:
        """Cycles of an all-bank refresh."""
        return self.refresh_schemes["all_bank"].cycle

    @property
    def refresh_precharge(self) -> int:
        """Part of the cycle of an all-bank refresh that counts as precharge (energy)."""
        return self.refresh_schemes["all_bank"].precharge


def timing_tables(memory: MemorySpec) -> TimingTables:
    """Evaluate the rules of a memory's standard with the memory's own timings."""
    standard = memory.standard
    names = standard.names(memory.timing, memory.burst_cycles)
    scopes = {
        scope: np.full((N_COMMANDS, N_COMMANDS), NO_RULE, np.int64)
        for scope in ("bank", "group", "rank", "other")
    }
    for rule in standard.rules:
        interval = evaluate(rule.interval, names)
        for scope in ("rank", "other") if rule.scope == "any" else (rule.scope,):
            cell = (rule.earlier, rule.later)
            scopes[scope][cell] = max(scopes[scope][cell], interval)
    lengths = {Command.PRESB: standard.command_length.get(Command.PRE, 1)}
    lengths |= standard.command_length
    length = [lengths.get(command, 1) for command in Command]
    bus = [int(standard.column_bus and command in COLUMN_COMMANDS) for command in Command]
    return TimingTables(
        **scopes,
        length=np.array(length, np.int64),
        bus=np.array(bus, np.int64),
        data_end=_per_column_command(standard.data_end, names),
        auto_precharge=_per_column_command(standard.auto_precharge, names),
        activation_window=evaluate(standard.activation_window, names),
        refresh_schemes=refresh_schemes(memory),
    )


def _per_column_command(
    expressions: Mapping[str, str], names: Mapping[str, int]
) -> NDArray[np.int64]:
    values = np.zeros(N_COMMANDS, np.int64)
    values[[Command.RD, Command.RDA]] = evaluate(expressions["read"], names)
    values[[Command.WR, Command.WRA]] = evaluate(expressions["write"], names)
    return values
