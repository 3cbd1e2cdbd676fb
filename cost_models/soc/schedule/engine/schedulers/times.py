"""Estimates that several schedulers use."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.predecessors import data_ready
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Run


@helper
def note_waits(case: Case, run: Run, at: int) -> None:
    """Fill ``run.wait[at]``: from now until the data of a ready task are on each PE, >= 0."""
    instance, now = run.ready[at], run.clock[0].tick
    task = run.tasks[instance].task
    for pe in range(len(run.pes)):
        run.wait[at, pe] = math.inf
        if case.exec_us[task, pe] < math.inf:
            run.wait[at, pe] = max(data_ready(case, run, instance, pe) - now, 0)


@inlined
def finish_after(run: Run, at: int, pe: int, time: float) -> float:
    """Return F: how long until the ready task would be done, taking ``time`` on the PE."""
    return time + max(run.wait[at, pe], run.pes[pe].free_at - run.clock[0].tick)  # type: ignore[no-any-return]


@inlined
def earliest_pe(case: Case, run: Run, at: int) -> int:
    """Return the PE on which a ready task would be done first; the first of equals."""
    task = run.tasks[run.ready[at]].task
    best, least = NONE, math.inf
    for pe in range(len(run.pes)):
        finish = finish_after(run, at, pe, case.exec_us[task, pe])
        if finish < least:
            best, least = pe, finish
    return best


@helper
def give_earliest(case: Case, run: Run, at: int) -> None:
    """Give a ready task the PE on which it is done first, and move that PE's estimate."""
    note_waits(case, run, at)
    give(case, run, at, earliest_pe(case, run, at))


@inlined
def give(case: Case, run: Run, at: int, pe: int) -> None:
    """Give a ready task a PE, and move the estimate of when the PE gets free."""
    task = run.tasks[run.ready[at]].task
    run.choice[at] = pe
    run.pes[pe].free_at = run.clock[0].tick + finish_after(run, at, pe, case.exec_us[task, pe])


@inlined
def swap_ready(run: Run, first: int, second: int) -> None:
    """Swap two ready tasks, and their waits."""
    run.ready[first], run.ready[second] = run.ready[second], run.ready[first]
    for pe in range(len(run.pes)):
        kept = run.wait[first, pe]
        run.wait[first, pe] = run.wait[second, pe]
        run.wait[second, pe] = kept
