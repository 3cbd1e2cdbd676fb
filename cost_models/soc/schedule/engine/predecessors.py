"""When the data of a task are where it would run."""

from __future__ import annotations

from archgym.cost_models.soc.schedule.engine.compiled import helper
from archgym.cost_models.soc.schedule.engine.state import Case, Run


@helper
def data_ready(case: Case, run: Run, instance: int, pe: int) -> int:
    """Return the tick in which the last input of a task is on a PE; 0 without inputs."""
    task = run.tasks[instance].task
    latest = 0
    for edge in range(case.tasks[task].first_in, case.tasks[task].end_in):
        source = run.tasks[instance + case.edges[edge].source - task]
        there = source.finish_tick + case.delays[edge, case.link[source.pe, pe]]
        latest = max(latest, there)
    return latest
