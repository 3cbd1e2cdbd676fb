"""The simulator of task schedules as a cost model."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
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
from archgym.cost_models.soc.schedule.engine.state import Case, Floats, Rules, Run
from archgym.cost_models.soc.schedule.governor import start_of
from archgym.cost_models.soc.schedule.optimal import OutOfTimeError, optimal_plan
from archgym.cost_models.soc.schedule.plans import read_plan
from archgym.cost_models.soc.schedule.policies import find_policy, load_policy, policy_for
from archgym.cost_models.soc.schedule.running import Options, Plan, new_run, rules
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload
from archgym.errors import WorkloadError
from archgym.metric import Metric
from archgym.outcome import Measurements, Status
from archgym.text_parameters import OpenChoice

UJ_PER_J, MW_PER_W, J_PER_UJ = 1e6, 1e3, 1e-6

METRICS = (
    Metric("mean_job_latency_us", "us", "minimize", "from a job's arrival to its completion"),
    Metric("makespan_us", "us", "minimize", "completion of the last job, from time 0"),
    Metric("energy_uj", "uJ", "minimize", "of PEs, memory and GPU until then"),
    Metric("edp", "1", "minimize", "energy_uj x makespan_us x 1e-6, i.e. us x J"),
    Metric("average_power_mw", "mW", "minimize", "energy over makespan"),
    Metric("final_temperature_c", "C", "minimize", "of the hottest node at the end", signed=True),
)


@dataclass(frozen=True)
class _Settings:
    energy: bool
    throttling: bool
    scheduler_seed: int
    time_limit_s: float


class ScheduleModel(CostModel):
    """Jobs that arrive over time, scheduled on the PEs of a platform.

    Args:
        energy: Whether energy and temperature are followed; without, runs take half the time and
            their metrics are empty.
        throttling: Whether hot clusters are slowed down.
        scheduler_seed: Of the random scheduler.
        time_limit_s: Of the solver behind the scheduler ``optimal``.
    """

    name = "ds3"
    version = "1"
    metrics = METRICS
    sources = (
        "DS3, repository segemena/DS3 at commit 056c9300: behaviour, platforms, applications",
        "SoCRATES, repository EpiSci/SoCRATES at commit e246978b: top2 .. top10, noise",
    )
    leaves_out = (
        "communication through shared memory, contention on links",
        "preemption; delays and energy of frequency changes and of communication",
    )
    checked_against = ("DS3: every PE, start and finish equal, energy and temperature to 1e-9",)

    detail_file = "{table}_{row}.csv"

    def __init__(self, energy: bool, throttling: bool, scheduler_seed: int, time_limit_s: float):
        self._settings = _Settings(energy, throttling, scheduler_seed, time_limit_s)

    def evaluate(self, batch: Batch, workload: ScheduleWorkload) -> Measurements:
        """Return the measurements of schedulers and governors on a workload."""
        rows = np.full((len(batch), len(METRICS)), math.nan)
        violation, status = np.zeros(len(batch)), np.zeros(len(batch), dtype=np.uint8)
        error: dict[int, str] = {}
        for row in range(len(batch)):
            try:
                run = self.simulate(batch.select([row]), workload)
                rows[row] = list(metrics_of(run).values())
            except WorkloadError as reason:
                violation[row], error[row] = 1.0, str(reason)
            except OutOfTimeError as reason:
                status[row], error[row] = Status.TIMEOUT, str(reason)
        names = [metric.name for metric in METRICS]
        return Measurements(dict(zip(names, rows.T.copy(), strict=True)), violation, status, error)

    def simulate(self, design: Batch, workload: ScheduleWorkload) -> Run:
        """Return the finished run of one design.

        Raises:
            WorkloadError: Its plan or policy cannot be used.
            OutOfTimeError: No schedule was proven optimal in time.
        """
        scheduler = str(design[SCHEDULER][0])
        governor, points = start_of(str(design[GOVERNOR][0]), workload.platform)
        settings = self._settings
        options = Options(
            governor,
            points,
            settings.energy,
            settings.throttling,
            settings.scheduler_seed,
            self._plan(scheduler, design, workload),
        )
        run = new_run(workload, options)
        advance_under(workload.case, run, _rules(scheduler, design, workload.case), state.NEVER)
        return run

    def _plan(self, scheduler: str, design: Batch, workload: ScheduleWorkload) -> Plan | None:
        if scheduler == OPTIMAL:
            return optimal_plan(workload, self._settings.time_limit_s)
        if scheduler != REPLAY:
            return None
        given, parameter = str(design[PLAN][0]), design.space[PLAN]
        if not given or not isinstance(parameter, OpenChoice):
            raise WorkloadError(f"scheduler {REPLAY}: needs the path of a plan in column {PLAN!r}")
        return read_plan(parameter.path_of(given), workload)

    def detail(
        self, design: Batch, workload: ScheduleWorkload
    ) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the schedule, a row per task; none for a design without one."""
        try:
            run = self.simulate(design, workload)
        except (WorkloadError, OutOfTimeError):
            return {}
        return {"schedule": _schedule(run, workload)}

    def export(self, design: Batch, workload: ScheduleWorkload) -> Mapping[str, str]:
        """Return the schedule as JSON, by job and task.

        Raises:
            WorkloadError: The design has no schedule.
        """
        try:
            table = _schedule(self.simulate(design, workload), workload)
        except OutOfTimeError as reason:
            raise WorkloadError(str(reason)) from None
        columns = {name: values.tolist() for name, values in table.items()}
        names = [workload.task_names[row] for row in workload.instances[2].tolist()]
        tasks = [
            dict(zip(("name", *columns), row, strict=True))
            for row in zip(names, *columns.values(), strict=True)
        ]
        pes = [workload.platform.clusters[at].name for at in workload.platform.cluster_of]
        return {"schedule.json": json.dumps({"pes": pes, "tasks": tasks}, indent=1) + "\n"}


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


def latencies(run: Run) -> Floats:
    """Return the latency of each job, float64 (jobs,), us."""
    return run.jobs["completed"] - run.jobs["arrival"]  # type: ignore[no-any-return]


def metrics_of(run: Run) -> dict[str, float]:
    """Return the metrics of a finished run, by name."""
    makespan = float(run.clock["makespan"][0])
    energy = float(run.clock["energy"][0]) * UJ_PER_J if run.clock["power"][0] else math.nan
    power = energy / makespan * MW_PER_W if makespan else math.nan
    hottest = float(run.heat.max()) if run.clock["power"][0] else math.nan
    latency = float(latencies(run).mean())
    values = (latency, makespan, energy, energy * makespan * J_PER_UJ, power, hottest)
    return dict(zip((metric.name for metric in METRICS), values, strict=True))


def _schedule(run: Run, workload: ScheduleWorkload) -> dict[str, NDArray[Any]]:
    jobs, index, _ = workload.instances
    tasks = run.tasks
    return {
        "job": jobs,
        "task": index,
        "pe": tasks["pe"],
        "start_us": tasks["start"],
        "finish_us": tasks["finish"],
    }
