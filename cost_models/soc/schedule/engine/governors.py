"""Who sets the operating points: governors, throttling, or somebody outside."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.power import hottest, update_heat, update_leak
from archgym.cost_models.soc.schedule.engine.state import ONDEMAND, Case, Run


@helper
def set_point(case: Case, run: Run, cluster: int, point: int) -> None:
    """Wish for an operating point; throttling may hold the cluster below it."""
    state = run.clusters[cluster]
    state.wish = point
    allowed = min(point, case.caps[cluster, run.clock[0].level])
    if allowed != state.point:
        state.point = allowed
        update_leak(case, run, cluster)


@inlined
def _busy_time(case: Case, run: Run, pe: int, tick: int) -> float:
    """Return the time of the window before ``tick`` in which a PE was busy."""
    state, start = run.pes[pe], tick - case.constants[0].window
    busy = state.used if state.used_window == tick else 0.0
    if state.task >= 0:
        busy += tick - max(run.tasks[state.task].start, start)
    return busy


@inlined
def note_use(case: Case, run: Run, pe: int, start: int, finish: int) -> None:
    """Count a completed task in the window in which its truncated finish lies."""
    window = case.constants[0].window
    end = -(-finish // window) * window
    state = run.pes[pe]
    if state.used_window != end:
        state.used_window, state.used = end, 0.0
    state.used += finish - max(start, end - window)


@inlined
def _govern(case: Case, run: Run, cluster: int) -> None:
    """Let ondemand choose by the summed use of the cluster's PEs."""
    static, constants = case.clusters[cluster], case.constants[0]
    use = 0.0
    for pe in range(static.first_pe, static.first_pe + static.count):
        use += run.pes[pe].utilization
    point = run.clusters[cluster].point
    if use > constants.high:
        set_point(case, run, cluster, static.points - 1)
    elif use < constants.low and point > 0:
        set_point(case, run, cluster, point - 1)


@inlined
def _throttle(case: Case, run: Run) -> None:
    """Climb the levels at their trip points; come down below them by the hysteresis."""
    constants, clock, hot = case.constants[0], run.clock[0], hottest(run)
    trips = (constants.trip_0, constants.trip_1, constants.trip_2)
    margins = (constants.hysteresis_0, constants.hysteresis_1, constants.hysteresis_2)
    level = clock.level
    while level < len(trips) and hot >= trips[level]:
        level += 1
    while level > 0 and hot < trips[level - 1] - margins[level - 1]:
        level -= 1
    if level != clock.level:
        clock.level = level
        for cluster in range(len(run.clusters)):
            set_point(case, run, cluster, run.clusters[cluster].wish)


@helper
def evaluate(case: Case, run: Run, pe: int, tick: int) -> None:
    """Evaluate a PE at the end of a window; the first of a cluster moves the cluster on."""
    if tick == 0 or run.pes[pe].evaluated == tick:
        return
    run.pes[pe].evaluated = tick
    run.pes[pe].utilization = _busy_time(case, run, pe, tick) / case.constants[0].window
    cluster, clock = run.pes[pe].cluster, run.clock[0]
    if run.clusters[cluster].evaluated == tick:
        return
    run.clusters[cluster].evaluated = tick
    if clock.governor == ONDEMAND and case.clusters[cluster].dvfs:
        _govern(case, run, cluster)
    if clock.power and tick % case.constants[0].thermal_period == 0 and _all_evaluated(run, tick):
        update_heat(case, run)
        if clock.throttling:
            _throttle(case, run)


@inlined
def _all_evaluated(run: Run, tick: int) -> bool:
    evaluated = 0
    for cluster in range(len(run.clusters)):
        evaluated += run.clusters[cluster].evaluated == tick
    return evaluated == len(run.clusters)
