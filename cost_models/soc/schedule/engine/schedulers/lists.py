"""Schedulers that sort the ready tasks and give each the PE on which it is done first."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.times import give_earliest
from archgym.cost_models.soc.schedule.engine.state import Case, Ints, Run


@helper
def choose_by_rank(case: Case, run: Run) -> None:
    """HEFT_RT: by falling upward rank, then as EFT."""
    for at in range(1, run.clock[0].ready):
        instance, to = run.ready[at], at
        rank = case.tasks[run.tasks[instance].task].rank
        while to > 0 and case.tasks[run.tasks[run.ready[to - 1]].task].rank < rank:
            run.ready[to] = run.ready[to - 1]
            to -= 1
        run.ready[to] = instance
    _give_all(case, run)


@helper
def choose_by_priority(case: Case, run: Run, places: Ints) -> None:
    """By the place of the task in a list of all tasks, then as EFT."""
    for at in range(1, run.clock[0].ready):
        instance, to = run.ready[at], at
        place = places[run.tasks[instance].task]
        while to > 0 and places[run.tasks[run.ready[to - 1]].task] > place:
            run.ready[to] = run.ready[to - 1]
            to -= 1
        run.ready[to] = instance
    _give_all(case, run)


@inlined
def _give_all(case: Case, run: Run) -> None:
    for at in range(run.clock[0].ready):
        give_earliest(case, run, at)
