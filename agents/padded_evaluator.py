"""An evaluator for loops that cannot stop in the middle of a batch."""

from __future__ import annotations

import time

import numpy as np

from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.outcome import Measurements, Outcomes, concatenate
from archgym.problem import Problem

_PART_SECONDS = 1.0
_FIRST_PART = 8
_GROWTH = 8


class PaddedEvaluator:
    """Spends a budget to the last evaluation, then answers with the last outcome again.

    The views of a problem evaluate whole batches; where fewer evaluations remain, the surplus
    designs are not evaluated and the caller must stop before it learns from them. Batches are
    evaluated in parts that take about a second each, so that little is lost when a search over
    a slow cost model is killed; where the parts end changes no outcome.

    Args:
        evaluator: The evaluator whose budget is spent.
    """

    def __init__(self, evaluator: Evaluator):
        self._evaluator = evaluator
        self._part = _FIRST_PART
        self._last: Measurements | None = None

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
            outcomes = self._evaluate_in_parts(batch.select(slice(count)))
            self._last = outcomes
            if count == len(batch):
                return outcomes
        assert self._last is not None, "the budget was empty from the start"
        rows = np.minimum(np.arange(len(batch)), count - 1) if count else np.full(len(batch), -1)
        return self.problem.score(self._last.select((rows % len(self._last)).tolist()))

    def _evaluate_in_parts(self, batch: Batch) -> Outcomes:
        parts: list[Outcomes] = []
        done = 0
        while done < len(batch):
            replayed = self._evaluator.replaying
            part = batch.select(slice(done, done + (replayed or self._part)))
            started = time.perf_counter()
            parts.append(self._evaluator.evaluate(part))
            if not replayed:
                self._adapt(len(part), time.perf_counter() - started)
            done += len(part)
        return parts[0] if len(parts) == 1 else self.problem.score(concatenate(parts))

    def _adapt(self, count: int, seconds: float) -> None:
        """Let the next part take about as long as wanted, but grow by steps."""
        fitting = int(count * _PART_SECONDS / max(seconds, 1e-9))
        self._part = min(max(fitting, 1), _GROWTH * self._part)

    def close(self) -> None:
        """Leave the evaluator open: it belongs to the caller."""
