"""Proven optimal schedules of one job by constraint programming (OR-tools CP-SAT).

The program has the engine's release rules at the highest frequency: a task that starts at s and
takes d finishes at s + d; its successors and its PE are available in that tick, or one later when
d <= 1, or when d = 2 and s is the last tick of a window. Data from another PE take volume over
bandwidth.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import advance_under
from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.running import (
    Options,
    Plan,
    highest_points,
    new_run,
    rules,
)
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload
from archgym.errors import MissingExtraError, WorkloadError

HEURISTICS = (state.ETF, state.EFT, state.MET, state.HEFT)
WORKERS = 8  # interleaved, so that the same search is repeated on any machine
AT_ONCE, ON_THE_EDGE = 1, 2  # durations that may end after the manager's act in their last tick


class OutOfTimeError(Exception):
    """No schedule was proven optimal in time. Says how far the search came."""


@dataclass
class _Program:
    """The variables of a program.

    Attributes:
        model: The CP-SAT model.
        starts: By task.
        ends: When successors and the PE are available at the earliest.
        finishes: By task.
        on: (task, PE) -> literal.
        intervals: PE -> intervals in which it is taken.
    """

    model: Any
    starts: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    finishes: list[Any] = field(default_factory=list)
    on: dict[tuple[int, int], Any] = field(default_factory=dict)
    intervals: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))


def optimal_plan(workload: ScheduleWorkload, time_limit_s: float) -> Plan:
    """Return a plan of the least makespan for one job at time 0, proven by search.

    The limit is in CP-SAT's own measure of work, about a second of a core, so that the same
    search ends alike on any machine.

    Raises:
        WorkloadError: There are several jobs, noise, or times that are no whole numbers.
        MissingExtraError: OR-tools is not installed.
        OutOfTimeError: The proof takes longer.
    """
    case = workload.case
    times = case.exec_us[np.isfinite(case.exec_us)]
    if len(workload.arrivals) != 1 or workload.arrivals.due[0] != 0 or workload.noise_std:
        raise WorkloadError("scheduler optimal: needs one job at time 0, without noise")
    if (times != np.floor(times)).any():
        raise WorkloadError("scheduler optimal: needs times in whole microseconds")
    plan, bound = _solve(_Hashed(workload), time_limit_s)
    if bound < makespan_of(workload, plan):
        found = f"best {makespan_of(workload, plan):g} us, bound {bound:g} us"
        raise OutOfTimeError(f"no schedule proven optimal within {time_limit_s:g} s: {found}")
    return plan


def makespan_of(workload: ScheduleWorkload, plan: Plan) -> float:
    """Return the makespan of a plan when it is replayed, us."""
    return float(_replayed(workload, state.REPLAY, plan).clock["makespan"][0])


def best_bound(workload: ScheduleWorkload, time_limit_s: float) -> tuple[Plan, float]:
    """Return the best plan found, and the proven lower bound of the makespan, us."""
    return _solve(_Hashed(workload), time_limit_s)


class _Hashed:
    """A workload as the key of a cache."""

    def __init__(self, workload: ScheduleWorkload):
        self.workload, self._key = workload, workload.content_hash()

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self._key == other._key


@lru_cache(maxsize=256)
def _solve(key: _Hashed, time_limit_s: float) -> tuple[Plan, float]:
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise MissingExtraError("scheduler optimal", "ilp") from None
    workload = key.workload
    first = min((_replayed(workload, h) for h in HEURISTICS), key=_makespan)
    program = _program(cp_model.CpModel(), workload, int(_makespan(first)))
    _hint(program, first)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.interleave_search = True
    solver.parameters.max_deterministic_time = time_limit_s
    status = solver.solve(program.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return _plan_of(first), 0.0
    pes = [_pe_of(program, solver, task) for task in range(len(program.starts))]
    starts = [solver.value(start) for start in program.starts]
    plan = Plan(np.array(pes, dtype=np.int64), np.array(starts, dtype=np.int64))
    return plan, float(np.ceil(solver.best_objective_bound))


def _replayed(workload: ScheduleWorkload, scheduler: int, plan: Plan | None = None) -> Run:
    options = Options(state.PERFORMANCE, highest_points(workload), power=False, plan=plan)
    run = new_run(workload, options)
    advance_under(workload.case, run, rules(scheduler), state.NEVER)
    return run


def _makespan(run: Run) -> float:
    return float(run.clock["makespan"][0])


def _plan_of(run: Run) -> Plan:
    return Plan(run.tasks["pe"].copy(), run.tasks["start"].copy())


def _pe_of(program: _Program, solver: Any, task: int) -> int:
    return next(pe for (i, pe), on in program.on.items() if i == task and solver.value(on))


def _program(model: Any, workload: ScheduleWorkload, horizon: int) -> _Program:
    program = _Program(model)
    for task in range(len(workload.case.tasks)):
        _add_task(program, workload, task, horizon)
    for intervals in program.intervals.values():
        model.add_no_overlap(intervals)
    for edge in range(len(workload.case.edges)):
        _add_edge(program, workload, edge)
    model.add(program.starts[0] == 0)
    model.minimize(program.finishes[-1])
    return program


def _add_task(program: _Program, workload: ScheduleWorkload, task: int, horizon: int) -> None:
    model, case = program.model, workload.case
    start = model.new_int_var(0, horizon, f"start_{task}")
    end = model.new_int_var(0, horizon + 1, f"end_{task}")
    finish = model.new_int_var(0, horizon, f"finish_{task}")
    edge = _starts_on_edge(program, workload, task, start, horizon)
    for pe in np.flatnonzero(np.isfinite(case.exec_us[task])).tolist():
        time = int(case.exec_us[task, pe])
        on = model.new_bool_var(f"on_{task}_{pe}")
        late = edge if time == ON_THE_EDGE else int(time <= AT_ONCE)
        model.add(finish == start + time).only_enforce_if(on)
        model.add(end == finish + late).only_enforce_if(on)
        program.intervals[pe].append(
            model.new_optional_interval_var(start, time + late, end, on, f"run_{task}_{pe}")
        )
        program.on[task, pe] = on
    model.add_exactly_one([on for (i, _), on in program.on.items() if i == task])
    program.starts.append(start)
    program.ends.append(end)
    program.finishes.append(finish)


def _starts_on_edge(
    program: _Program, workload: ScheduleWorkload, task: int, start: Any, horizon: int
) -> Any:
    """Return a literal: the task starts in the last tick of a window; needed where d may be 2."""
    if not (workload.case.exec_us[task] == ON_THE_EDGE).any():
        return 0
    model, window = program.model, int(workload.case.constants["window"][0])
    quotient = model.new_int_var(0, horizon // window + 1, f"window_{task}")
    rest = model.new_int_var(0, window - 1, f"tick_{task}")
    edge = model.new_bool_var(f"edge_{task}")
    model.add(start == window * quotient + rest)
    model.add(rest == window - 1).only_enforce_if(edge)
    model.add(rest < window - 1).only_enforce_if(~edge)
    return edge


def _add_edge(program: _Program, workload: ScheduleWorkload, edge: int) -> None:
    """Let the target start when the source is released and its data are there."""
    model, case = program.model, workload.case
    source, target = (int(case.edges[edge][name]) for name in ("source", "target"))
    model.add(program.starts[target] >= program.ends[source])
    delays = case.delays[edge][case.link]
    least = int(delays.min())
    model.add(program.starts[target] >= program.finishes[source] + least)
    for (one, pe), on in program.on.items():
        if one != source:
            continue
        for delay in np.unique(delays[pe]).tolist():
            there = [
                literal
                for (other, at), literal in program.on.items()
                if other == target and delays[pe, at] >= delay
            ]
            if delay > least and there:
                _add_delay(program, (source, target), on, there, delay)


def _add_delay(
    program: _Program, edge: tuple[int, int], on: Any, there: list[Any], delay: int
) -> None:
    """From one PE to any of those that are at least so far away."""
    source, target = edge
    far = program.model.new_bool_var("")
    for literal in there:
        program.model.add_implication(literal, far)
    gap = program.starts[target] - program.finishes[source]
    program.model.add(gap >= delay).only_enforce_if([on, far])


def _hint(program: _Program, run: Run) -> None:
    for task, (pe, start) in enumerate(
        zip(run.tasks["pe"].tolist(), run.tasks["start"].tolist(), strict=True)
    ):
        program.model.add_hint(program.starts[task], start)
        for (one, other), on in program.on.items():
            if one == task:
                program.model.add_hint(on, other == pe)
