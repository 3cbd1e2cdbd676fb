"""Making the arrays of a run: constants of the memory, and state reused from run to run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.bursts import Bursts
from archgym.cost_models.dram.commands import N_COMMANDS, Command
from archgym.cost_models.dram.engine import state
from archgym.cost_models.dram.engine.arrays import Ints, Run
from archgym.cost_models.dram.knobs import REFRESH_POLICIES
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.refresh_schemes import RefreshScheme
from archgym.cost_models.dram.timing import TimingTables
from archgym.cost_models.dram.trace import Trace
from archgym.errors import SettingError


def new_run(
    memory: MemorySpec,
    tables: TimingTables,
    trace: Trace,
    bursts: Bursts,
    trace_clock_mhz: float | None = None,
    n_commands: int = 0,
) -> Run:
    """Return arrays for runs of a trace, with a log of ``n_commands`` entries.

    ``burst`` and ``design`` are put in place by ``prepare``.

    Raises:
        SettingError: The trace clock is not a positive number.
    """
    n_banks, n_bursts = memory.banks * memory.ranks, len(bursts.addresses)
    return Run(
        times=np.array(trace.times, np.int64),  # a copy, since read-only is another compiled type
        first=bursts.first,
        owner=bursts.owner,
        burst=np.zeros((0, 4), np.int32),
        gaps=gap_table(tables),
        command=command_table(memory, tables),
        memory=memory_constants(memory, tables, trace, trace_clock_mhz),
        refresh=refresh_table(tables),
        design=np.zeros(0, np.int64),
        bank=np.zeros((n_banks, state.N_BANK_FIELDS), np.int64),
        group=np.zeros((memory.groups * memory.ranks, state.N_BANK_COMMANDS), np.int64),
        rank=np.zeros((memory.ranks, state.N_RANK_FIELDS), np.int64),
        channel=np.zeros(state.N_CHANNEL_FIELDS, np.int64),
        active=np.zeros(n_banks, np.int64),
        link=np.zeros((n_bursts, 2), np.int32),
        bursts_left=np.diff(bursts.first).astype(np.int64),
        ready_at=np.zeros(n_bursts, np.int64),
        delivered=np.zeros(len(trace), np.int64),
        latency=np.zeros(len(trace), np.int64),
        counts=np.zeros((memory.ranks, state.N_COUNTS), np.int64),
        log=np.zeros((n_commands, 6), np.int64),
    )


def gap_table(tables: TimingTables) -> Ints:
    """Return the least distances by scope, earlier and later command, int64 (4, 16, 16)."""
    n = state.N_TIMED_COMMANDS
    scopes = (tables.bank, tables.group, tables.rank, tables.other)
    return np.stack([table[:n, :n] for table in scopes])


def refresh_table(tables: TimingTables) -> Ints:
    """Return what one refresh of each policy is, int64 (policies, N_REFRESH_FIELDS).

    The rows of policies that the memory does not have are zero.
    """
    table = np.zeros((len(REFRESH_POLICIES), state.N_REFRESH_FIELDS), np.int64)
    for policy, scheme in tables.refresh_schemes.items():
        table[REFRESH_POLICIES.index(policy)] = _refresh_row(scheme)
    return table


def _refresh_row(scheme: RefreshScheme) -> Ints:
    row = np.zeros(state.N_REFRESH_FIELDS, np.int64)
    row[state.INTERVAL] = scheme.interval
    row[state.REFRESH] = scheme.command
    row[state.N_SETS] = scheme.n_sets
    row[state.SET_SIZE] = scheme.set_size
    row[state.SET_STRIDE] = scheme.stride
    row[state.SET_ACTIVE] = scheme.cycle - scheme.precharge
    row[state.NEW_ROUND] = scheme.new_round
    row[state.IN_WINDOW] = scheme.in_window
    return row


def command_table(memory: MemorySpec, tables: TimingTables) -> Ints:
    """Return what the kernel knows about each command, int64 (17, 5)."""
    columns = [tables.length, tables.bus, tables.data_end, tables.auto_precharge]
    return np.ascontiguousarray(np.stack([*columns, _completion(memory)], axis=1))


def _completion(memory: MemorySpec) -> Ints:
    """Return after how many cycles a command counts as complete at the end of the account."""
    timing, cycles = memory.timing, np.zeros(N_COMMANDS, np.int64)
    if memory.power is None:
        return cycles
    read = timing["RL"] + timing.get("DQSCK", 0) + 1 + memory.burst_cycles
    cycles[[Command.RD, Command.RDA]] = read
    cycles[[Command.WR, Command.WRA]] = timing["WL"] + memory.burst_cycles + timing["WR"]
    cycles[Command.ACT] = timing.get("RCD", timing.get("RCDRD", 0))
    cycles[[Command.PRE, Command.PREA, Command.PRESB]] = timing.get("RP", timing.get("RPPB", 0))
    return cycles


def memory_constants(
    memory: MemorySpec, tables: TimingTables, trace: Trace, trace_clock_mhz: float | None
) -> Ints:
    """Return the scalars that the kernel reads, int64 (N_MEMORY,)."""
    clock = memory.clock_mhz if trace_clock_mhz is None else trace_clock_mhz
    if not clock > 0 or round(1e6 / clock) < 1:
        raise SettingError(f"trace_clock_mhz = {clock}: a positive number below 2e6 is wanted")
    constants = np.zeros(state.N_MEMORY, np.int64)
    constants[state.N_BANKS] = memory.banks * memory.ranks
    constants[state.N_RANKS] = memory.ranks
    constants[state.BANKS_PER_RANK] = memory.banks
    constants[state.BANKS_PER_GROUP] = memory.banks // memory.groups
    constants[state.ACTIVATION_WINDOW] = tables.activation_window
    constants[state.REFRESH_ACTIVE] = tables.refresh_cycle - tables.refresh_precharge
    constants[state.REFRESH_CYCLE] = tables.refresh_cycle
    constants[state.RAS] = memory.timing["RAS"]
    constants[state.COLUMN_BUS] = memory.standard.column_bus
    constants[state.CLOCK_PS] = memory.clock_ps
    constants[state.TRACE_CLOCK_PS] = round(1e6 / clock)
    constants[state.RELATIVE_TIMES] = trace.relative
    return constants


def prepare(arrays: Run, burst: NDArray[np.int32], design: Ints) -> Run:
    """Return the arrays, cleared, for one design and the bursts as its address map puts them."""
    for cleared in (arrays.bank, arrays.group, arrays.rank, arrays.channel, arrays.counts):
        cleared[:] = 0
    if len(arrays.first):
        arrays.bursts_left[:] = np.diff(arrays.first)
    return arrays._replace(burst=burst, design=design)
