"""Proven optimal schedules of one job by constraint programming (OR-tools CP-SAT)."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.running import Plan
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload
from archgym.errors import WorkloadError


def optimal_plan(workload: ScheduleWorkload, time_limit_s: float) -> Plan:
    """Placeholder."""
    raise WorkloadError("not there yet")
