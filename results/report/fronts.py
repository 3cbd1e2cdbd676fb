"""Trade-offs between the metrics of an objective, agent by agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.objective import Term
from archgym.problem import Problem
from archgym.results.optima import pareto_rows
from archgym.results.report.designs import Designs

Floats = NDArray[np.float64]
MOST_POINTS = 60
_MOST_BESIDE = 300


def front(designs: Designs, problem: Problem) -> dict[str, Any] | None:
    """Return the designs of each agent that none of its own dominates; None for a single metric.

    Metrics are those that the objective weighs against each other, each the way it wants it.
    ``beside`` is an even sample of all feasible designs, for scale.
    """
    terms = {term.metric.name: term for term in problem.objective.form.terms}
    if len(terms) < 2:
        return None
    points = np.column_stack([designs.metrics[name] for name in terms])
    usable = designs.feasible & np.isfinite(points).all(axis=1)
    agents = np.unique(designs.agent[usable]).tolist()
    return {
        "metrics": [
            {"name": name, "unit": term.metric.unit, "maximize": term.maximize}
            for name, term in terms.items()
        ],
        "agents": {
            agent: _own_front(points[usable & (designs.agent == agent)], list(terms.values()))
            for agent in agents
        },
        "beside": _sample(points[usable]),
    }


def _own_front(points: Floats, terms: Sequence[Term]) -> Floats:
    signs = np.array([1.0 if term.maximize else -1.0 for term in terms])
    kept = points[np.sort(pareto_rows(points * signs))]
    return _thinned(kept[np.argsort(kept[:, 0], kind="stable")], MOST_POINTS)


def _sample(points: Floats) -> Floats:
    return _thinned(points[np.lexsort(points.T)], _MOST_BESIDE)


def _thinned(points: Floats, most: int) -> Floats:
    kept = np.linspace(0, len(points) - 1, min(most, len(points))).round().astype(int)
    thinned: Floats = points[kept]
    return thinned
