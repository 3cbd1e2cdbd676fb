"""Running tasks: their steps, their completion, and what becomes ready by it."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.governors import evaluate, note_use
from archgym.cost_models.soc.schedule.engine.power import spend_step
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Run


@inlined
def is_late(run: Run, created: float, time: float) -> int:
    """Return whether an event is handled after the manager has acted in its tick."""
    return int(time == created or (time == created + 1 and run.clock[0].acted != 0))


@inlined
def next_sequence(run: Run) -> int:
    """Return the number of a new event."""
    run.clock[0].sequence += 1
    return run.clock[0].sequence  # type: ignore[no-any-return]


@helper
def plan_step(case: Case, run: Run, pe: int, tick: int) -> None:
    """Plan the next step of a PE's task; arithmetic in the order of the reference."""
    state, window = run.pes[pe], case.constants[0].window
    cluster = state.cluster
    slowdown = case.points[cluster, run.clusters[cluster].point].slowdown
    rest = state.length - state.done
    step, left = rest + rest * slowdown, float(window - tick % window)
    state.last = int(step <= left)
    if not state.last:
        step = left
        state.done += left / (slowdown + 1)
    state.event = tick + step
    state.late = is_late(run, tick, state.event)
    state.sequence = next_sequence(run)
    if run.clock[0].power:
        spend_step(case, run, cluster, step)


@inlined
def _actual_time(nominal: float, noise: float) -> float:
    """Return the noisy time of a task; zero stays zero."""
    if noise == 0.0 or nominal == 0.0:
        return nominal
    return max(np_round(nominal + nominal * noise), 1.0)


@inlined
def np_round(value: float) -> float:
    """Round half to even."""
    whole = math.floor(value)
    rest = value - whole
    if rest > 0.5 or (rest == 0.5 and whole % 2 == 1):
        whole += 1
    return float(whole)


@helper
def begin(case: Case, run: Run, instance: int, tick: int) -> None:
    """Let a task begin on its PE."""
    task = run.tasks[instance]
    state = run.pes[task.pe]
    state.task, state.done = instance, 0.0
    state.length = _actual_time(case.exec_us[task.task, task.pe], task.noise)
    task.start = tick
    run.clusters[state.cluster].busy += 1
    plan_step(case, run, task.pe, tick)


@helper
def end_step(case: Case, run: Run, pe: int) -> None:
    """Handle the end of a step at its time."""
    time = run.pes[pe].event
    if run.pes[pe].last:
        _complete(case, run, pe, time)
        return
    if run.clock[0].sweeping:
        evaluate(case, run, pe, int(time))
    plan_step(case, run, pe, int(time))


@inlined
def _complete(case: Case, run: Run, pe: int, time: float) -> None:
    state, clock = run.pes[pe], run.clock[0]
    instance, window = state.task, case.constants[0].window
    task = run.tasks[instance]
    task.finish, task.finish_tick = time, int(time)
    state.task, state.event = NONE, math.inf
    run.clusters[state.cluster].busy -= 1
    clock.freed = clock.acted
    note_use(case, run, pe, task.start, task.finish_tick)
    release(case, run, instance, time)
    if clock.sweeping and time % window == 0:
        evaluate(case, run, pe, int(time))


@inlined
def release(case: Case, run: Run, instance: int, time: float) -> None:
    """Complete the job if this was its tail, and append successors that lack nothing more."""
    task = run.tasks[instance]
    job, static = run.jobs[task.job], case.tasks[task.task]
    if static.first_out == static.end_out:
        job.completed = time
        run.clock[0].makespan = time
        run.clock[0].completions += time
        run.clock[0].completed += 1
        run.clock[0].in_flight -= 1
    for at in range(static.first_out, static.end_out):
        target = instance + case.edges[case.outputs[at]].target - task.task
        run.tasks[target].missing -= 1
        if run.tasks[target].missing == 0:
            append_ready(run, target)


@inlined
def append_ready(run: Run, instance: int) -> None:
    """Append a task to the ready list."""
    run.ready[run.clock[0].ready] = instance
    run.clock[0].ready += 1
