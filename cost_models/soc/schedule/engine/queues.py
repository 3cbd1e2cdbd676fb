"""The executable list, kept as one queue per PE in the order of job numbers."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.predecessors import data_ready
from archgym.cost_models.soc.schedule.engine.state import NEVER, NONE, Case, Records, Run


@helper
def commit(case: Case, run: Run) -> None:
    """Give each ready task the PE in ``run.choice``; all become executable."""
    for at in range(run.clock[0].ready):
        _assign(case, run, run.ready[at], run.choice[at])
    run.clock[0].ready = 0


@inlined
def _assign(case: Case, run: Run, instance: int, pe: int) -> None:
    task, clock = run.tasks[instance], run.clock[0]
    task.pe = pe
    task.stamp = max(data_ready(case, run, instance, pe), clock.tick, task.plan_start)
    clock.order += 1
    task.order = clock.order
    _enqueue(run, instance, pe)


@inlined
def _enqueue(run: Run, instance: int, pe: int) -> None:
    """Insert behind all tasks of this and earlier jobs."""
    job, before, at = run.tasks[instance].job, NONE, run.pes[pe].head
    while at != NONE and run.tasks[at].job <= job:
        before, at = at, run.tasks[at].next
    run.tasks[instance].next = at
    if before == NONE:
        run.pes[pe].head = instance
    else:
        run.tasks[before].next = instance


@helper
def reserve(run: Run, tick: int) -> None:
    """Let the first task in each free PE's queue whose data are there reserve it.

    Fills ``run.starting`` in the order of the executable list, and ``wake`` with the earliest
    stamp on which a free PE waits.
    """
    clock = run.clock[0]
    clock.starting, clock.wake = 0, NEVER
    for pe in range(len(run.pes)):
        if run.pes[pe].task == NONE and run.pes[pe].head != NONE:
            _take_first(run, pe, tick)


@inlined
def _take_first(run: Run, pe: int, tick: int) -> None:
    clock, before, at, earliest = run.clock[0], NONE, run.pes[pe].head, NEVER
    while at != NONE and run.tasks[at].stamp > tick:
        earliest = min(earliest, run.tasks[at].stamp)
        before, at = at, run.tasks[at].next
    if at == NONE:
        clock.wake = min(clock.wake, earliest)
        return
    if before == NONE:
        run.pes[pe].head = run.tasks[at].next
    else:
        run.tasks[before].next = run.tasks[at].next
    _insert_starting(run, at)


@inlined
def _insert_starting(run: Run, instance: int) -> None:
    at, task = run.clock[0].starting, run.tasks[instance]
    while at > 0 and _precedes(task, run.tasks[run.starting[at - 1]]):
        run.starting[at] = run.starting[at - 1]
        at -= 1
    run.starting[at] = instance
    run.clock[0].starting += 1


@inlined
def _precedes(first: Records, second: Records) -> bool:
    earlier: bool = first.order < second.order
    return first.job < second.job or (first.job == second.job and earlier)
