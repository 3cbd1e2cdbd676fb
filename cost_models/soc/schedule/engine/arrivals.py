"""Jobs entering: explicit lists, and a generator held back by a limit of jobs in flight."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.state import NEVER, NONE, Case, Run
from archgym.cost_models.soc.schedule.engine.steps import append_ready, is_late, next_sequence


@inlined
def _announce(run: Run, now: int, time: int) -> None:
    """Create the event of the next arrival."""
    clock = run.clock[0]
    clock.arrival = time
    clock.arrival_late = is_late(run, now, time)
    clock.arrival_sequence = next_sequence(run)


@helper
def arrive(case: Case, run: Run) -> None:
    """Handle the arrival event at its time: the job enters, or is tried again later."""
    clock = run.clock[0]
    now, number = clock.arrival, clock.next_job
    job = run.jobs[number]
    held = clock.max_in_flight >= 0 and clock.in_flight >= clock.max_in_flight
    if now < job.arrival or held:
        _announce(run, now, now + 1)
        return
    job.arrival = now
    clock.arrived += now
    clock.in_flight += 1
    clock.next_job = number + 1
    append_ready(run, job.first)
    if number + 1 == len(run.jobs):
        clock.arrival = NEVER
        return
    following = run.jobs[number + 1]
    _announce(run, now, following.due if following.gap == NONE else now + following.gap)
