"""What a search was told so far, as rows that a model can learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archgym.batch import Batch
from archgym.outcome import Measurements, Outcomes, Status, concatenate
from archgym.problem import Problem
from archgym.space import DesignSpace


class ToldDesigns:
    """Designs in the order in which they were told, and what was measured of them.

    Args:
        space: The design space.
    """

    def __init__(self, space: DesignSpace):
        self._space = space
        self._parts: list[tuple[Batch, Measurements]] = []

    def __len__(self) -> int:
        return sum(len(batch) for batch, _ in self._parts)

    def add(self, batch: Batch, measured: Measurements) -> None:
        """Append designs."""
        self._parts.append((batch, measured))

    @property
    def all(self) -> tuple[Batch, Measurements]:
        """All designs, and what was measured; an infeasible design ran, so its status is ok."""
        codes = np.concatenate([batch.codes for batch, _ in self._parts])
        joined = concatenate([measured for _, measured in self._parts])
        ran = np.isin(joined.status, (Status.OK, Status.INFEASIBLE))
        status = np.where(ran, np.uint8(Status.OK), joined.status)
        return Batch(self._space, codes), replace(joined, status=status)


def without_verdict(problem: Problem, outcomes: Outcomes) -> Measurements:
    """Return outcomes without what the objective's limits add to their violations."""
    beyond = np.zeros(len(outcomes))
    for limit in problem.objective.limits:
        values = outcomes.metrics[limit.metric.name]
        beyond = beyond + limit.violation(values, problem.reference)
    own = np.where(outcomes.violation == beyond, 0.0, outcomes.violation - beyond)
    return Measurements(outcomes.metrics, own, outcomes.status, outcomes.error)
