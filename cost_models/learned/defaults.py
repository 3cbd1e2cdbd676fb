"""What the default design truly costs on each workload: rewards compare with that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.workloads import name_of
from archgym.errors import ArchgymError
from archgym.outcome import Measurements, Status
from archgym.problem import Problem


@dataclass(frozen=True)
class Defaults:
    """The default design on some workloads, as the cost model that is learnt says.

    Attributes:
        measured: Name of a workload -> measurements of one design, where it could be evaluated.
        evaluations: How often the cost model was asked for them.
        failed: Name of a workload -> why its default design has no metrics.
    """

    measured: Mapping[str, Measurements]
    evaluations: int
    failed: Mapping[str, str]


def true_defaults(problems: Sequence[Problem], rows: Rows) -> Defaults:
    """Return the default design on the workload of each problem, evaluated unless it is a row."""
    found: dict[str, Measurements] = {}
    failed: dict[str, str] = {}
    parts, evaluations = rows.by_workload(), 0
    for problem in problems:
        name = name_of(problem)
        part = parts.get("" if rows.workloads is None else name)
        measured = None if part is None else _among(part, problem)
        if measured is None:
            evaluations += 1
            measured, failed[name] = _evaluated(problem)
        if measured is not None:
            found[name] = measured
    return Defaults(found, evaluations, {name: why for name, why in failed.items() if why})


def as_data(measured: Measurements, metrics: Sequence[str]) -> dict[str, Any]:
    """Return some metrics of one design, None where it has no value, and its violation."""
    values = {name: float(measured.metrics[name][0]) for name in metrics}
    known = {name: None if math.isnan(value) else value for name, value in values.items()}
    return {"metrics": known, "violation": float(measured.violation[0])}


def _among(rows: Rows, problem: Problem) -> Measurements | None:
    """Return the default design where it is one of the rows of a workload."""
    key = problem.space.default.keys()[0]
    at = [row for row, other in enumerate(rows.batch.keys()) if other == key]
    if not at:
        return None
    metrics = {name: values[at] for name, values in rows.metrics.items()}
    return Measurements.of(metrics, np.where(rows.feasible[at], 0.0, 1.0))


def _evaluated(problem: Problem) -> tuple[Measurements | None, str]:
    """Return the default design, evaluated now, or why it has no metrics."""
    try:
        measured = problem.default_measured
    except ArchgymError as error:  # such as a tool that is not installed where rows are learnt
        return None, str(error)
    if measured.status[0] != Status.OK:
        return None, measured.error[0]
    return measured, ""
