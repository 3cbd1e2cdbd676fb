"""Runs of designs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.soc.schedule.columns import (
    BY_PRIORITY,
    BY_TABLE,
    BY_WEIGHTS,
    GOVERNOR,
    OPTIMAL,
    PLAN,
    POLICY,
    PRIORITY,
    REPLAY,
    SCHEDULER,
    SCHEDULERS,
    TABLE,
    WEIGHTS,
)
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import advance_under
from archgym.cost_models.soc.schedule.engine.state import Case, Rules, Run
from archgym.cost_models.soc.schedule.governor import start_of
from archgym.cost_models.soc.schedule.optimal import OutOfTimeError, optimal_plan
from archgym.cost_models.soc.schedule.plans import read_plan
from archgym.cost_models.soc.schedule.policies import find_policy, load_policy, policy_for
from archgym.cost_models.soc.schedule.running import Options, Plan, new_run, rules
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload
from archgym.errors import WorkloadError
from archgym.outcome import Status
from archgym.text_parameters import OpenChoice


@dataclass(frozen=True)
class Settings:
    """What holds for all designs; see `model.ScheduleModel`."""

    energy: bool
    throttling: bool
    scheduler_seed: int
    time_limit_s: float


@dataclass(frozen=True)
class Attempt:
    """A finished run, or why there is none.

    Attributes:
        run: The run.
        status: OK also where the design is to blame.
        error: The reason, else empty.
    """

    run: Run | None
    status: int = Status.OK
    error: str = ""


def attempt(design: Batch, workload: ScheduleWorkload, settings: Settings) -> Attempt:
    """Return what comes of one design."""
    try:
        return Attempt(simulate(design, workload, settings))
    except WorkloadError as reason:
        return Attempt(None, Status.OK, str(reason))
    except OutOfTimeError as reason:
        return Attempt(None, Status.TIMEOUT, str(reason))


def simulate(design: Batch, workload: ScheduleWorkload, settings: Settings) -> Run:
    """Return the finished run of one design.

    Raises:
        WorkloadError: Its plan or policy cannot be used.
        OutOfTimeError: No schedule was proven optimal in time.
    """
    scheduler = str(design[SCHEDULER][0])
    governor, points = start_of(str(design[GOVERNOR][0]), workload.platform)
    options = Options(
        governor,
        points,
        settings.energy,
        settings.throttling,
        settings.scheduler_seed,
        _plan(scheduler, design, workload, settings.time_limit_s),
    )
    run = new_run(workload, options)
    advance_under(workload.case, run, _rules(scheduler, design, workload.case), state.NEVER)
    return run


def _plan(
    scheduler: str, design: Batch, workload: ScheduleWorkload, time_limit_s: float
) -> Plan | None:
    if scheduler == OPTIMAL:
        return optimal_plan(workload, time_limit_s)
    if scheduler != REPLAY:
        return None
    given, parameter = str(design[PLAN][0]), design.space[PLAN]
    if not given or not isinstance(parameter, OpenChoice):
        raise WorkloadError(f"scheduler {REPLAY}: needs the path of a plan in column {PLAN!r}")
    return read_plan(parameter.path_of(given), workload)


def _rules(scheduler: str, design: Batch, case: Case) -> Rules:
    if scheduler.startswith(POLICY):
        parameter = design.space[SCHEDULER]
        assert isinstance(parameter, OpenChoice)
        layers = load_policy(find_policy(parameter.path_of(scheduler)))
        return rules(state.POLICY, policy=policy_for(layers, case))
    number = SCHEDULERS[scheduler]
    if scheduler == BY_WEIGHTS:
        weights = [float(design[name][0]) for name in WEIGHTS.values()]
        return rules(number, weights=np.array(weights))
    if scheduler == BY_TABLE:
        return rules(number, numbers=np.array(design[TABLE][0], dtype=np.int64))
    if scheduler == BY_PRIORITY:
        order = np.array(design[PRIORITY][0], dtype=np.int64)
        return rules(number, numbers=np.argsort(order))
    return rules(number)
