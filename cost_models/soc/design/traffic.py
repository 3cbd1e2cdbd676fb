"""Who moves how much through which links and blocks, and how fast tasks run when they share them.

Kernels. Directions are 0 (reads) and 1 (writes). A link points from a PE towards a memory; links
in use are numbered densely. Blocks are numbered PEs first, then buses, then memories.
"""

from __future__ import annotations

import numpy as np

from archgym.cost_models.soc.design.compiler import Array, helper

READ, WRITE = range(2)
PE, BUS, MEM = range(3)  # places in ``counts``, the numbers of blocks of each kind


@helper
def _link(start: int, end: int, numbers: Array, ends: Array, used: Array) -> int:
    """Return the number of a link, a new one at its first use."""
    if numbers[start, end] < 0:
        numbers[start, end] = used[0]
        ends[used[0], 0], ends[used[0], 1] = start, end
        used[0] += 1
    return int(numbers[start, end])


@helper
def _route(
    pe: int,
    memory: int,
    place: tuple[Array, Array, Array],
    counts: Array,
    links: tuple[Array, Array, Array],
    route: Array,
) -> int:
    """Write the links from a PE to a memory; return how many there are."""
    pe_bus, mem_bus, ways = place
    numbers, ends, used = links
    bus, end = pe_bus[pe], mem_bus[memory]
    start, length = pe, 0
    while True:
        route[length] = _link(start, counts[PE] + bus, numbers, ends, used)
        start, length = counts[PE] + bus, length + 1
        if bus == end:
            break
        bus = ways[end, bus]
    route[length] = _link(start, counts[PE] + counts[BUS] + memory, numbers, ends, used)
    return length + 1


@helper
def lay_flows(
    edges: tuple[Array, Array, Array],
    bursts: Array,
    mapping: tuple[Array, Array],
    place: tuple[Array, Array, Array],
    counts: Array,
) -> tuple[tuple[Array, Array, Array], Array, Array, Array]:
    """Lay all reads and writes over their routes.

    Args:
        edges: Parents, children and bytes of the edges.
        bursts: float64 (tasks,), into how many bursts each task's work is cut.
        mapping: The PE of each task, and the memory of its output.
        place: The bus of each PE and memory, and the ways between buses.
        counts: PEs, buses, memories.

    Returns:
        Links: numbers by block and block, the two blocks of each, how many there are;
        float64 (2, links, tasks), burst units of each task on each link;
        float64 (2, blocks, tasks), bytes of each task through each block;
        bool (2, links, links), whether some flow goes from a link on to another.
    """
    tasks, blocks = len(bursts), counts[PE] + counts[BUS] + counts[MEM]
    most = counts[PE] + counts[MEM] + 2 * counts[BUS]
    ends = np.empty((most, 2), np.int64)
    links = (np.full((blocks, blocks), -1, np.int64), ends, np.zeros(1, np.int64))
    units, through = np.zeros((2, most, tasks)), np.zeros((2, blocks, tasks))
    joined = np.zeros((2, most, most), np.bool_)
    parents, children, volumes = edges
    task_pe, task_mem = mapping
    route = np.empty(counts[BUS] + 2, np.int64)
    for edge in range(len(volumes)):
        memory = task_mem[parents[edge]]
        for way in range(2):
            task = children[edge] if way == READ else parents[edge]
            length = _route(task_pe[task], memory, place, counts, links, route)
            unit = np.floor(volumes[edge] / bursts[task])
            for at in range(length):
                units[way, route[at], task] += unit
                through[way, ends[route[at], 1], task] += volumes[edge]
                if at:
                    joined[way, route[at - 1], route[at]] = True
    return links, units, through, joined


@helper
def find_rates(
    running: Array,
    work: Array,
    counts: Array,
    peaks: Array,
    links: tuple[Array, Array, Array],
    units: Array,
    through: Array,
    joined: Array,
    rates: Array,
    limits: Array,
) -> None:
    """Slow the running tasks down to what buses and memories leave them.

    Args:
        running: int64 (n,), the running tasks.
        work: float64 (tasks,), instructions.
        counts: PEs, buses, memories.
        peaks: float64 (blocks,), bytes per second of buses and memories.
        links: As `lay_flows` returns them.
        units: Likewise.
        through: Likewise.
        joined: Likewise.
        rates: float64 (tasks,), in: instructions per second of each task's PE; out: all told.
        limits: int64 (tasks,), in: each task's PE; out: the block that holds it back.
    """
    ends, used = links[1], links[2][0]
    first_memory = counts[PE] + counts[BUS]
    inputs = np.empty(used, np.int64)
    for way in range(2):
        for out in range(used):
            start, end = ends[out]
            if start >= counts[PE]:
                found = 0
                for link in range(used):
                    if joined[way, link, out]:
                        inputs[found] = link
                        found += 1
                shares = (units[way], through[way, start], inputs[:found])
                _share_channel(start, out, shares, running, work, peaks, rates, limits)
            if end >= first_memory:
                inputs[0] = out
                shares = (units[way], through[way, end], inputs[:1])
                _share_channel(end, out, shares, running, work, peaks, rates, limits)


@helper
def _keep_active(out: int, inputs: Array, units: Array, running: Array) -> int:
    """Move those inputs to the front that a running task uses which uses ``out`` as well."""
    active = 0
    for link in inputs:
        for task in running:
            if units[link, task] > 0 and units[out, task] > 0:
                inputs[active] = link
                active += 1
                break
    return active


@helper
def _share_channel(
    block: int,
    out: int,
    shares: tuple[Array, Array, Array],
    running: Array,
    work: Array,
    peaks: Array,
    rates: Array,
    limits: Array,
) -> None:
    """Slow tasks down to their shares of one channel: inputs in turn, bursts within an input."""
    units, through, inputs = shares
    active = _keep_active(out, inputs, units, running)
    for task in running:
        if units[out, task] == 0.0:
            continue
        share = 0.0
        for link in inputs[:active]:
            share += 1.0 / active * units[link, task] / _total(units[link], running)
        if share > 0.0:
            rate = peaks[block] * share / (through[task] / work[task])
            if rate < rates[task]:
                rates[task], limits[task] = rate, block


@helper
def _total(units: Array, running: Array) -> float:
    total = 0.0
    for task in running:
        total += units[task]
    return total
