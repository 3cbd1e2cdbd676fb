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
    task_pe, task_mem = designs.task_pe[at], designs.task_mem[at]
    buses = (pe_bus[task_pe], mem_bus[task_mem])
    find_launch_order(children, graph.roots, linked, ways, pe_bus[0], task_pe, buses, order)
    clean_up(linked, pe_bus, mem_bus)
    find_ways(linked, ways)
    return pe_bus, mem_bus, ways


@helper
def _own_rate(graph: GraphArrays, library: LibraryArrays, task: int, word: int) -> float:
    """Return the instructions per second of a task on a PE with nothing in its way."""
    if library.pe_task[word] < 0:
        return library.cpu_rate
    speed = library.pe_hz[word] * library.pe_unroll[word]
    return float(speed * graph.work[task] / graph.acc_cycles[task])


@helper
def _own_joule(graph: GraphArrays, library: LibraryArrays, task: int, word: int) -> float:
    """Return the J per instruction of a task on a PE."""
    if library.pe_task[word] < 0:
        return library.cpu_joule
    return float(graph.acc_joule[task] * library.pe_unroll[word] / graph.work[task])


@helper
def _peaks(library: LibraryArrays, designs: DesignArrays, at: int, counts: Array) -> Array:
    """Return bytes per second of all blocks; 0 for PEs."""
    peaks = np.zeros(counts.sum())
    for bus in range(counts[BUS]):
        peaks[counts[PE] + bus] = library.bus_peak[designs.buses[at, bus]]
    for memory in range(counts[MEM]):
        place = counts[PE] + counts[BUS] + memory
        peaks[place] = library.mem_peak[designs.mems[at, memory]]
    return peaks


@helper
def _progress(
    graph: GraphArrays,
    library: LibraryArrays,
    running: Array,
    dt: float,
    rates: Array,
    words: Array,
    task_mem: Array,
    done: Array,
    moved: Array,
) -> float:
    """Let running tasks proceed; add the bytes that memories move; return the J of PEs.

    ``words`` are the tasks' PEs in the library, ``moved`` is float64 (memories, 2).
    """
    joule, steps = 0.0, np.zeros(len(done))
    for task in running:
        if graph.work[task] > 0.0:
            steps[task] = rates[task] * dt
            done[task] += steps[task]
            joule += steps[task] * _own_joule(graph, library, task, words[task])
    for edge in range(len(graph.volumes)):
        parent, child = graph.parents[edge], graph.children[edge]
        memory, volume = task_mem[parent], graph.volumes[edge]
        if steps[child] > 0.0:
            moved[memory, READ] += steps[child] * (volume / graph.work[child])
        if steps[parent] > 0.0:
            moved[memory, WRITE] += steps[parent] * (volume / graph.work[parent])
    return joule


@helper
def _finish(
    graph: GraphArrays,
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
        if graph.work[task] == 0.0 or done[task] / graph.work[task] >= done_share:
            states[task] = FINISHED
            ended[gone] = task
            gone += 1
        else:
            running[left] = task
            left += 1
    return left, gone


@helper
def _next_end(graph: GraphArrays, running: Array, done: Array, rates: Array) -> float:
    """Return the seconds until the first running task is done."""
    least = np.inf
    for task in running:
        if graph.work[task] == 0.0:
            return 0.0
        least = min(least, (graph.work[task] - done[task]) / rates[task])
    return least


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
    tasks, blocks = len(graph.work), counts.sum()
    task_pe, task_mem = designs.task_pe[at], designs.task_mem[at]
    order = np.empty(tasks, np.int64)
    place = _find_place(graph, library, designs, at, counts, order)
    most_links = counts[PE] + counts[MEM] + 2 * counts[BUS]
    links = (
        np.full((blocks, blocks), -1, np.int64),
        np.empty((most_links, 2), np.int64),
        np.zeros(1, np.int64),
    )
    units = np.zeros((2, most_links, tasks))
    through = np.zeros((2, blocks, tasks))
    joined = np.zeros((2, most_links, most_links), np.bool_)
    edges = (graph.parents, graph.children, graph.volumes)
    mapping = (task_pe, task_mem)
    lay_flows(edges, graph.bursts, mapping, place, counts, links, units, through, joined)
    peaks, words = _peaks(library, designs, at, counts), designs.pes[at][task_pe]
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
            graph, library, now, dt, rates, words, task_mem, done, moved[phase]
        )
        for task in now:
            results.limited[0, task, limits[task]] += dt
        count, gone = _finish(graph, library.done, running, count, done, states, ended)
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
        for task in now:
            rates[task] = _own_rate(graph, library, task, words[task])
            limits[task] = task_pe[task]
            if np.isnan(results.starts[at, task]):
                results.starts[at, task] = clock
        dt = 0.0
        if graph.work[now].min() > 0.0:
            find_rates(
                now, graph.work, counts, peaks, links, units, through, joined, rates, limits
            )
            dt = _next_end(graph, now, done, rates)
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
    used[designs.task_mem[at][graph.parents]] = True
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
        joules += moved[:, memory, READ] * one[READ_J] + moved[:, memory, WRITE] * one[WRITE_J]
    words = designs.pes[at, : counts[PE]]
    other = areas[0] + area_of_pes(
        graph.area_tasks,
        designs.task_pe[at],
        library.pe_task[words],
        library.pe_unroll[words],
        library.cpu_area,
        graph.acc_area,
        np.empty(counts[PE]),
    )
    figures[0] = results.ends[at, graph.last]
    figures[1] = highest_power(times, joules, library.window)
    figures[2] = other + areas[DRAM]
    values = np.array([figures[0], figures[1], other, areas[DRAM]])
    figures[3] = distance(values, graph.budgets, library.slack, library.met)
    figures[4], figures[5], figures[INTERPOLATED] = areas[DRAM], joules.sum(), interpolated


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
