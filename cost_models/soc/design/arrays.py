"""What kernels take: workload, block library, designs and results as arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

Array = NDArray[Any]


class GraphArrays(NamedTuple):
    """A task graph.

    Attributes:
        work: float64 (tasks,), instructions.
        acc_cycles: float64 (tasks,), of an accelerator without unrolling; 1 where there is none.
        acc_joule: float64 (tasks,), J of the whole task per unrolling.
        acc_area: float64 (tasks,), m2 per unrolling.
        bursts: float64 (tasks,), into how many bursts a task's work is cut.
        parents, children: int64 (edges,), the tasks of each edge.
        volumes: float64 (edges,), bytes.
        parent_starts, parent_of: Starts (tasks + 1,) and entries of each task's parents.
        child_starts, child_of: The same of its children.
        outgoing: float64 (tasks,), bytes of all outputs.
        roots: int64, tasks without parents.
        stays: bool (tasks,), whether a task's outputs are never freed.
        area_tasks: int64, tasks that need hardware.
        last: The task whose end is the latency.
        budgets: float64 (4,), s, W, m2, m2.
    """

    work: Array
    acc_cycles: Array
    acc_joule: Array
    acc_area: Array
    bursts: Array
    parents: Array
    children: Array
    volumes: Array
    parent_starts: Array
    parent_of: Array
    child_starts: Array
    child_of: Array
    outgoing: Array
    roots: Array
    stays: Array
    area_tasks: Array
    last: int
    budgets: Array


class LibraryArrays(NamedTuple):
    """All blocks that designs may have, by their place in the alphabets, and constants.

    Attributes:
        pe_task: int64, the task of each accelerator, -1 for the CPU.
        pe_unroll, pe_hz: float64, unrolling and clock.
        mem_kind: int64, 0 SRAM, 1 DRAM.
        mem_peak, bus_peak: float64, bytes per second.
        link_ends: int64 (words, 2), the two buses of a link.
        cpu_rate, cpu_joule, cpu_area: Instructions per second, J per instruction, m2.
        sram, dram: float64 (sizes, 4), bytes, read and write J/byte, m2.
        granule, least: Bytes: of a step of sizes, of the smallest memory.
        window: Seconds over which power is averaged.
        done: The share of a task's work at which it counts as done.
        slack, met: By how much a budget may be missed; the distance that stands for met.
    """

    pe_task: Array
    pe_unroll: Array
    pe_hz: Array
    mem_kind: Array
    mem_peak: Array
    bus_peak: Array
    link_ends: Array
    cpu_rate: float
    cpu_joule: float
    cpu_area: float
    sram: Array
    dram: Array
    granule: float
    least: float
    window: float
    done: float
    slack: float
    met: float


class DesignArrays(NamedTuple):
    """Designs: int64 (designs, ...), places in the alphabets, -1 behind the last block.

    Attributes:
        pes, mems, buses: The blocks.
        pe_bus, mem_bus: The bus of each PE and memory.
        links: Links between buses; none for a chain.
        task_pe, task_mem: The PE of each task, and the memory of its output.
    """

    pes: Array
    mems: Array
    buses: Array
    pe_bus: Array
    mem_bus: Array
    links: Array
    task_pe: Array
    task_mem: Array


class ResultArrays(NamedTuple):
    """What kernels write.

    Attributes:
        figures: float64 (designs, len(FIGURES)).
        starts, ends: float64 (designs, tasks), seconds.
        limited: float64 (1, tasks, blocks), seconds that each block held each task back, of the
            last design; blocks are numbered PEs, buses, memories.
        most: float64 (designs, memories), bytes that each memory holds at most.
    """

    figures: Array
    starts: Array
    ends: Array
    limited: Array
    most: Array


FIGURES = ("latency_s", "power_w", "area_m2", "distance_to_budget", "dram_area_m2", "energy_j")
INTERPOLATED = len(FIGURES)  # the column that counts memories whose size the table lacks
