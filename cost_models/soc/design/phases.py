"""The run of a task graph from phase to phase: what runs, what ends, what memories hold.

Kernels. In a phase the same tasks run at the same rates; it ends when one of them is done.
"""

from __future__ import annotations

import numpy as np

from archgym.cost_models.soc.design.compiler import Array, helper

NEW, LAUNCHED, FINISHED = range(3)  # states of a task


@helper
def release(
    task: int,
    lists: tuple[Array, Array, Array, Array],
    outgoing: Array,
    stays: Array,
    task_mem: Array,
    joined: Array,
    held: Array,
) -> None:
    """Free what nobody reads any more after a task has ended.

    The outputs of a parent go when all its children are in the set ``joined``; they leave the set
    with that, so a child of two parents frees one alone.

    Args:
        task: The task that ended.
        lists: Starts and entries of parents, then of children.
        outgoing: float64 (tasks,), bytes of each task's outputs.
        stays: bool (tasks,), tasks whose outputs are never freed.
        task_mem: The memory of each task's outputs.
        joined: bool (tasks,), tasks that ended and are not used up; changes.
        held: float64 (memories,), bytes; changes.
    """
    parent_starts, parent_of, child_starts, child_of = lists
    joined[task] = True
    for at in range(parent_starts[task], parent_starts[task + 1]):
        parent = parent_of[at]
        everyone = True
        for place in range(child_starts[parent], child_starts[parent + 1]):
            everyone = everyone and joined[child_of[place]]
        if not everyone:
            continue
        if not stays[parent]:
            held[task_mem[parent]] -= outgoing[parent]
        for place in range(child_starts[parent], child_starts[parent + 1]):
            joined[child_of[place]] = False


@helper
def launch(
    order: Array,
    lists: tuple[Array, Array, Array, Array],
    states: Array,
    running: Array,
    count: int,
    task_mem: Array,
    outgoing: Array,
    held: Array,
    most: Array,
) -> int:
    """Append all tasks that are ready to the running ones; return how many there are then.

    Args:
        order: The order in which they are launched.
        lists: As in `release`.
        states: int64 (tasks,); changes.
        running: int64 (tasks,), the running tasks first; changes.
        count: How many run.
        task_mem: The memory of each task's outputs.
        outgoing: As in `release`.
        held: float64 (memories,), bytes now; changes.
        most: float64 (memories,), bytes at most; changes.
    """
    starts, parent_of = lists[0], lists[1]
    for task in order:
        if states[task] != NEW:
            continue
        ready = True
        for at in range(starts[task], starts[task + 1]):
            ready = ready and states[parent_of[at]] == FINISHED
        if not ready:
            continue
        states[task] = LAUNCHED
        running[count] = task
        count += 1
        memory = task_mem[task]
        held[memory] += outgoing[task]
        most[memory] = max(most[memory], held[memory])
    return count


@helper
def take_turns(
    running: Array, count: int, waiting: Array, waiters: int, task_pe: Array, taken: Array
) -> tuple[int, int]:
    """Let one task of each PE run, the others wait; return how many do.

    Running and launched tasks come before waiting ones, each in their order. Both lists change.
    """
    candidates, found = np.empty(count + waiters, np.int64), count + waiters
    for at in range(found):
        candidates[at] = running[at] if at < count else waiting[at - count]
    taken[:] = False
    count = waiters = 0
    for task in candidates:
        if taken[task_pe[task]]:
            waiting[waiters] = task
            waiters += 1
        else:
            taken[task_pe[task]] = True
            running[count] = task
            count += 1
    return count, waiters
