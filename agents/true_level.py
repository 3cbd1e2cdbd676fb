"""What the true model said of the designs told, and what it may say of others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from archgym.agents.committee import Opinion
from archgym.agents.told import ToldDesigns
from archgym.batch import Batch
from archgym.outcome import Floats, Measurements, Status
from archgym.problem import Problem

Cheaply = Callable[[Batch, tuple[str, ...]], Opinion]


class TrueLevel:
    """The upper of two fidelities.

    Args:
        problem: What is searched; the metrics that its objective needs are learnt.
        cheaply: What is known or believed of metrics of designs by the cheap model.
    """

    def __init__(self, problem: Problem, cheaply: Cheaply):
        from archgym.agents.autoregression import Autoregression
        from archgym.cost_models.learned.scales import MetricScales

        self._problem, self._cheaply = problem, cheaply
        self._scales = MetricScales(())
        self._process = Autoregression(problem.space)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that are learnt, k of them."""
        return self._scales.names

    @property
    def rho(self) -> dict[str, float]:
        """By which factor each metric follows the cheap one, both standardised."""
        return dict(zip(self.metrics, self._process.rho.tolist(), strict=True))

    def learn(self, told: ToldDesigns) -> bool:
        """Learn all designs told; return whether there were enough."""
        from archgym.cost_models.learned.scales import MetricScales

        batch, measured = told.all
        declared = [m for m in self._problem.cost_model.metrics if m.name in self._needed]
        values = {metric.name: measured.metrics[metric.name] for metric in declared}
        finite = np.isfinite(np.stack(list(values.values()))).all(axis=0)
        feasible = (measured.status == Status.OK) & (measured.violation == 0.0) & finite
        if not feasible.any():
            return False
        known = {name: column[feasible] for name, column in values.items()}
        self._scales = MetricScales.fitted(declared, known)
        cheap = self._cheaply(batch, self.metrics)
        rows = ~feasible | (cheap.likely > 0.0)
        true = self._scales.standardise(values)
        return self._process.learn(
            batch.select(rows), cheap.mean[rows], true[rows], feasible[rows]
        )

    def opinion(self, batch: Batch) -> Opinion:
        """Return what is believed of designs."""
        return self._process.opinion(batch, self._cheaply(batch, self.metrics))

    def measured(self, values: Floats) -> Measurements:
        """Return values (n, k) on the scales of opinions as metrics of feasible designs."""
        return Measurements.of(self._scales.restore(values))

    @property
    def _needed(self) -> tuple[str, ...]:
        return self._problem.objective.metrics
