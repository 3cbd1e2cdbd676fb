"""Designs from first to last: topology, traffic, phases, figures."""

from __future__ import annotations

import numpy as np

from archgym.cost_models.soc.design.account import (
    AREA,
    READ_J,
    WRITE_J,
    area_of_pes,
    distance,
    highest_power,
    memory_figures,
)
from archgym.cost_models.soc.design.arrays import (
    INTERPOLATED,
    DesignArrays,
    GraphArrays,
    LibraryArrays,
    ResultArrays,
)
from archgym.cost_models.soc.design.compiler import Array, helper, kernel
from archgym.cost_models.soc.design.phases import FINISHED, launch, release, take_turns
from archgym.cost_models.soc.design.topology import (
    clean_up,
    find_launch_order,
    find_ways,
    link_buses,
)
from archgym.cost_models.soc.design.traffic import BUS, MEM, PE, find_rates, lay_flows

READ, WRITE = range(2)
DRAM = 1


@helper
def _count(places: Array) -> int:
    count = 0
    for place in places:
        count += place >= 0
    return count


@helper
def _find_place(
    graph: GraphArrays,
    library: LibraryArrays,
    designs: DesignArrays,
    at: int,
    counts: Array,
    order: Array,
) -> tuple[Array, Array, Array]:
    """Write the launch order; return the bus of each PE and memory, and the ways, cleaned up."""
    pe_bus = designs.pe_bus[at, : counts[PE]].copy()
    mem_bus = designs.mem_bus[at, : counts[MEM]].copy()
    linked = np.empty((counts[BUS], counts[BUS]), np.bool_)
    ways = np.empty((counts[BUS], counts[BUS]), np.int64)
    link_buses(designs.links[at], library.link_ends, linked)
    find_ways(linked, ways)
    children = (graph.child_starts, graph.child_of)
    mapping = (designs.task_pe[at], designs.task_mem[at])
    find_launch_order(children, graph.roots, linked, ways, mapping, (pe_bus, mem_bus), order)
    clean_up(linked, pe_bus, mem_bus)
    find_ways(linked, ways)
    return pe_bus, mem_bus, ways


@helper
def _own_speeds(
    graph: GraphArrays, library: LibraryArrays, pes: Array, task_pe: Array
) -> tuple[Array, Array]:
    """Return, per task, instructions per second with nothing in the way, and J of each."""
    speeds, joules = np.zeros(len(task_pe)), np.zeros(len(task_pe))
    for task in range(len(task_pe)):
        word, work = pes[task_pe[task]], graph.work[task]
        if library.pe_task[word] < 0:
            speeds[task], joules[task] = library.cpu_rate, library.cpu_joule
        elif work > 0.0:
            speed = library.pe_hz[word] * library.pe_unroll[word]
            speeds[task] = speed * work / graph.acc_cycles[task]
            joules[task] = graph.acc_joule[task] * library.pe_unroll[word] / work
    return speeds, joules


@helper
def _peaks(library: LibraryArrays, designs: DesignArrays, at: int, counts: Array) -> Array:
    """Return bytes per second of all blocks; 0 for PEs."""
    peaks = np.zeros(counts[PE] + counts[BUS] + counts[MEM])
    for bus in range(counts[BUS]):
        peaks[counts[PE] + bus] = library.bus_peak[designs.buses[at, bus]]
    for memory in range(counts[MEM]):
        place = counts[PE] + counts[BUS] + memory
        peaks[place] = library.mem_peak[designs.mems[at, memory]]
    return peaks


@helper
def _progress(
    work: Array,
    edges: tuple[Array, Array, Array],
    running: Array,
    dt: float,
    rates: Array,
    joules: Array,
    task_mem: Array,
    done: Array,
    moved: Array,
) -> float:
    """Let running tasks proceed; add the bytes that memories move; return the J of PEs.

    ``joules`` are those of an instruction of each task, ``moved`` is float64 (memories, 2).
    """
    joule, steps = 0.0, np.zeros(len(done))
    for task in running:
        if work[task] > 0.0:
            steps[task] = rates[task] * dt
            done[task] += steps[task]
            joule += steps[task] * joules[task]
    parents, children, volumes = edges
    for edge in range(len(volumes)):
        parent, child = parents[edge], children[edge]
        memory, volume = task_mem[parent], volumes[edge]
        if steps[child] > 0.0:
            moved[memory, READ] += steps[child] * (volume / work[child])
        if steps[parent] > 0.0:
            moved[memory, WRITE] += steps[parent] * (volume / work[parent])
    return joule


@helper
def _all_work(work: Array, running: Array) -> bool:
    """Return whether every running task takes time."""
    every = True
    for task in running:
        every = every and work[task] > 0.0
    return every


@helper
def _finish(
    work: Array,
    done_share: float,
    running: Array,
    count: int,
    done: Array,
    states: Array,
    ended: Array,
) -> tuple[int, int]:
    """Take the finished out of the running tasks; return how many are left, and have ended."""
    left = gone = 0
    for at in range(count):
        task = running[at]
        if work[task] == 0.0 or done[task] / work[task] >= done_share:
            states[task] = FINISHED
            ended[gone] = task
            gone += 1
        else:
            running[left] = task
            left += 1
    return left, gone


@helper
def _next_end(work: Array, running: Array, done: Array, rates: Array) -> float:
    """Return the seconds until the first running task is done."""
    least = np.inf
    for task in running:
        least = min(least, (work[task] - done[task]) / rates[task])
    return least


@helper
def _begin(
    running: Array,
    clock: float,
    speeds: Array,
    task_pe: Array,
    rates: Array,
    limits: Array,
    starts: Array,
) -> None:
    """Set running tasks to the speed of their PEs, and write when those begin that are new."""
    for task in running:
        rates[task], limits[task] = speeds[task], task_pe[task]
        if np.isnan(starts[task]):
            starts[task] = clock


@helper
def _simulate(
    graph: GraphArrays,
    library: LibraryArrays,
    designs: DesignArrays,
    at: int,
    counts: Array,
    results: ResultArrays,
    times: Array,
    joules: Array,
    moved: Array,
) -> int:
    """Run a design; write seconds, J of PEs, bytes moved of each phase; return their number."""
    tasks = len(graph.work)
    task_pe, task_mem = designs.task_pe[at], designs.task_mem[at]
    order = np.empty(tasks, np.int64)
    place = _find_place(graph, library, designs, at, counts, order)
    edges = (graph.parents, graph.children, graph.volumes)
    links, units, through, joined = lay_flows(
        edges, graph.bursts, (task_pe, task_mem), place, counts
    )
    peaks, work = _peaks(library, designs, at, counts), graph.work
    speeds, joule_of = _own_speeds(graph, library, designs.pes[at], task_pe)
    lists = (graph.parent_starts, graph.parent_of, graph.child_starts, graph.child_of)
    states, done = np.zeros(tasks, np.int64), np.zeros(tasks)
    rates, limits = np.zeros(tasks), np.zeros(tasks, np.int64)
    running, waiting = np.empty(tasks, np.int64), np.empty(tasks, np.int64)
    ended, taken = np.empty(tasks, np.int64), np.empty(counts[PE], np.bool_)
    used_up, held = np.zeros(tasks, np.bool_), np.zeros(counts[MEM])
    count = waiters = phase = 0
    clock = dt = 0.0
    while True:
        times[phase] = dt
        now = running[:count]
        joules[phase] = _progress(
            work, edges, now, dt, rates, joule_of, task_mem, done, moved[phase]
        )
        for task in now:
            results.limited[0, task, limits[task]] += dt
        count, gone = _finish(work, library.done, running, count, done, states, ended)
        for task in ended[:gone]:
            results.ends[at, task] = clock
            release(task, lists, graph.outgoing, graph.stays, task_mem, used_up, held)
        count = launch(
            order, lists, states, running, count, task_mem, graph.outgoing, held, results.most[at]
        )
        count, waiters = take_turns(running, count, waiting, waiters, task_pe, taken)
        phase += 1
        if not count:
            return phase
        now = running[:count]
        _begin(now, clock, speeds, task_pe, rates, limits, results.starts[at])
        dt = 0.0
        if _all_work(work, now):
            find_rates(now, work, counts, peaks, links, units, through, joined, rates, limits)
            dt = _next_end(work, now, done, rates)
        clock += dt


@helper
def _write_figures(
    graph: GraphArrays,
    library: LibraryArrays,
    designs: DesignArrays,
    at: int,
    counts: Array,
    results: ResultArrays,
    phases: tuple[Array, Array, Array],
) -> None:
    """Write the figures of a design that has run."""
    times, joules, moved = phases
    figures, one = results.figures[at], np.empty(3)
    used = np.zeros(counts[MEM], np.bool_)
    for parent in graph.parents:
        used[designs.task_mem[at, parent]] = True
    areas, interpolated = np.zeros(2), 0
    for memory in range(counts[MEM]):
        if not used[memory]:
            continue
        kind = library.mem_kind[designs.mems[at, memory]]
        table = library.dram if kind == DRAM else library.sram
        known = memory_figures(
            results.most[at, memory], table, library.granule, library.least, one
        )
        interpolated += not known
        areas[kind] += one[AREA]
        for phase in range(len(joules)):
            joules[phase] += moved[phase, memory, READ] * one[READ_J]
            joules[phase] += moved[phase, memory, WRITE] * one[WRITE_J]
    other = areas[0] + area_of_pes(
        graph.area_tasks,
        designs.task_pe[at],
        designs.pes[at, : counts[PE]],
        library.pe_task,
        library.pe_unroll,
        library.cpu_area,
        graph.acc_area,
    )
    figures[0] = results.ends[at, graph.last]
    figures[1] = highest_power(times, joules, library.window)
    figures[2] = other + areas[DRAM]
    values = np.array([figures[0], figures[1], other, areas[DRAM]])
    figures[3] = distance(values, graph.budgets, library.slack, library.met)
    figures[4], figures[INTERPOLATED] = areas[DRAM], interpolated
    figures[5] = 0.0
    for joule in joules:
        figures[5] += joule


@kernel
def evaluate_designs(
    graph: GraphArrays, library: LibraryArrays, designs: DesignArrays, results: ResultArrays
) -> None:
    """Write the results of all designs, which must be sound; ``starts`` come as NaN, rest 0."""
    tasks = len(graph.work)
    counts, times, joules = np.empty(3, np.int64), np.empty(tasks + 2), np.empty(tasks + 2)
    for at in range(len(designs.pes)):
        counts[PE], counts[BUS] = _count(designs.pes[at]), _count(designs.buses[at])
        counts[MEM] = _count(designs.mems[at])
        results.limited[:] = 0.0
        moved = np.zeros((tasks + 2, counts[MEM], 2))
        phases = _simulate(graph, library, designs, at, counts, results, times, joules, moved)
        parts = (times[:phases], joules[:phases], moved[:phases])
        _write_figures(graph, library, designs, at, counts, results, parts)
