"""HEFT: each job is planned as a whole when it arrives, into the gaps of earlier plans.

Topcuoglu, Hariri, Wu: Performance-effective and low-complexity task scheduling for heterogeneous
computing (2002): tasks by falling upward rank, each where it finishes earliest with insertion.
Equal ranks are taken from the end of the application's list, which gives the order printed there.
"""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.simple import choose_planned
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Run

EQUAL = 1e-9  # ranks are sums of means


@helper
def choose_heft(case: Case, run: Run) -> None:
    """Plan the jobs whose heads are ready, then follow the plans."""
    for at in range(run.clock[0].ready):
        instance = run.ready[at]
        if case.tasks[run.tasks[instance].task].first_in == (
            case.tasks[run.tasks[instance].task].end_in
        ):
            _plan_job(case, run, run.tasks[instance].job)
    choose_planned(case, run)


@inlined
def _plan_job(case: Case, run: Run, job: int) -> None:
    first = run.jobs[job].first
    size = case.applications[run.jobs[job].application].size
    _forget_past(case, run)
    for _ in range(size):
        instance = _next_by_rank(case, run, first, size)
        _plan_task(case, run, instance)


@inlined
def _forget_past(case: Case, run: Run) -> None:
    """Drop plans that end by now from the lists of the PEs."""
    for pe in range(len(run.pes)):
        at = run.pes[pe].plan_head
        while at != NONE and _planned_end(case, run, at) <= run.clock[0].tick:
            at = run.tasks[at].plan_next
        run.pes[pe].plan_head = at


@helper
def _planned_end(case: Case, run: Run, instance: int) -> float:
    task = run.tasks[instance]
    return task.plan_start + case.exec_us[task.task, task.plan_pe]  # type: ignore[no-any-return]


@inlined
def _next_by_rank(case: Case, run: Run, first: int, size: int) -> int:
    """Return the unplanned task of the highest rank among those whose inputs are planned."""
    best, highest = NONE, -math.inf
    for instance in range(first, first + size):
        rank = case.tasks[run.tasks[instance].task].rank
        higher = run.tasks[instance].plan_pe == NONE and rank > highest - EQUAL
        if higher and _inputs_planned(case, run, instance):
            best, highest = instance, rank
    return best


@helper
def _inputs_planned(case: Case, run: Run, instance: int) -> bool:
    task, missing = run.tasks[instance].task, 0
    for edge in range(case.tasks[task].first_in, case.tasks[task].end_in):
        missing += run.tasks[instance + case.edges[edge].source - task].plan_pe == NONE
    return missing == 0


@inlined
def _plan_task(case: Case, run: Run, instance: int) -> None:
    task = run.tasks[instance]
    best, start, least = NONE, 0, math.inf
    for pe in range(len(run.pes)):
        time = case.exec_us[task.task, pe]
        if time < math.inf:
            begin = _first_gap(case, run, pe, _planned_data(case, run, instance, pe), time)
            if begin + time < least:
                best, start, least = pe, begin, begin + time
    task.plan_pe, task.plan_start = best, start
    _insert(run, instance, best)


@helper
def _planned_data(case: Case, run: Run, instance: int, pe: int) -> int:
    task, latest = run.tasks[instance].task, run.clock[0].tick
    for edge in range(case.tasks[task].first_in, case.tasks[task].end_in):
        source = instance + case.edges[edge].source - task
        delay = case.delays[edge, case.link[run.tasks[source].plan_pe, pe]]
        latest = max(latest, math.ceil(_planned_end(case, run, source)) + delay)
    return latest  # type: ignore[no-any-return]


@helper
def _first_gap(case: Case, run: Run, pe: int, earliest: int, time: float) -> int:
    begin, at = earliest, run.pes[pe].plan_head
    while at != NONE and begin + time > run.tasks[at].plan_start:
        begin = max(begin, math.ceil(_planned_end(case, run, at)))
        at = run.tasks[at].plan_next
    return begin


@inlined
def _insert(run: Run, instance: int, pe: int) -> None:
    start, before, at = run.tasks[instance].plan_start, NONE, run.pes[pe].plan_head
    while at != NONE and run.tasks[at].plan_start <= start:
        before, at = at, run.tasks[at].plan_next
    run.tasks[instance].plan_next = at
    if before == NONE:
        run.pes[pe].plan_head = instance
    else:
        run.tasks[before].plan_next = instance
