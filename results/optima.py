"""The true optimum of an enumerated space, objective by objective, and its Pareto front."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.encodings import from_index
from archgym.errors import ArchgymError
from archgym.objective_spec import Spec, parse_objective
from archgym.outcome import Outcomes, Status
from archgym.problem import Problem
from archgym.results.files import plain
from archgym.results.spec import digest
from archgym.results.store import Store
from archgym.results.table import TableFolder, tables


def find_optima(
    folder: TableFolder, problem: Problem, objectives: Iterable[Spec], named: dict[str, Spec]
) -> dict[str, Any]:
    """Return digest of an objective -> its optimum, for those that the problem can have.

    An optimum is a mapping: ``objective`` as data, ``reward``, ``ties`` (designs that reach it),
    ``design``, ``metrics`` (those that the objective looks at) and ``front``, the designs that no
    other dominates, where there are several objectives. Left out are objectives that have no
    value here (energy without currents) and those that no design makes feasible.

    Args:
        folder: A finished table.
        problem: What was enumerated; its objective does not count.
        objectives: As data, or names.
        named: The environment's named objectives.
    """
    index, measured = folder.read_rows()
    optima = {}
    for spec in objectives:
        try:
            objective = parse_objective(spec, named, problem.cost_model.metrics)
            scored = replace(problem, objective=objective, objective_spec=spec)
            outcomes = scored.score(measured)
        except ArchgymError:
            continue
        found = _optimum(scored, index, outcomes)
        if found is not None:
            optima[digest(spec)] = found
    return optima


def load_optima(store: Store) -> dict[tuple[str, str], float]:
    """Return (table key, digest of an objective) -> the best reward there is, for all tables.

    Raises:
        StoreError: A file is damaged.
    """
    return {
        (folder.key, objective): float(found["reward"])
        for folder in tables(store)
        for objective, found in folder.read_optima().items()
    }


def _optimum(
    problem: Problem, index: NDArray[np.int64], outcomes: Outcomes
) -> dict[str, Any] | None:
    feasible = np.flatnonzero(outcomes.status == Status.OK)
    if not len(feasible):
        return None
    best = feasible[np.argmax(outcomes.reward[feasible])]
    reward = float(outcomes.reward[best])
    front: list[int] = []
    if outcomes.objectives.shape[1] > 1:
        front = feasible[pareto_rows(outcomes.objectives[feasible])].tolist()
    return {
        "objective": plain(problem.objective_spec),
        "reward": reward,
        "ties": int(np.count_nonzero(outcomes.reward[feasible] == reward)),
        **_described(problem, index, outcomes, int(best)),
        "front": [_described(problem, index, outcomes, row) for row in front],
    }


def _described(
    problem: Problem, index: NDArray[np.int64], outcomes: Outcomes, row: int
) -> dict[str, Any]:
    design = Batch(problem.space, from_index(problem.space, index[[row]])).dicts()[0]
    names = problem.objective.metrics
    return {
        "design": plain(design),
        "metrics": {name: float(outcomes.metrics[name][row]) for name in names},
    }


def pareto_rows(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows that no other row dominates, one per distinct point, best first.

    Args:
        points: Shape (n, k), larger is better.
    """
    distinct, first = np.unique(-points, axis=0, return_index=True)
    kept: list[int] = []
    for at, point in enumerate(distinct):
        if not (distinct[kept] <= point).all(axis=1).any():
            kept.append(at)
    return np.asarray(first[kept], dtype=np.int64)
