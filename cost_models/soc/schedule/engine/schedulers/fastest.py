"""Schedulers that look at times alone: MET and STF."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Run


@helper
def choose_met(case: Case, run: Run) -> None:
    """MET: the fastest PE; of several, one that is idle and was given least in this call."""
    for pe in range(len(run.pes)):
        run.pes[pe].picked = 0
    for at in range(run.clock[0].ready):
        pe = _least_picked(case, run, run.tasks[run.ready[at]].task)
        run.choice[at] = pe
        run.pes[pe].picked += 1


@inlined
def _least_picked(case: Case, run: Run, task: int) -> int:
    """Return the candidate picked least.

    Where some of several candidates are busy, as many are left out from the first busy one on:
    so does the reference, which may thereby lose an idle PE and keep a busy one.
    """
    least = _least_time(case, task)
    first_busy, busy, count = NONE, 0, 0
    for pe in range(len(run.pes)):
        if case.exec_us[task, pe] == least:
            if run.pes[pe].task != NONE:
                first_busy = count if busy == 0 else first_busy
                busy += 1
            count += 1
    if busy == count:
        busy = 0
    best, place = NONE, 0
    for pe in range(len(run.pes)):
        if case.exec_us[task, pe] == least:
            left_out = busy > 0 and first_busy <= place < first_busy + busy
            place += 1
            if not left_out and (best == NONE or run.pes[pe].picked < run.pes[best].picked):
                best = pe
    return best


@inlined
def _least_time(case: Case, task: int) -> float:
    least = math.inf
    for pe in range(case.exec_us.shape[1]):
        least = min(least, case.exec_us[task, pe])
    return least


@helper
def choose_stf(case: Case, run: Run) -> None:
    """STF: the first of the fastest PEs."""
    for at in range(run.clock[0].ready):
        task = run.tasks[run.ready[at]].task
        best = 0
        for pe in range(1, len(run.pes)):
            if case.exec_us[task, pe] < case.exec_us[task, best]:
                best = pe
        run.choice[at] = best
