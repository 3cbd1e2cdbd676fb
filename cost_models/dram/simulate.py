"""Simulate memory controllers: many designs on one trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import local
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram import knobs as knob_table
from archgym.cost_models.dram.bursts import Bursts, decode, split_into_bursts
from archgym.cost_models.dram.engine import state
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.run import run
from archgym.cost_models.dram.engine.workspace import new_run, prepare
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.metrics import Runs, metric_columns
from archgym.cost_models.dram.timing import TimingTables, timing_tables
from archgym.cost_models.dram.trace import Trace
from archgym.errors import SettingError

Floats = NDArray[np.float64]
T = TypeVar("T")
Retention = Literal["enforce", "ignore"]


@dataclass(frozen=True)
class CommandLog:
    """The commands of one run, in the order of issue; one entry per command.

    Attributes:
        cycle: int64, first bus cycle.
        command: int8 codes of ``Command``.
        rank: int64.
        bank: int64, bank of the channel, -1 for rank commands.
        row: int64, row that is opened, accessed or closed, -1 for rank commands.
        request: int64, index in the trace, -1 for rank commands.
    """

    cycle: NDArray[np.int64]
    command: NDArray[np.int8]
    rank: NDArray[np.int64]
    bank: NDArray[np.int64]
    row: NDArray[np.int64]
    request: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cycle)


@dataclass(frozen=True)
class Simulation:
    """What the designs of one call cost.

    Attributes:
        metrics: Metric name -> float64 (n,); NaN where a metric has no value.
        finished: bool (n,); False for a run that the watchdog ended, whose metrics are NaN.
        log: Commands, if one was asked for.
    """

    metrics: dict[str, Floats]
    finished: NDArray[np.bool_]
    log: CommandLog | None = None


def simulate(
    memory: MemorySpec,
    trace: Trace,
    knobs: NDArray[np.int64],
    *,
    trace_clock_mhz: float | None = None,
    request_bytes: int | None = None,
    wrap_addresses: bool = False,
    allow_unsorted: bool = False,
    retention: Retention = "enforce",
    log: bool = False,
    threads: int = 1,
) -> Simulation:
    """Simulate designs on a trace.

    Args:
        memory: The memory behind the controller.
        trace: The requests.
        knobs: int64 (n, 13), designs as codes and numbers in the order of ``KNOBS``.
        trace_clock_mhz: Clock of the trace's times; the memory's clock if None.
        request_bytes: Bytes of requests that state no length; the memory's own if None.
        wrap_addresses: Ignore address bits beyond the device instead of refusing them.
        allow_unsorted: Take times as minima although they decrease.
        retention: Whether too few refreshes make a design infeasible.
        log: Keep the command log; takes a single design.
        threads: Designs simulated at the same time.

    Raises:
        InvalidDesignError: A knob has an illegal value.
        WorkloadError: The trace is empty, not in order, or does not fit the memory.
        SettingError: A setting has an impossible value.
    """
    designs = np.ascontiguousarray(knobs, np.int64)
    knob_table.check(designs, len(memory.mapping_names))
    if log and len(designs) != 1:
        raise SettingError(f"log = true takes one design, {len(designs)} are given")
    if retention not in ("enforce", "ignore"):
        raise SettingError(f"retention = {retention!r}: allowed are enforce, ignore")
    bursts = _bursts(_Same(memory), _Same(trace), request_bytes, wrap_addresses, allow_unsorted)
    job = _Job(memory, timing_tables(memory), trace, bursts, trace_clock_mhz)
    unique, inverse = np.unique(knob_table.canonical(designs), axis=0, return_inverse=True)
    runs = Runs.empty(len(unique), memory.ranks)
    job.run_all(unique, runs, threads)
    metrics = metric_columns(memory, job.tables, runs, bursts, retention)
    row = inverse.reshape(-1)
    return Simulation(
        {name: values[row] for name, values in metrics.items()},
        runs.finished[row],
        job.logged(unique[0], runs) if log else None,
    )


@dataclass(frozen=True, eq=False)
class _Job:
    """What the runs of one call share."""

    memory: MemorySpec
    tables: TimingTables
    trace: Trace
    bursts: Bursts
    trace_clock_mhz: float | None

    def run_all(self, designs: NDArray[np.int64], runs: Runs, threads: int) -> None:
        """Simulate each design and fill its row of ``runs``; a thread keeps its arrays."""
        for code in np.unique(designs[:, state.ADDRESS_MAPPING]):
            self.decoded(int(code))
        own = local()

        def one(index: int) -> None:
            if not hasattr(own, "arrays"):
                own.arrays = self.new_arrays()
            arrays = self.prepared(own.arrays, designs[index])
            runs.record(index, arrays, run(arrays) == state.FINISHED, self.bursts.writes)

        if threads <= 1 or len(designs) == 1:
            for index in range(len(designs)):
                one(index)
            return
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(one, range(len(designs))):
                pass

    def logged(self, design: NDArray[np.int64], runs: Runs) -> CommandLog:
        """Repeat the run of one design, whose commands are counted by now, with a log."""
        n_commands = int(runs.counts[0, :, : state.N_ALL_COMMANDS].sum())
        arrays = self.prepared(self.new_arrays(n_commands), design)
        run(arrays)
        columns = [np.ascontiguousarray(column) for column in arrays.log.T]
        return CommandLog(columns[0], columns[1].astype(np.int8), *columns[2:])

    def new_arrays(self, n_commands: int = 0) -> Run:
        """Return arrays for runs of this job."""
        return new_run(
            self.memory, self.tables, self.trace, self.bursts, self.trace_clock_mhz, n_commands
        )

    def prepared(self, arrays: Run, design: NDArray[np.int64]) -> Run:
        """Return the arrays, cleared and filled, for one design."""
        return prepare(arrays, self.decoded(int(design[state.ADDRESS_MAPPING])), design)

    def decoded(self, code: int) -> NDArray[np.int32]:
        """Return the bursts under one address map, shared by all designs that use it."""
        name = self.memory.mapping_names[code]
        if name not in self.memory.mappings:
            known = ", ".join(self.memory.mappings)
            raise SettingError(f"memory {self.memory.name}: no address map {name!r} ({known})")
        return _decode(_Same(self.memory), _Same(self.bursts), name)


class _Same(Generic[T]):
    """A cache key that stands for one object, not for its value."""

    def __init__(self, value: T):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


@lru_cache(maxsize=4)
def _bursts(
    memory: _Same[MemorySpec], trace: _Same[Trace], size: int | None, wrap: bool, unsorted: bool
) -> Bursts:
    return split_into_bursts(
        memory.value,
        trace.value,
        request_bytes=size,
        wrap_addresses=wrap,
        allow_unsorted=unsorted,
    )


@lru_cache(maxsize=12)
def _decode(memory: _Same[MemorySpec], bursts: _Same[Bursts], name: str) -> NDArray[np.int32]:
    return decode(memory.value, bursts.value, memory.value.mappings[name])
