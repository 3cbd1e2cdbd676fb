"""The goals of a circuit: what its file gives ranges of."""

from __future__ import annotations

import numpy as np

from archgym.cost_models.analog.circuit import Circuit
from archgym.errors import SettingError
from archgym.objective import find_metric
from archgym.problem import Problem
from archgym.views.goals import Goals


def goals_of(problem: Problem) -> Goals:
    """Return the goals of a problem's circuit.

    Raises:
        SettingError: Its file has none.
    """
    circuit: Circuit = problem.workload
    if not circuit.goals:
        raise SettingError(f"{circuit.name}: style 'native' needs goals in the circuit's file")
    metrics = tuple(find_metric(name, problem.cost_model.metrics) for name in circuit.goals)
    ends = np.array([circuit.goals[metric.name] for metric in metrics])
    return Goals(metrics, ends[:, 0], ends[:, 1])
