"""What a learned policy knows of task graphs and PEs before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.cost_models.soc.schedule.engine.state import Case, Floats, Ints

TASK_FEATURES = 8
_UNSUPPORTED = 1000.0  # times the scale: what a task lacks that has no second PE
_DEGREE = 4.0


@dataclass(frozen=True)
class TaskGraphs:
    """The graphs of a case as one, in numbers that do not depend on its units of time.

    Attributes:
        scale: Mean over the tasks of the time on the fastest PE, us.
        features: float64 (tasks, 8): logarithms of least, mean and greatest time, of the upward
            rank and of what the second-best PE takes more; numbers of successors and
            predecessors; share of PEs that can run the task.
        source, target: int64 (edges,).
        pes: float64 (pes, 2), shares of tasks that the PE is the fastest for and can run.
    """

    scale: float
    features: Floats
    source: Ints
    target: Ints
    pes: Floats


def task_graphs(case: Case) -> TaskGraphs:
    """Return the graphs of a case."""
    able = np.isfinite(case.exec_us)
    times = np.where(able, case.exec_us, np.nan)
    least = np.nanmin(times, axis=1)
    scale = float(least[least > 0].mean()) if (least > 0).any() else 1.0
    source, target = case.edges["source"], case.edges["target"]
    columns = [
        np.log1p(least / scale),
        np.log1p(np.nanmean(times, axis=1) / scale),
        np.log1p(np.nanmax(times, axis=1) / scale),
        np.bincount(source, minlength=len(least)) / _DEGREE,
        np.bincount(target, minlength=len(least)) / _DEGREE,
        np.log1p(case.tasks["rank"] / scale),
        np.log1p(_regret(case, scale) / scale),
        able.mean(axis=1),
    ]
    fastest = (case.exec_us == least[:, None]).mean(axis=0)
    pes = np.stack([fastest, able.mean(axis=0)], axis=1)
    return TaskGraphs(scale, np.stack(columns, axis=1), source, target, pes)


def _regret(case: Case, scale: float) -> Floats:
    """Return what each task's second-best PE takes more than its best."""
    if case.exec_us.shape[1] == 1:
        return np.zeros(len(case.exec_us))
    limited = np.minimum(case.exec_us, _UNSUPPORTED * scale)
    two = np.partition(limited, 1, axis=1)[:, :2]
    return np.asarray(two[:, 1] - two[:, 0])
