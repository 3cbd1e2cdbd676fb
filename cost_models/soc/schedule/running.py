"""Runs of the engine, made from workloads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import prepare
from archgym.cost_models.soc.schedule.engine.state import Floats, Ints, Policy, Rules, Run, Trace
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload

NO_NUMBERS, NO_WEIGHTS = np.zeros(0, dtype=np.int64), np.zeros(0)
_TABLE = np.zeros((0, 0))
NO_POLICY = Policy(
    scale=1.0,
    prior=0.0,
    tasks=_TABLE,
    pes=_TABLE,
    first=_TABLE,
    first_bias=NO_WEIGHTS,
    second=_TABLE,
    second_bias=NO_WEIGHTS,
    last=NO_WEIGHTS,
    seen=NO_WEIGHTS,
    hidden=NO_WEIGHTS,
    least=NO_WEIGHTS,
    backlog=NO_WEIGHTS,
    rivals=NO_WEIGHTS,
    queue=NO_NUMBERS,
)
NO_TRACE = Trace(
    seen=np.zeros((0, 0), dtype=np.float32),
    task=NO_NUMBERS,
    noise=NO_WEIGHTS,
    pairs=NO_NUMBERS,
    chosen=NO_NUMBERS,
    tick=NO_NUMBERS,
    load=_TABLE,
    size=np.zeros(2, dtype=np.int64),
)


@dataclass(frozen=True)
class Plan:
    """Where and when tasks shall begin: int64 (instances,), PEs and ticks."""

    pe: Ints
    start: Ints


@dataclass(frozen=True)
class Options:
    """What a run is like beside its workload.

    Attributes:
        governor: PERFORMANCE, POWERSAVE, ONDEMAND, CONSTANT or EXTERNAL, see `engine.state`.
        points: int64 (clusters,), operating points at the start.
        power: Whether energy and temperature are followed.
        throttling: Whether hot clusters are slowed down; needs power.
        seed: Of the random scheduler.
        plan: For replay.
    """

    governor: int
    points: Ints
    power: bool = True
    throttling: bool = False
    seed: int = 0
    plan: Plan | None = None


def rules(
    scheduler: int,
    numbers: Ints = NO_NUMBERS,
    weights: Floats = NO_WEIGHTS,
    policy: Policy = NO_POLICY,
    trace: Trace = NO_TRACE,
) -> Rules:
    """Return who decides."""
    return Rules(scheduler, numbers, weights, policy, trace)


def highest_points(workload: ScheduleWorkload) -> Ints:
    """Return the highest operating point of each cluster, int64 (clusters,)."""
    return workload.case.clusters["points"] - 1  # type: ignore[no-any-return]


def new_run(workload: ScheduleWorkload, options: Options) -> Run:
    """Return a run that stands before tick 0."""
    case = workload.case
    pes, count = len(case.link), len(workload.instances[0])
    run = Run(
        clock=np.zeros(1, dtype=state.CLOCK),
        pes=np.zeros(pes, dtype=state.PE),
        clusters=np.zeros(len(case.clusters), dtype=state.RUNNING_CLUSTER),
        heat=np.full(len(case.heat_decay), case.constants["ambient"][0]),
        tasks=np.zeros(count, dtype=state.INSTANCE),
        jobs=np.zeros(len(workload.arrivals), dtype=state.JOB),
        ready=np.zeros(count, dtype=np.int64),
        choice=np.zeros(count, dtype=np.int64),
        starting=np.zeros(pes, dtype=np.int64),
        wait=np.empty((count, pes)),
        order=np.zeros(count, dtype=np.int64),
        place=np.zeros(count, dtype=np.int64),
        held=np.zeros(count, dtype=np.int64),
    )
    _fill_jobs(run, workload)
    _fill_tasks(run, workload, options)
    _fill_hardware(run, workload, options)
    _fill_clock(run, workload, options)
    prepare(case, run)
    return run


def _fill_jobs(run: Run, workload: ScheduleWorkload) -> None:
    arrivals, jobs = workload.arrivals, run.jobs
    sizes = workload.case.applications["size"][arrivals.application]
    jobs["application"], jobs["first"] = arrivals.application, np.cumsum(sizes) - sizes
    jobs["due"], jobs["arrival"], jobs["gap"] = arrivals.due, arrivals.arrival, arrivals.gap
    jobs["completed"] = math.nan


def _fill_tasks(run: Run, workload: ScheduleWorkload, options: Options) -> None:
    tasks, static = run.tasks, workload.case.tasks
    tasks["job"], _, tasks["task"] = workload.instances
    tasks["missing"] = (static["end_in"] - static["first_in"])[tasks["task"]]
    for name in ("pe", "start", "finish_tick", "next", "plan_pe", "plan_next"):
        tasks[name] = state.NONE
    tasks["finish"] = math.nan
    tasks["draw"] = np.random.default_rng(options.seed).random(len(tasks))
    if workload.noise_std:
        noise = np.random.default_rng(workload.noise_seed).standard_normal(len(tasks))
        tasks["noise"] = workload.noise_std * noise
    if options.plan is not None:
        tasks["plan_pe"], tasks["plan_start"] = options.plan.pe, options.plan.start


def _fill_hardware(run: Run, workload: ScheduleWorkload, options: Options) -> None:
    run.pes["cluster"] = workload.platform.cluster_of
    for name in ("task", "head", "plan_head", "used_window", "evaluated"):
        run.pes[name] = state.NONE
    run.pes["event"] = math.inf
    run.clusters["point"] = run.clusters["wish"] = options.points
    run.clusters["evaluated"] = state.NONE
    run.clusters["leak"] = math.nan


def _fill_clock(run: Run, workload: ScheduleWorkload, options: Options) -> None:
    clock = run.clock
    clock["arrival"], clock["wake"] = workload.arrivals.due[0], state.NEVER
    clock["max_in_flight"] = workload.arrivals.max_in_flight
    clock["power"] = options.power or options.throttling
    clock["throttling"], clock["governor"] = options.throttling, options.governor
    watched = options.governor in (state.ONDEMAND, state.EXTERNAL)
    clock["sweeping"] = clock["power"] | watched
