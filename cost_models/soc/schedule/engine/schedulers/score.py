"""A linear score of task-PE pairs, whose weights are the design.

As in ETF, again and again the pair with the least score is assigned; the score of a pair is the
weighted sum of `columns.FEATURES`, in microseconds. With weight 1 on ``finish`` alone this is ETF.
"""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.earliest import swap_to_front
from archgym.cost_models.soc.schedule.engine.schedulers.times import (
    finish_after,
    give,
    note_waits,
)
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Floats, Run


@helper
def choose_by_score(case: Case, run: Run, weights: Floats) -> None:
    """Assign the pair with the least score until every ready task has a PE; else as ETF."""
    count = run.clock[0].ready
    for at in range(count):
        note_waits(case, run, at)
        run.choice[at] = NONE
    for done in range(count):
        at, pe = _best_pair(case, run, weights)
        give(case, run, at, pe)
        run.order[done] = at
    swap_to_front(run, count)


@inlined
def _best_pair(case: Case, run: Run, weights: Floats) -> tuple[int, int]:
    best_at, best_pe, least = NONE, NONE, math.inf
    for at in range(run.clock[0].ready):
        task = run.tasks[run.ready[at]].task
        for pe in range(len(run.pes)):
            if run.choice[at] == NONE and case.exec_us[task, pe] < math.inf:
                score = score_of(case, run, weights, at, pe)
                if score < least:
                    best_at, best_pe, least = at, pe, score
    return best_at, best_pe


@inlined
def score_of(case: Case, run: Run, weights: Floats, at: int, pe: int) -> float:
    """Return the score of giving the ready task at a position of the list to a PE."""
    instance = run.tasks[run.ready[at]]
    task, now = instance.task, run.clock[0].tick
    time, cluster = case.exec_us[task, pe], run.pes[pe].cluster
    slowdown = case.points[cluster, run.clusters[cluster].point].slowdown
    return (  # type: ignore[no-any-return]
        weights[0] * finish_after(run, at, pe, time)
        + weights[1] * time
        + weights[2] * run.wait[at, pe]
        + weights[3] * max(run.pes[pe].free_at - now, 0.0)
        + weights[4] * case.tasks[task].rank
        + weights[5] * (now - run.jobs[instance.job].arrival)
        + weights[6] * time * slowdown
    )
