"""Decisions one by one, from outside: for Gymnasium and PettingZoo views."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.advance import advance
from archgym.cost_models.soc.schedule.engine.compiled import Array, helper, inlined, kernel
from archgym.cost_models.soc.schedule.engine.governors import set_point
from archgym.cost_models.soc.schedule.engine.observing import observe, undecided
from archgym.cost_models.soc.schedule.engine.queues import commit
from archgym.cost_models.soc.schedule.engine.schedulers.times import give, note_waits
from archgym.cost_models.soc.schedule.engine.state import (
    DECIDE,
    PAUSED,
    Case,
    Floats,
    Ints,
    Records,
    Run,
)


@inlined
def _is_legal(case: Case, run: Run, action: int, slots: int) -> bool:
    clock, pes = run.clock[0], len(run.pes)
    slot = action // pes
    if slot >= min(slots, undecided(run)):
        return False
    task = run.tasks[run.ready[clock.assigned + slot]].task
    return case.exec_us[task, action % pes] < math.inf  # type: ignore[no-any-return]


@helper
def _legal_action(case: Case, run: Run, action: int, slots: int) -> int:
    """Return the action, or for an illegal one the legal one at its place modulo their number."""
    if _is_legal(case, run, action, slots):
        return action
    count = 0
    for other in range(slots * len(run.pes)):
        count += _is_legal(case, run, other, slots)
    rest, found = action % count, action
    for other in range(slots * len(run.pes)):
        if _is_legal(case, run, other, slots):
            if rest == 0:
                found = other
            rest -= 1
    return found


@helper
def _assign(case: Case, run: Run, action: int) -> None:
    """Give the ready task in the action's slot its PE; those before it in the list move up."""
    clock, pes = run.clock[0], len(run.pes)
    at = clock.assigned + action // pes
    instance = run.ready[at]
    while at > clock.assigned:
        run.ready[at] = run.ready[at - 1]
        at -= 1
    run.ready[at] = instance
    note_waits(case, run, at)
    give(case, run, at, action % pes)
    clock.assigned += 1


@helper
def time_in_system(run: Run, now: float) -> float:
    """Return the sum over jobs of the time spent so far between arrival and completion, us."""
    clock = run.clock[0]
    return clock.completions + clock.in_flight * now - clock.arrived  # type: ignore[no-any-return]


@helper
def _step(
    case: Case,
    run: Run,
    action: int,
    until: int,
    scale: float,
    window: int,
    slots: int,
    out: Array,
    mask: Array,
) -> tuple[float, int]:
    clock, status = run.clock[0], DECIDE
    if clock.decided:
        _assign(case, run, _legal_action(case, run, action, slots))
    if not clock.decided or clock.assigned == clock.ready:
        if clock.decided:
            commit(case, run)
        clock.assigned = 0
        status = advance(case, run, until)
    observe(case, run, scale, window, slots, out, mask)
    return time_in_system(run, until if status == PAUSED else clock.tick), status


@kernel
def step_many(
    case: Case,
    runs: Run,
    first: int,
    end: int,
    actions: Ints,
    until: int,
    scale: float,
    window: int,
    slots: int,
    out: Array,
    mask: Array,
    totals: Floats,
    statuses: Ints,
) -> None:
    """In each run give one ready task its PE, and run on once all have theirs.

    Without a ready task, which is so before the start and after a pause, only run on.

    Args:
        case: Platform and applications.
        runs: Records stacked along axis 0; each at DECIDE, at PAUSED, or new.
        first: The first of the runs that make a step.
        end: The one behind the last.
        actions: int64 (runs,), slot of the ready task x PEs + PE.
        until: The first tick in which the manager does not act yet.
        scale: See `observing.observe`, as for what follows.
        window: Tasks that are shown.
        slots: Ready tasks that are shown with their PEs.
        out: float32 (runs, width), the observations.
        mask: int8 (runs, actions), the legal actions.
        totals: float64 (runs,), becomes time in system, see `time_in_system`.
        statuses: int64 (runs,), becomes DECIDE, PAUSED or OVER.
    """
    for at in range(first, end):
        run = _one_of(runs, at)
        totals[at], statuses[at] = _step(
            case, run, actions[at], until, scale, window, slots, out[at], mask[at]
        )


@inlined
def _one_of(runs: Run, at: int) -> Records:
    return Run(
        runs.clock[at],
        runs.pes[at],
        runs.clusters[at],
        runs.heat[at],
        runs.tasks[at],
        runs.jobs[at],
        runs.ready[at],
        runs.choice[at],
        runs.starting[at],
        runs.wait[at],
        runs.order[at],
        runs.place[at],
        runs.held[at],
    )


@kernel
def set_points(case: Case, run: Run, points: Ints) -> None:
    """Move every cluster to an operating point, as far as throttling allows."""
    for cluster in range(len(run.clusters)):
        set_point(case, run, cluster, points[cluster])
