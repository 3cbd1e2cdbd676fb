"""What a decision maker sees: fixed numbers of features in [0, 1] about tasks, PEs and pairs.

A vector holds, one after the other, `GENERAL` features; `TASK` features of each of ``window``
unfinished tasks, those that are ready first; `PROCESSOR` features of each PE; `PAIR` features of
each of the first ``slots`` ready tasks with each PE; and the adjacency of the window, 1 where the
column's task needs the row's. Times t are squashed to t / (t + scale).
"""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import Array, helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.times import finish_after, note_waits
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Run

GENERAL = ("ready_tasks", "jobs_in_flight", "temperature")
TASK = ("present", "ready", "waiting", "running", "mean_time", "rank", "age", "inputs_missing")
PROCESSOR = ("busy", "rest_of_step", "backlog", "frequency", "utilization")
PAIR = ("supported", "time", "data_wait", "finish")
GENERAL_SIZE, TASK_SIZE = len(GENERAL), len(TASK)
PROCESSOR_SIZE, PAIR_SIZE = len(PROCESSOR), len(PAIR)
WARM_C = 100.0  # squashes temperatures


@inlined
def _squash(value: float, scale: float) -> float:
    return value / (value + scale) if value > 0 else 0.0


@inlined
def undecided(run: Run) -> int:
    """Return how many ready tasks have no PE yet, 0 where it is not time to decide."""
    clock = run.clock[0]
    return (clock.ready - clock.assigned) * clock.decided  # type: ignore[no-any-return]


@helper
def observe(
    case: Case, run: Run, scale: float, window: int, slots: int, out: Array, mask: Array
) -> None:
    """Fill an observation, float32, and the mask of legal actions, int8 (slots x PEs,)."""
    clock, count = run.clock[0], len(run.pes)
    out[:] = 0.0
    mask[:] = 0
    out[0] = _squash(undecided(run), 1.0)
    out[1] = _squash(clock.in_flight, 1.0)
    out[2] = _squash(run.heat[0], WARM_C)
    at = GENERAL_SIZE
    shown = _choose_window(case, run, window)
    for row in range(shown):
        _show_task(case, run, run.held[row], scale, out, at + row * TASK_SIZE)
    at += window * TASK_SIZE
    for pe in range(count):
        _show_pe(case, run, pe, scale, out, at + pe * PROCESSOR_SIZE)
    at += count * PROCESSOR_SIZE
    for slot in range(min(slots, undecided(run))):
        _show_pairs(case, run, slot, scale, out, at, mask)
    at += slots * count * PAIR_SIZE
    _show_edges(case, run, window, shown, out, at)


@helper
def _choose_window(case: Case, run: Run, window: int) -> int:
    """List unfinished tasks in ``run.held``, places in ``run.place``; return how many."""
    clock, shown = run.clock[0], 0
    for at in range(clock.assigned, min(clock.ready, clock.assigned + window)):
        shown = _put(run, run.ready[at], shown)
    while clock.first_live < clock.next_job and _is_completed(run, clock.first_live):
        clock.first_live += 1
    for number in range(clock.first_live, clock.next_job):
        first = run.jobs[number].first
        size = 0 if _is_completed(run, number) else _size_of(case, run, number)
        for instance in range(first, first + size):
            if shown == window:
                return shown
            if run.tasks[instance].finish_tick == NONE and not _is_shown(run, instance, shown):
                shown = _put(run, instance, shown)
    return shown


@inlined
def _size_of(case: Case, run: Run, number: int) -> int:
    return case.applications[run.jobs[number].application].size  # type: ignore[no-any-return]


@inlined
def _is_completed(run: Run, number: int) -> bool:
    return not math.isnan(run.jobs[number].completed)


@inlined
def _put(run: Run, instance: int, shown: int) -> int:
    run.held[shown], run.place[instance] = instance, shown
    return shown + 1


@inlined
def _is_shown(run: Run, instance: int, shown: int) -> bool:
    place = run.place[instance]
    return bool(place < shown and run.held[place] == instance)


@inlined
def _show_task(case: Case, run: Run, instance: int, scale: float, out: Array, at: int) -> None:
    task = run.tasks[instance]
    placed, begun = task.pe != NONE, task.start != NONE
    total, able = 0.0, 0
    for pe in range(len(run.pes)):
        if case.exec_us[task.task, pe] < math.inf:
            total += case.exec_us[task.task, pe]
            able += 1
    out[at] = 1.0
    out[at + 1] = task.missing == 0 and not placed
    out[at + 2] = placed and not begun
    out[at + 3] = begun
    out[at + 4] = _squash(total / able, scale)
    out[at + 5] = _squash(case.tasks[task.task].rank, scale)
    out[at + 6] = _squash(run.clock[0].tick - run.jobs[task.job].arrival, scale)
    out[at + 7] = _squash(task.missing, 1.0)


@inlined
def _show_pe(case: Case, run: Run, pe: int, scale: float, out: Array, at: int) -> None:
    state, now = run.pes[pe], run.clock[0].tick
    cluster = state.cluster
    points = case.clusters[cluster].points
    if state.task != NONE:
        out[at] = 1.0
        out[at + 1] = _squash(state.event - now, scale)
    out[at + 2] = _squash(state.free_at - now, scale)
    out[at + 3] = (run.clusters[cluster].point + 1) / points
    out[at + 4] = min(state.utilization, 1.0)


@inlined
def _show_pairs(
    case: Case, run: Run, slot: int, scale: float, out: Array, at: int, mask: Array
) -> None:
    place, count = run.clock[0].assigned + slot, len(run.pes)
    task = run.tasks[run.ready[place]].task
    note_waits(case, run, place)
    for pe in range(count):
        time = case.exec_us[task, pe]
        if time < math.inf:
            to = at + (slot * count + pe) * PAIR_SIZE
            out[to] = 1.0
            out[to + 1] = _squash(time, scale)
            out[to + 2] = _squash(run.wait[place, pe], scale)
            out[to + 3] = _squash(finish_after(run, place, pe, time), scale)
            mask[slot * count + pe] = 1


@inlined
def _show_edges(case: Case, run: Run, window: int, shown: int, out: Array, at: int) -> None:
    for row in range(shown):
        instance = run.held[row]
        task = run.tasks[instance].task
        for edge in range(case.tasks[task].first_out, case.tasks[task].end_out):
            target = instance + case.edges[case.outputs[edge]].target - task
            if _is_shown(run, target, shown):
                out[at + row * window + run.place[target]] = 1.0
