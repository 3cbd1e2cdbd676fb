"""What a table of evaluated designs tells an agent that may evaluate nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archgym.agents.losses import log_losses
from archgym.batch import Batch
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.table_rows import rows_of_table
from archgym.errors import InvalidDesignError, SettingError
from archgym.outcome import Floats, Measurements
from archgym.problem import Problem

_FEWEST = 10


@dataclass(frozen=True)
class KnownDesigns:
    """Designs and what each is worth.

    Attributes:
        batch: Feasible designs of the table, n of them.
        values: float64 (n,), logarithms of their rewards with mean 0 and, unless all are equal,
            standard deviation 1.
        infeasible: Its other designs.
        mean: Of the logarithms.
        deviation: Of the logarithms, 1 where all are equal.
    """

    batch: Batch
    values: Floats
    infeasible: Batch
    mean: float
    deviation: float

    @staticmethod
    def of(rows: Rows, problem: Problem, source: str) -> KnownDesigns:
        """Return what rows are worth to a problem's objective.

        Raises:
            SettingError: Too few of them are feasible.
        """
        measured = Measurements.of(rows.metrics, np.where(rows.feasible, 0.0, 1.0))
        rewards = problem.score(measured).reward
        good = rewards > 0.0
        _check_enough(good, source)
        values = -log_losses(rewards[good])
        mean, deviation = float(values.mean()), float(values.std()) or 1.0
        known = rows.batch.select(good), (values - mean) / deviation
        return KnownDesigns(*known, rows.batch.select(~good), mean, deviation)

    def best(self, count: int) -> Batch:
        """Return the best of the feasible designs, best first."""
        return self.batch.select(np.argsort(-self.values, kind="stable")[:count])

    def rewards(self, values: Floats) -> Floats:
        """Return the rewards that values stand for."""
        return np.asarray(np.exp(self.mean + self.deviation * values))


def read_rows(path: Path, problem: Problem) -> Rows:
    """Return a table's rows of a problem, without asking its cost model anything.

    Raises:
        SettingError: The table cannot be read, is of something else, has too few rows, or a value
            that a parameter cannot have. Names the file.
    """
    try:
        rows = rows_of_table(path, problem)
    except (NothingToLearnError, InvalidDesignError) as error:
        raise SettingError(f"{path}: {error}") from None
    for name in problem.objective.metrics:
        if not np.isfinite(rows.metrics[name]).any():
            owner = f"which objective {problem.objective.name!r} needs"
            raise SettingError(f"{path}: has no values of metric {name!r}, {owner}")
    _check_enough(rows.feasible, str(path))
    return rows


def _check_enough(feasible: NDArray[np.bool_], source: str) -> None:
    count = np.count_nonzero(feasible)
    if count < _FEWEST:
        raise SettingError(f"{source}: {count} of its designs are feasible, {_FEWEST} are needed")
