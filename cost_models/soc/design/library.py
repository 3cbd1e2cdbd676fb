"""All blocks that designs may have: their words, and what kernels know of them."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.design.arrays import GraphArrays, LibraryArrays
from archgym.cost_models.soc.design.columns import DRAM, INTERCONNECT, IP, MOST_BLOCKS, SRAM
from archgym.cost_models.soc.design.workload import TaskGraph

MEMORY_KINDS = (SRAM, DRAM)  # as kernels number them
_KEPT = 32  # task graphs whose arrays are kept
SQUARE_METRES_PER_UM2 = 1e-12
JOULE_PER_FJ = 1e-15


@dataclass(frozen=True)
class Alphabets:
    """The legal words of each column.

    Attributes:
        pes, mems, buses: Blocks.
        indices: Numbers of blocks.
        links: Pairs of buses, either way round.
    """

    pes: tuple[str, ...]
    mems: tuple[str, ...]
    buses: tuple[str, ...]
    indices: tuple[str, ...]
    links: tuple[str, ...]


def alphabets_of(graph: TaskGraph) -> Alphabets:
    """Return the words of all blocks that a workload's library has."""
    hardware = graph.hardware
    multiples = hardware.accelerator.freq_multiples
    accelerators = (
        f"{IP}:{task.name}:{unroll}:{multiple}"
        for _, task in graph.accelerated()
        for unroll, multiple in itertools.product(task.unroll, multiples)
    )
    memory, bus = hardware.memory, hardware.interconnect
    sizes = list(itertools.product(memory.width_bytes, memory.freq_multiples))
    pairs = itertools.permutations(range(MOST_BLOCKS), 2)
    return Alphabets(
        pes=(hardware.cpu.name, *accelerators),
        mems=tuple(f"{kind}:{w}:{f}" for kind in MEMORY_KINDS for w, f in sizes),
        buses=tuple(
            f"{INTERCONNECT}:{w}:{f}"
            for w, f in itertools.product(bus.width_bytes, bus.freq_multiples)
        ),
        indices=tuple(map(str, range(MOST_BLOCKS))),
        links=tuple(f"{one}-{other}" for one, other in pairs),
    )


@cache
def memory_table() -> dict[str, NDArray[np.float64]]:
    """Return, per kind, float64 (sizes, 4): bytes, read and write J/byte, area in m2."""
    text = files("archgym.cost_models.soc.design").joinpath("memory_table.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines))[1:]
    return {
        kind: np.array(sorted([float(v) for v in row[1:]] for row in rows if row[0] == kind))
        for kind in MEMORY_KINDS
    }


@lru_cache(maxsize=_KEPT)
def library_arrays(graph: TaskGraph) -> LibraryArrays:
    """Return what kernels know of the blocks, in the order of `alphabets_of`."""
    words, hardware, tables = alphabets_of(graph), graph.hardware, memory_table()
    pes = [word.split(":") for word in words.pes[1:]]
    tasks = [graph.task_names.index(word[1]) for word in pes]
    acc_hz = hardware.accelerator.freq_hz
    return LibraryArrays(
        pe_task=np.array([-1, *tasks], dtype=np.int64),
        pe_unroll=np.array([1.0, *(float(word[2]) for word in pes)]),
        pe_hz=np.array([hardware.cpu.freq_hz, *(float(word[3]) * acc_hz for word in pes)]),
        mem_kind=np.array([MEMORY_KINDS.index(word.split(":")[0]) for word in words.mems]),
        mem_peak=_peaks(words.mems, hardware.memory.freq_hz),
        bus_peak=_peaks(words.buses, hardware.interconnect.freq_hz),
        link_ends=np.array([word.split("-") for word in words.links], dtype=np.int64),
        cpu_rate=hardware.cpu.freq_hz * hardware.cpu.ipc,
        cpu_joule=1.0 / hardware.cpu.inst_per_joule,
        cpu_area=hardware.cpu.area_m2,
        sram=tables[SRAM],
        dram=tables[DRAM],
        granule=float(hardware.memory.granule_bytes),
        least=float(hardware.memory.min_bytes),
        window=hardware.power_window_s,
        done=hardware.done_fraction,
        slack=hardware.budget_slack,
        met=hardware.met_distance,
    )


def _peaks(words: tuple[str, ...], hz: float) -> NDArray[np.float64]:
    """Return the bytes per second of memories or buses."""
    fields = [word.split(":") for word in words]
    return np.array([float(width) * float(multiple) * hz for _, width, multiple in fields])


@lru_cache(maxsize=_KEPT)
def graph_arrays(graph: TaskGraph) -> GraphArrays:
    """Return a task graph as kernels take it."""
    tasks, budgets, scales = graph.spec.tasks, graph.spec.budgets, graph.hardware.accelerator
    work = np.array([task.cpu_cycles * graph.hardware.cpu.ipc for task in tasks])
    edges = np.array(graph.edges, dtype=np.int64).reshape(-1, 3)
    ends = [graph.is_end(task) for task in range(len(tasks))]
    roots = [task for task, parents in enumerate(graph.parents) if not parents]
    outgoing = np.bincount(edges[:, 0], weights=edges[:, 2], minlength=len(tasks))
    area_um2 = np.array([task.acc_area_um2 or 0.0 for task in tasks])
    energy_fj = np.array([task.acc_energy_fj or 0.0 for task in tasks])
    return GraphArrays(
        work=work,
        acc_cycles=np.array([task.acc_cycles or 1.0 for task in tasks]),
        acc_joule=energy_fj * JOULE_PER_FJ * scales.energy_scale,
        acc_area=area_um2 * SQUARE_METRES_PER_UM2 * scales.area_scale,
        bursts=np.array([_bursts(graph, task, work[task]) for task in range(len(tasks))]),
        parents=edges[:, 0].copy(),
        children=edges[:, 1].copy(),
        volumes=edges[:, 2].astype(np.float64),
        parent_starts=_starts(graph.parents),
        parent_of=_entries(graph.parents),
        child_starts=_starts(graph.children),
        child_of=_entries(graph.children),
        outgoing=outgoing,
        roots=np.array(roots, dtype=np.int64),
        stays=np.array([ends[task] and task in roots for task in range(len(tasks))]),
        area_tasks=np.array([task for task, end in enumerate(ends) if not end], dtype=np.int64),
        last=graph.task_names.index(graph.spec.last_task),
        budgets=np.array([budgets.latency_s, budgets.power_w, budgets.area_m2, budgets.area_m2]),
    )


def _bursts(graph: TaskGraph, task: int, work: float) -> float:
    """Return into how many bursts a task's reads, writes and work are cut."""
    reads = [volume for _, child, volume in graph.edges if child == task]
    writes = [volume for parent, _, volume in graph.edges if parent == task]
    if not reads or not writes:
        return 1.0
    bursts = max(min(reads) // graph.hardware.burst_bytes, 1)
    return float(bursts) if min(writes) >= bursts and work >= bursts else 1.0


def _starts(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)


def _entries(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.array([entry for entries in lists for entry in entries], dtype=np.int64)


def size_of_memory(bytes_: float, graph: TaskGraph) -> int:
    """Return the bytes of the memory that holds ``bytes_`` at most."""
    facts = graph.hardware.memory
    least = max(math.ceil(bytes_), facts.min_bytes)
    return facts.granule_bytes * -(-least // facts.granule_bytes)
