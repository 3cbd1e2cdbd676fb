"""Plans for replay: which PE each task gets, and when it may begin."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from archgym.cost_models.soc.schedule.fields import integer
from archgym.cost_models.soc.schedule.running import Plan
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload
from archgym.errors import WorkloadError

COLUMNS = ("job", "task", "pe", "start_us")


def read_plan(path: Path, workload: ScheduleWorkload) -> Plan:
    """Read a CSV ``job,task,pe,start_us`` with one row per task of every job, in any order.

    Raises:
        WorkloadError: The file cannot be read, a cell is wrong, or a task is missing.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorkloadError(f"plan {path.name}: cannot be read as CSV ({error})") from None
    jobs, index, _ = workload.instances
    place = {pair: at for at, pair in enumerate(zip(jobs.tolist(), index.tolist(), strict=True))}
    plan = Plan(np.full(len(jobs), -1), np.zeros(len(jobs), dtype=np.int64))
    for line, row in enumerate(rows, start=2):
        _place(f"plan {path.name}, line {line}", row, place, plan, workload)
    for at in np.flatnonzero(plan.pe < 0).tolist():
        raise WorkloadError(f"plan {path.name}: lacks task {index[at]} of job {jobs[at]}")
    return plan


def _place(
    where: str,
    row: dict[str, Any],
    place: dict[tuple[int, int], int],
    plan: Plan,
    workload: ScheduleWorkload,
) -> None:
    job, task, pe, start = (integer(f"{where}, column {c}", row.get(c)) for c in COLUMNS)
    if (job, task) not in place:
        raise WorkloadError(f"{where}: there is no task {task} of a job {job}")
    at = place[job, task]
    if plan.pe[at] >= 0:
        raise WorkloadError(f"{where}: task {task} of job {job} is planned twice")
    times = workload.case.exec_us[workload.instances[2][at]]
    if pe >= len(times) or not np.isfinite(times[pe]):
        raise WorkloadError(f"{where}, column pe: PE {pe} cannot run task {task} of job {job}")
    plan.pe[at], plan.start[at] = pe, start
