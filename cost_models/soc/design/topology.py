"""Buses as a tree: walks, the clean-up before routing, and the order in which tasks are launched.

Kernels; ``linked`` is bool (buses, buses), symmetric, always a tree over the buses that are left.
"""

from __future__ import annotations

import numpy as np

from archgym.cost_models.soc.design.compiler import Array, helper


@helper
def link_buses(links: Array, ends: Array, linked: Array) -> None:
    """Write which buses are linked: as ``links`` says, or in a chain where it says nothing.

    Args:
        links: int64 (most,), places of links in ``ends``, -1 behind the last one.
        ends: int64 (words, 2), the two buses of each link.
        linked: Out.
    """
    linked[:] = False
    if links[0] < 0:
        for bus in range(len(linked) - 1):
            linked[bus, bus + 1] = linked[bus + 1, bus] = True
        return
    for at in range(len(linked) - 1):
        one, other = ends[links[at]]
        linked[one, other] = linked[other, one] = True


@helper
def walk(start: int, linked: Array, order: Array) -> int:
    """Write the buses in depth-first order, lower neighbours first; return how many there are."""
    count = len(linked)
    seen, stack = np.zeros(count, np.bool_), np.empty(count * count + 1, np.int64)
    stack[0], waiting, found = start, 1, 0
    while waiting:
        waiting -= 1
        bus = stack[waiting]
        if seen[bus]:
            continue
        seen[bus] = True
        order[found] = bus
        found += 1
        for other in range(count - 1, -1, -1):
            if linked[bus, other] and not seen[other]:
                stack[waiting] = other
                waiting += 1
    return found


@helper
def _holds(bus_of: Array, bus: int) -> bool:
    found = False
    for other in bus_of:
        found = found or other == bus
    return found


@helper
def _hand_over(bus_of: Array, bus: int, neighbour: int) -> None:
    for at in range(len(bus_of)):
        if bus_of[at] == bus:
            bus_of[at] = neighbour


@helper
def _unlink(bus: int, linked: Array) -> None:
    """Take a bus out of the tree; its neighbours are linked in their order."""
    before = -1
    for other in range(len(linked)):
        if not linked[bus, other]:
            continue
        linked[bus, other] = linked[other, bus] = False
        if before >= 0:
            linked[before, other] = linked[other, before] = True
        before = other


@helper
def clean_up(linked: Array, pe_bus: Array, mem_bus: Array) -> None:
    """Remove, in one pass, the buses at the tree's ends that hold PEs or memories alone.

    A bus without memories and with one neighbour hands it its PEs; else one without PEs and with
    one neighbour hands it its memories; else one without either goes. All arrays change.
    """
    order = np.empty(len(linked), np.int64)
    for at in range(walk(pe_bus[0], linked, order)):
        bus, beside, neighbour = order[at], 0, -1
        for other in range(len(linked)):
            if linked[bus, other]:
                beside, neighbour = beside + 1, other
        if beside == 1 and not _holds(mem_bus, bus):
            _hand_over(pe_bus, bus, neighbour)
        elif beside == 1 and not _holds(pe_bus, bus):
            _hand_over(mem_bus, bus, neighbour)
        elif _holds(mem_bus, bus) or _holds(pe_bus, bus):
            continue
        _unlink(bus, linked)


@helper
def find_ways(linked: Array, ways: Array) -> None:
    """Write the next bus on the way from each bus (column) to each end (row)."""
    count = len(linked)
    stack = np.empty(count, np.int64)
    ways[:] = -1
    for end in range(count):
        stack[0], waiting = end, 1
        ways[end, end] = end
        while waiting:
            waiting -= 1
            bus = stack[waiting]
            for other in range(count):
                if linked[bus, other] and ways[end, other] < 0:
                    ways[end, other] = bus
                    stack[waiting] = other
                    waiting += 1


@helper
def _show(bus: int, end: int, ways: Array, task: int, shown: Array, counts: Array) -> None:
    """Append a task to what the buses on a way show, once each."""
    while True:
        known = False
        for at in range(counts[bus]):
            known = known or shown[bus, at] == task
        if not known:
            shown[bus, counts[bus]] = task
            counts[bus] += 1
        if bus == end:
            return
        bus = ways[end, bus]


@helper
def _show_all(
    children: tuple[Array, Array],
    mapping: tuple[Array, Array],
    buses: tuple[Array, Array],
    ways: Array,
    roots: Array,
    shown: Array,
    counts: Array,
) -> None:
    """Walk the tasks depth first from the roots: writes of a task, then each child's read."""
    starts, child_of = children
    task_pe, task_mem = mapping
    pe_bus, mem_bus = buses
    tasks = len(task_pe)
    visited, place = np.zeros(tasks, np.bool_), np.zeros(tasks, np.int64)
    stack = np.empty(tasks, np.int64)
    for root in roots:
        stack[0], depth, visited[root] = root, 1, True
        _show(pe_bus[task_pe[root]], mem_bus[task_mem[root]], ways, root, shown, counts)
        while depth:
            task = stack[depth - 1]
            at = starts[task] + place[task]
            if at == starts[task + 1]:
                depth -= 1
                continue
            place[task] += 1
            child = child_of[at]
            _show(pe_bus[task_pe[child]], mem_bus[task_mem[task]], ways, child, shown, counts)
            if not visited[child]:
                visited[child] = True
                stack[depth] = child
                depth += 1
                if starts[child] < starts[child + 1]:
                    start, end = pe_bus[task_pe[child]], mem_bus[task_mem[child]]
                    _show(start, end, ways, child, shown, counts)


@helper
def find_launch_order(
    children: tuple[Array, Array],
    roots: Array,
    linked: Array,
    ways: Array,
    mapping: tuple[Array, Array],
    buses: tuple[Array, Array],
    order: Array,
) -> None:
    """Write the order in which tasks that get ready together are launched.

    Args:
        children: Starts and entries of each task's children, in the order of edges.
        roots: Tasks without parents.
        linked: The tree before the clean-up.
        ways: Its ways.
        mapping: The PE of each task, and the memory of its output.
        buses: The bus of each PE and of each memory.
        order: int64 (tasks,), out.
    """
    task_pe = mapping[0]
    tasks, count = len(task_pe), len(linked)
    shown, counts = np.empty((count, tasks), np.int64), np.zeros(count, np.int64)
    _show_all(children, mapping, buses, ways, roots, shown, counts)
    listed, found = np.zeros(tasks, np.bool_), 0
    for task in range(tasks):
        if task_pe[task] == 0:
            order[found], listed[task] = task, True
            found += 1
    walked = np.empty(count, np.int64)
    for at in range(walk(buses[0][0], linked, walked)):
        for place in range(counts[walked[at]]):
            task = shown[walked[at], place]
            if not listed[task]:
                order[found], listed[task] = task, True
                found += 1
