"""Runs of a policy that explores, with all that it saw."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import advance_under
from archgym.cost_models.soc.schedule.engine.schedulers.policy import FEATURES, LOADS
from archgym.cost_models.soc.schedule.engine.state import Run, Trace
from archgym.cost_models.soc.schedule.model import latencies
from archgym.cost_models.soc.schedule.policies import Arrays, policy_for
from archgym.cost_models.soc.schedule.running import (
    NO_TRACE,
    Options,
    highest_points,
    new_run,
    rules,
)
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload, load_workload

_PAIRS_PER_TASK = 8  # room at first; doubled while a run needs more


@dataclass(frozen=True)
class Episode:
    """One run: the workload, how it went, and what the policy saw."""

    workload: ScheduleWorkload
    run: Run
    trace: Trace


def fresh(workload: str, jobs: int, seed: int) -> ScheduleWorkload:
    """Return a workload with arrivals of its own; the text may hold further options."""
    joint = "," if ":" in workload else ":"
    return load_workload(f"{workload}{joint}jobs={jobs},seed={seed}")


def mean_latency(arrays: Arrays, workload: ScheduleWorkload) -> float:
    """Return the mean job latency under a policy that does not explore, us."""
    return float(latencies(_simulate(arrays, workload, NO_TRACE)).mean())


def collect(
    arrays: Arrays, workloads: Sequence[ScheduleWorkload], seeds: Sequence[int], pool: Executor
) -> list[Episode]:
    """Return one exploring run per workload and seed, in order."""
    return list(pool.map(lambda pair: _explore(arrays, *pair), zip(workloads, seeds, strict=True)))


def _explore(arrays: Arrays, workload: ScheduleWorkload, seed: int) -> Episode:
    room = _PAIRS_PER_TASK
    while True:
        trace = _empty_trace(workload, room, seed)
        run = _simulate(arrays, workload, trace)
        decisions, pairs = trace.size.tolist()
        if pairs <= len(trace.task):
            return Episode(workload, run, _cut(trace, decisions, pairs))
        room *= 2


def _empty_trace(workload: ScheduleWorkload, room: int, seed: int) -> Trace:
    tasks = len(workload.instances[0])
    pairs = tasks * room
    uniform = np.random.default_rng(seed).random(pairs)
    ints = [np.zeros(tasks, dtype=np.int64) for _ in range(3)]
    return Trace(
        seen=np.zeros((pairs, len(FEATURES)), dtype=np.float32),
        task=np.zeros(pairs, dtype=np.int64),
        # The highest of scores plus Gumbel noise is a draw from their softmax.
        noise=-np.log(-np.log(np.maximum(uniform, np.finfo(float).tiny))),
        pairs=ints[0],
        chosen=ints[1],
        tick=ints[2],
        load=np.zeros((tasks, LOADS)),
        size=np.zeros(2, dtype=np.int64),
    )


def _simulate(arrays: Arrays, workload: ScheduleWorkload, trace: Trace) -> Run:
    case = workload.case
    run = new_run(workload, Options(state.PERFORMANCE, highest_points(workload), power=False))
    by_policy = rules(state.POLICY, policy=policy_for(arrays, case), trace=trace)
    advance_under(case, run, by_policy, state.NEVER)
    return run


def _cut(trace: Trace, decisions: int, pairs: int) -> Trace:
    by_pair = ("seen", "task", "noise")
    cut = {name: getattr(trace, name)[:pairs] for name in by_pair}
    by_decision = {
        name: getattr(trace, name)[:decisions] for name in ("pairs", "chosen", "tick", "load")
    }
    return Trace(**cut, **by_decision, size=trace.size)
