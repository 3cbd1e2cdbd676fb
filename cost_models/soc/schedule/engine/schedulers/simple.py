"""Schedulers without estimates: replay, table, round robin and random."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.times import (
    finish_after,
    give,
    note_waits,
)
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Ints, Run


@helper
def choose_planned(case: Case, run: Run) -> None:
    """Replay: the PE of the plan; `commit` keeps the tasks from beginning before it."""
    for at in range(run.clock[0].ready):
        run.choice[at] = run.tasks[run.ready[at]].plan_pe


@helper
def choose_random(case: Case, run: Run) -> None:
    """Any PE that supports the task, by the number drawn for it beforehand."""
    for at in range(run.clock[0].ready):
        instance = run.tasks[run.ready[at]]
        wanted = int(instance.draw * _supporting(case, instance.task))
        for pe in range(len(run.pes)):
            if case.exec_us[instance.task, pe] < math.inf:
                if wanted == 0:
                    run.choice[at] = pe
                wanted -= 1


@inlined
def _supporting(case: Case, task: int) -> int:
    count = 0
    for pe in range(case.exec_us.shape[1]):
        count += case.exec_us[task, pe] < math.inf
    return count


@helper
def choose_in_turn(case: Case, run: Run) -> None:
    """Round robin: the next PE, after that of the task before, that supports the task."""
    for at in range(run.clock[0].ready):
        task, pe = run.tasks[run.ready[at]].task, run.clock[0].next_pe
        while case.exec_us[task, pe] == math.inf:
            pe = (pe + 1) % len(run.pes)
        run.choice[at] = pe
        run.clock[0].next_pe = (pe + 1) % len(run.pes)


@helper
def choose_by_table(case: Case, run: Run, ranks: Ints) -> None:
    """The cluster that the table gives, and its PE on which the task is done first.

    A rank counts the clusters that support the task, the fastest first; ranks beyond the last
    mean the last.
    """
    for at in range(run.clock[0].ready):
        note_waits(case, run, at)
        task = run.tasks[run.ready[at]].task
        cluster = case.by_speed[task, 0]
        for rank in range(1, min(ranks[task] + 1, case.by_speed.shape[1])):
            if case.by_speed[task, rank] != NONE:
                cluster = case.by_speed[task, rank]
        give(case, run, at, _earliest_of(case, run, at, cluster))


@inlined
def _earliest_of(case: Case, run: Run, at: int, cluster: int) -> int:
    task, static = run.tasks[run.ready[at]].task, case.clusters[cluster]
    best, least = NONE, math.inf
    for pe in range(static.first_pe, static.first_pe + static.count):
        finish = finish_after(run, at, pe, case.exec_us[task, pe])
        if finish < least:
            best, least = pe, finish
    return best
