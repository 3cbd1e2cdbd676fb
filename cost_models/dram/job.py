"""Running designs: what the runs of a trace on a memory share, and the arrays they reuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import local
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.bursts import Bursts, decode, split_into_bursts
from archgym.cost_models.dram.canonical import circumstances
from archgym.cost_models.dram.engine import state
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.run import run
from archgym.cost_models.dram.engine.workspace import new_run, prepare
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.metrics import Runs
from archgym.cost_models.dram.timing import timing_tables
from archgym.cost_models.dram.trace import Trace
from archgym.errors import SettingError

T = TypeVar("T")
MAX_KNOWN = 200_000  # remembered results; a few hundred bytes each


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


class Job:
    """A trace on a memory: what runs share, and the arrays that a thread reuses."""

    def __init__(
        self, memory: MemorySpec, trace: Trace, bursts: Bursts, trace_clock_mhz: float | None
    ):
        self.memory, self.trace, self.bursts = memory, trace, bursts
        self.trace_clock_mhz = trace_clock_mhz
        self.tables = timing_tables(memory)
        self.decodings: dict[int, NDArray[np.int32]] = {}
        self.circumstances = circumstances(self.tables, bursts)
        self.known: dict[bytes, tuple[Runs, int]] = {}  # design -> where its results are
        self.own = local()

    def results(self, designs: NDArray[np.int64], threads: int) -> Runs:
        """Return the results of different designs; those of earlier calls are remembered."""
        keys = [design.tobytes() for design in designs]
        if len(self.known) + len(keys) > MAX_KNOWN:
            self.known.clear()
        new = [index for index, key in enumerate(keys) if key not in self.known]
        fresh = Runs.empty(len(new), self.memory.ranks)
        self.run_all(designs[new], fresh, threads)
        self.known |= {keys[index]: (fresh, row) for row, index in enumerate(new)}
        return Runs.gather([self.known[key] for key in keys], self.memory.ranks)

    def run_all(self, designs: NDArray[np.int64], runs: Runs, threads: int) -> None:
        """Simulate each design and fill its row of ``runs``; a thread keeps its arrays."""
        for code in set(designs[:, state.ADDRESS_MAPPING].tolist()):
            self.decoded(code)

        def one(index: int) -> None:
            if not hasattr(self.own, "arrays"):
                self.own.arrays = self.new_arrays()
            arrays = self.prepared(self.own.arrays, designs[index])
            runs.record(index, arrays, run(arrays) == state.FINISHED, self.bursts.writes)

        if threads <= 1 or len(designs) == 1:
            for index in range(len(designs)):
                one(index)
            return
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(one, range(len(designs))):
                pass

    def logged(self, design: NDArray[np.int64], runs: Runs) -> CommandLog:
        """Run one design, whose commands are counted by now, with a log."""
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
        if code not in self.decodings:
            name = self.memory.mapping_names[code]
            if name not in self.memory.mappings:
                known = ", ".join(self.memory.mappings)
                raise SettingError(f"memory {self.memory.name}: no map {name!r} (has: {known})")
            self.decodings[code] = decode(self.memory, self.bursts, self.memory.mappings[name])
        return self.decodings[code]


def job_of(
    memory: MemorySpec,
    trace: Trace,
    trace_clock_mhz: float | None,
    request_bytes: int | None,
    wrap_addresses: bool,
    allow_unsorted: bool,
) -> Job:
    """Return the job of a trace on a memory; the last few are kept.

    Raises:
        WorkloadError: The trace is empty, not in order, or does not fit the memory.
        SettingError: ``request_bytes`` is not a positive number.
    """
    settings = (trace_clock_mhz, request_bytes, wrap_addresses, allow_unsorted)
    return _cached_job(_Same(memory), _Same(trace), *settings)


class _Same(Generic[T]):
    """A cache key that stands for one object, not for its value."""

    def __init__(self, value: T):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


@lru_cache(maxsize=4)
def _cached_job(
    memory: _Same[MemorySpec],
    trace: _Same[Trace],
    trace_clock_mhz: float | None,
    request_bytes: int | None,
    wrap_addresses: bool,
    allow_unsorted: bool,
) -> Job:
    bursts = split_into_bursts(
        memory.value,
        trace.value,
        request_bytes=request_bytes,
        wrap_addresses=wrap_addresses,
        allow_unsorted=allow_unsorted,
    )
    return Job(memory.value, trace.value, bursts, trace_clock_mhz)
