"""A cheaper stand-in for a problem's cost model, and what it costs to ask it."""

from __future__ import annotations

import time
from fractions import Fraction

from archgym.batch import Batch
from archgym.cache import MeasurementCache
from archgym.errors import SettingError
from archgym.isolation import IsolatedModel
from archgym.outcome import Measurements
from archgym.problem import Problem


class CheapModel:
    """Measures designs at a share of the price of an evaluation; each design is paid once.

    Made by `Evaluator.admit`, whose budget pays.

    Args:
        name: What summaries call it.
        problem: The same designs under another cost model or workload.
        price: Of one design, in evaluations of the true model; above 0 and at most 1.
        isolated: Runs the cost model in a process of its own; None runs it in this one.

    Attributes:
        seconds: Time spent in measuring.

    Raises:
        SettingError: The price is not allowed.
    """

    def __init__(
        self, name: str, problem: Problem, price: float, isolated: IsolatedModel | None = None
    ):
        if not 0.0 < price <= 1.0:
            raise SettingError(f"cheap model {name!r}: price {price!r} is not above 0, at most 1")
        self.name, self.problem, self.isolated = name, problem, isolated
        # What the digits say: ten designs at 0.1 cost 1.
        self.price = Fraction(str(price))
        self.seconds = 0.0
        self._cache = MeasurementCache(problem.metric_names)
        # What is compiled or loaded at first is no part of the price.
        problem.measure_default(isolated or problem.run)

    @property
    def evaluations(self) -> int:
        """Different designs measured so far."""
        return len(self._cache)

    @property
    def charge(self) -> Fraction:
        """What they cost, in evaluations of the true model."""
        return self.price * self.evaluations

    def cost(self, batch: Batch) -> Fraction:
        """Return what measuring a batch would cost now."""
        return self.price * len(self._cache.first_unknown(batch.keys()))

    def measure(self, batch: Batch) -> Measurements:
        """Return the measurements of a batch, designs that were measured before from memory."""
        keys = batch.keys()
        new = self._cache.first_unknown(keys)
        if new:
            started = time.perf_counter()
            measured = self.problem.measure(batch.select(new), self.isolated)
            self.seconds += time.perf_counter() - started
            self._cache.add([keys[row] for row in new], measured)
        return self._cache.take(keys)
