"""Schedulers by the earliest finish: EFT, ETF and ETF_LB."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.times import (
    earliest_pe,
    finish_after,
    give_earliest,
    note_waits,
)
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Run


@helper
def choose_eft(case: Case, run: Run) -> None:
    """EFT: in list order, each task where it is done first."""
    for at in range(run.clock[0].ready):
        give_earliest(case, run, at)


@helper
def choose_etf(case: Case, run: Run, balanced: bool) -> None:
    """ETF: again and again the pair of task and PE that is done first.

    Tasks are scanned in the order of the list; assigned ones are swapped to its front.
    ``balanced`` is ETF_LB: with times at the present frequencies, ties to the PE that led least.
    """
    count = run.clock[0].ready
    for at in range(count):
        note_waits(case, run, at)
        run.choice[at] = NONE
    for done in range(count):
        at, pe = _first_pair(case, run, balanced)
        time = _time(case, run, run.tasks[run.ready[at]].task, pe, balanced)
        run.pes[pe].free_at = run.clock[0].tick + finish_after(run, at, pe, time)
        run.choice[at] = pe
        run.order[done] = at
    swap_to_front(run, count)


@inlined
def _first_pair(case: Case, run: Run, balanced: bool) -> tuple[int, int]:
    best_at, best_pe, least = NONE, NONE, math.inf
    for at in range(run.clock[0].ready):
        if run.choice[at] == NONE:
            pe = _balanced_pe(case, run, at) if balanced else earliest_pe(case, run, at)
            time = _time(case, run, run.tasks[run.ready[at]].task, pe, balanced)
            finish = finish_after(run, at, pe, time)
            if finish < least:
                best_at, best_pe, least = at, pe, finish
                run.pes[pe].balance += balanced
    return best_at, best_pe


@inlined
def _balanced_pe(case: Case, run: Run, at: int) -> int:
    task = run.tasks[run.ready[at]].task
    best, least = NONE, math.inf
    for pe in range(len(run.pes)):
        finish = finish_after(run, at, pe, _time(case, run, task, pe, True))
        fewer = best != NONE and run.pes[pe].balance < run.pes[best].balance
        if finish < least or (finish == least < math.inf and fewer):
            best, least = pe, finish
    return best


@inlined
def _time(case: Case, run: Run, task: int, pe: int, balanced: bool) -> float:
    time = case.exec_us[task, pe]
    if balanced:
        cluster = run.pes[pe].cluster
        time *= 1 + case.points[cluster, run.clusters[cluster].point].slowdown
    return time  # type: ignore[no-any-return]


@inlined
def swap_to_front(run: Run, count: int) -> None:
    """Swap the k-th assigned task with the one at position k, for k = 0, 1, ..."""
    for at in range(count):
        run.place[at] = run.held[at] = at
    for done in range(count):
        task = run.order[done]
        here, other = run.place[task], run.held[done]
        run.ready[here], run.ready[done] = run.ready[done], run.ready[here]
        run.choice[here], run.choice[done] = run.choice[done], run.choice[here]
        run.held[here], run.held[done] = other, task
        run.place[other], run.place[task] = here, done
