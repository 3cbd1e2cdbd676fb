"""The clock: from one tick in which something happens to the next."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.arrivals import arrive
from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.governors import evaluate
from archgym.cost_models.soc.schedule.engine.power import spend_idle
from archgym.cost_models.soc.schedule.engine.queues import reserve
from archgym.cost_models.soc.schedule.engine.state import (
    DECIDE,
    NEVER,
    NONE,
    OVER,
    PAUSED,
    Case,
    Run,
)
from archgym.cost_models.soc.schedule.engine.steps import begin, end_step

ARRIVAL = -2  # in the place of a PE


@helper
def advance(case: Case, run: Run, until: int) -> int:
    """Run until the scheduler must decide, until a tick, or until the last job is complete.

    Args:
        case: Platform and applications.
        run: The run; all ready tasks have been assigned by `commit` if it stood at DECIDE.
        until: The first tick in which the manager does not act yet.
    """
    clock = run.clock[0]
    while True:
        if not clock.decided:
            if clock.tick >= until:
                return PAUSED
            if not _act(case, run):
                return OVER
            clock.decided = 1
            if clock.ready:
                return DECIDE
        _finish_tick(case, run)
        if clock.completed == len(run.jobs):
            return OVER
        clock.tick, clock.decided, clock.acted = _next_tick(case, run), 0, 0


@inlined
def _act(case: Case, run: Run) -> bool:
    """Handle early events, then let the manager sweep; return whether the run goes on."""
    clock = run.clock[0]
    while True:
        pe = _first_early(run, clock.tick)
        if pe == NONE:
            break
        _handle(case, run, pe)
        if clock.completed == len(run.jobs):
            break
    over = clock.completed == len(run.jobs)
    if over and clock.makespan < clock.tick:
        return False
    clock.acted = 1
    if clock.sweeping and clock.tick % case.constants[0].window == 0:
        _sweep(case, run)
    return not over


@inlined
def _sweep(case: Case, run: Run) -> None:
    clock = run.clock[0]
    for pe in range(len(run.pes)):
        if run.pes[pe].task == NONE:
            evaluate(case, run, pe, clock.tick)
        if clock.power:
            spend_idle(case, run, pe)


@inlined
def _finish_tick(case: Case, run: Run) -> None:
    """Reserve PEs, handle late events, begin the tasks, handle those that end at once."""
    clock = run.clock[0]
    clock.freed = 0
    reserve(run, clock.tick)
    _handle_late(case, run)
    for at in range(clock.starting):
        begin(case, run, run.starting[at], clock.tick)
    _handle_late(case, run)


@inlined
def _handle_late(case: Case, run: Run) -> None:
    while True:
        pe = _first_late(run, run.clock[0].tick)
        if pe == NONE:
            return
        _handle(case, run, pe)


@inlined
def _handle(case: Case, run: Run, pe: int) -> None:
    if pe == ARRIVAL:
        arrive(case, run)
    else:
        end_step(case, run, pe)


@helper
def _first_early(run: Run, tick: int) -> int:
    """Return whose early event up to a tick comes first: a PE's, ARRIVAL, or NONE."""
    clock = run.clock[0]
    first, time, sequence = NONE, math.inf, NEVER
    if clock.arrival <= tick and not clock.arrival_late:
        first, time, sequence = ARRIVAL, float(clock.arrival), clock.arrival_sequence
    for pe in range(len(run.pes)):
        state = run.pes[pe]
        sooner = state.event < time or (state.event == time and state.sequence < sequence)
        if sooner and state.event <= tick and not state.late:
            first, time, sequence = pe, state.event, state.sequence
    return first


@helper
def _first_late(run: Run, tick: int) -> int:
    """Return whose late event of a tick comes first: a PE's, ARRIVAL, or NONE."""
    clock = run.clock[0]
    first, sequence = NONE, NEVER
    if clock.arrival == tick and clock.arrival_late:
        first, sequence = ARRIVAL, clock.arrival_sequence
    for pe in range(len(run.pes)):
        state = run.pes[pe]
        if state.event == tick and state.late and state.sequence < sequence:
            first, sequence = pe, state.sequence
    return first


@inlined
def _next_tick(case: Case, run: Run) -> int:
    """Return the next tick in which anything can happen."""
    clock = run.clock[0]
    if clock.ready or clock.freed:
        return clock.tick + 1  # type: ignore[no-any-return]
    tick = min(clock.arrival, clock.wake)
    for pe in range(len(run.pes)):
        if run.pes[pe].task != NONE:
            tick = min(tick, math.ceil(run.pes[pe].event))
    if clock.sweeping:
        window = case.constants[0].window
        tick = min(tick, (clock.tick // window + 1) * window)
    return tick  # type: ignore[no-any-return]
