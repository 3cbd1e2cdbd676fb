"""An evaluator for loops that cannot stop in the middle of a batch."""

from __future__ import annotations

import numpy as np

from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.outcome import Outcomes
from archgym.problem import Problem


class PaddedEvaluator:
    """Spends a budget to the last evaluation, then answers with the last outcome again.

    The views of a problem evaluate whole batches; where fewer evaluations remain, the surplus
    designs are not evaluated and the caller must stop before it learns from them.

    Args:
        evaluator: The evaluator whose budget is spent.
    """

    def __init__(self, evaluator: Evaluator):
        self._evaluator = evaluator
        self._last: Outcomes | None = None

    @property
    def problem(self) -> Problem:
        """What is searched."""
        return self._evaluator.problem

    @property
    def remaining(self) -> int:
        """Evaluations that are left."""
        return self._evaluator.remaining

    def evaluate(self, batch: Batch) -> Outcomes:
        """Return one outcome per design, padded where the budget does not suffice."""
        count = min(len(batch), self.remaining)
        if count:
            self._last = self._evaluator.evaluate(batch.select(slice(count)))
        assert self._last is not None, "the budget was empty from the start"
        if count == len(batch):
            return self._last
        rows = np.minimum(np.arange(len(batch)), count - 1) if count else np.full(len(batch), -1)
        return self.problem.score(self._last.select((rows % len(self._last)).tolist()))

    def close(self) -> None:
        """Leave the evaluator open: it belongs to the caller."""
