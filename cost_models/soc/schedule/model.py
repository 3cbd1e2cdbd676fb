"""The simulator of task schedules as a cost model."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.errors import WorkloadError
from archgym.metric import Metric
from archgym.outcome import Measurements, Status

if TYPE_CHECKING:
    from archgym.cost_models.soc.schedule.engine.state import Floats, Run
    from archgym.cost_models.soc.schedule.simulate import Attempt
    from archgym.cost_models.soc.schedule.workload import ScheduleWorkload

UJ_PER_J, MW_PER_W, J_PER_UJ = 1e6, 1e3, 1e-6

METRICS = (
    Metric("mean_job_latency_us", "us", "minimize", "from a job's arrival to its completion"),
    Metric("makespan_us", "us", "minimize", "completion of the last job, from time 0"),
    Metric("energy_uj", "uJ", "minimize", "of PEs, memory and GPU until then"),
    Metric("edp", "1", "minimize", "energy_uj x makespan_us x 1e-6, i.e. us x J"),
    Metric("average_power_mw", "mW", "minimize", "energy over makespan"),
    Metric("final_temperature_c", "C", "minimize", "of the hottest node at the end", signed=True),
)


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
        from archgym.cost_models.soc.schedule.simulate import Settings

        self._settings = Settings(energy, throttling, scheduler_seed, time_limit_s)

    def evaluate(self, batch: Batch, workload: ScheduleWorkload) -> Measurements:
        """Return the measurements of schedulers and governors on a workload."""
        rows = np.full((len(batch), len(METRICS)), math.nan)
        violation, status = np.zeros(len(batch)), np.zeros(len(batch), dtype=np.uint8)
        error: dict[int, str] = {}
        for row in range(len(batch)):
            attempt = self.attempt(batch.select([row]), workload)
            if attempt.run is not None:
                rows[row] = list(metrics_of(attempt.run).values())
            else:
                violation[row] = attempt.status == Status.OK
                status[row], error[row] = attempt.status, attempt.error
        names = [metric.name for metric in METRICS]
        return Measurements(dict(zip(names, rows.T.copy(), strict=True)), violation, status, error)

    def attempt(self, design: Batch, workload: ScheduleWorkload) -> Attempt:
        """Return what comes of one design: a finished run, or why there is none."""
        from archgym.cost_models.soc.schedule.simulate import attempt

        return attempt(design, workload, self._settings)

    def detail(
        self, design: Batch, workload: ScheduleWorkload
    ) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the schedule, a row per task; none for a design without one."""
        run = self.attempt(design, workload).run
        return {} if run is None else {"schedule": _schedule(run, workload)}

    def export(self, design: Batch, workload: ScheduleWorkload) -> Mapping[str, str]:
        """Return the schedule as JSON, by job and task.

        Raises:
            WorkloadError: The design has no schedule.
        """
        attempt = self.attempt(design, workload)
        if attempt.run is None:
            raise WorkloadError(attempt.error)
        table = _schedule(attempt.run, workload)
        columns = {name: values.tolist() for name, values in table.items()}
        names = [workload.task_names[row] for row in workload.instances[2].tolist()]
        tasks = [
            dict(zip(("name", *columns), row, strict=True))
            for row in zip(names, *columns.values(), strict=True)
        ]
        pes = [workload.platform.clusters[at].name for at in workload.platform.cluster_of]
        return {"schedule.json": json.dumps({"pes": pes, "tasks": tasks}, indent=1) + "\n"}


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
