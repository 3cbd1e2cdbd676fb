"""The one door through which every agent's evaluations go, so that all are counted alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cache import MeasurementCache
from archgym.errors import BudgetSpentError, ReplayMismatchError
from archgym.fidelity import CheapModel
from archgym.isolation import IsolatedModel
from archgym.measure import Measure
from archgym.outcome import Measurements, Outcomes
from archgym.problem import Problem


@dataclass(frozen=True)
class Record:
    """What one call of `Evaluator.evaluate` did; handed to the recorder.

    Attributes:
        first_step: Evaluations made before this batch.
        batch: The designs.
        measured: What the cost model said, before the objective's verdict.
        outcomes: The verdict, with what was measured.
        cached: bool (n,), True where the design was evaluated before.
        replayed: How many of the first designs were stored already.
        ask_seconds: Time the agent took since the last evaluation ended.
        evaluate_seconds: Time this call took.
    """

    first_step: int
    batch: Batch
    measured: Measurements
    outcomes: Outcomes
    cached: NDArray[np.bool_]
    replayed: int
    ask_seconds: float
    evaluate_seconds: float


Recorder = Callable[[Record], None]


@dataclass(frozen=True)
class History:
    """Stored evaluations of an earlier, interrupted run of the same agent.

    Attributes:
        batch: The designs in the order in which they were told.
        measurements: What was measured then.
    """

    batch: Batch
    measurements: Measurements


class Evaluator:
    """Evaluates designs of one problem under a budget.

    Every evaluation that an agent asks for spends one unit of the budget; repeated designs are
    answered from a cache and counted apart (`unique` counts the others). With a history the first
    evaluations are answered from it, after checking that the agent asks for the same designs.

    An agent may admit cheaper models of the same designs. What it asks them for is charged to the
    budget at their price; it is no evaluation, is not recorded, and is computed again in a replay.

    Args:
        problem: What is searched.
        budget: Evaluations that may be spent.
        recorder: Called after every batch, stored ones excepted.
        history: Evaluations to be replayed first.
        timeout_s: Wall-clock limit of one evaluation; the cost model then runs in a process of
            its own. None runs it in this process without a limit.

    Attributes:
        spent: Evaluations made; the step of the next one.
        cheap: The cheaper models that were admitted.
    """

    def __init__(
        self,
        problem: Problem,
        budget: int,
        recorder: Recorder | None = None,
        history: History | None = None,
        timeout_s: float | None = None,
    ):
        self.problem, self.budget = problem, budget
        self.spent = 0
        self.cheap: list[CheapModel] = []
        self._charged = 0
        self._timeout_s = timeout_s
        self.ask_seconds = self.evaluate_seconds = 0.0
        self._recorder, self._history = recorder, history
        self._cache = MeasurementCache(problem.metric_names)
        self._isolated = _isolate(problem, timeout_s)
        self._run: Measure = self._isolated or problem.run
        self._clock = time.perf_counter()

    @property
    def remaining(self) -> int:
        """Evaluations that are left; what cheaper models cost is rounded up."""
        return self.budget - self.spent - self._charged

    @property
    def charged(self) -> Fraction:
        """What cheaper models cost so far, in evaluations."""
        return sum((cheap.charge for cheap in self.cheap), Fraction(0))

    @property
    def unique(self) -> int:
        """Different designs evaluated so far."""
        return len(self._cache)

    @property
    def replaying(self) -> int:
        """Stored evaluations of an earlier run that are still to be replayed."""
        stored = 0 if self._history is None else len(self._history.batch)
        return max(stored - self.spent, 0)

    def evaluate(self, batch: Batch) -> Outcomes:
        """Return the outcomes of a batch and spend as many evaluations.

        Raises:
            BudgetSpentError: The batch is larger than what remains; nothing is evaluated.
            ReplayMismatchError: The designs differ from the history's.
        """
        started = time.perf_counter()
        count = len(batch)
        if count > self.remaining:
            raise BudgetSpentError(f"{count} evaluations asked, {self.remaining} remain")
        replayed = self._replay(batch)
        measured, cached = self._measure(batch)
        outcomes = self.problem.score(measured)
        ended = time.perf_counter()
        if self._recorder is not None and replayed < count:
            asked, took = started - self._clock, ended - started
            self._recorder(
                Record(self.spent, batch, measured, outcomes, cached, replayed, asked, took)
            )
        self.spent += count
        self.ask_seconds += started - self._clock
        self.evaluate_seconds += ended - started
        self._clock = time.perf_counter()
        return outcomes

    def admit(self, name: str, problem: Problem, price: float) -> CheapModel:
        """Return a cheaper model of the same designs, to be asked by `measure_cheaply`.

        Args:
            name: What summaries call it.
            problem: The same designs under another cost model or workload.
            price: Of one design, in evaluations; above 0 and at most 1.

        Raises:
            SettingError: The price is not allowed.
        """
        started = time.perf_counter()
        cheap = CheapModel(name, problem, price, _isolate(problem, self._timeout_s))
        self.cheap.append(cheap)
        self._clock += time.perf_counter() - started
        return cheap

    def affordable(self, cheap: CheapModel) -> int:
        """Return how many new designs a cheaper model can be asked for."""
        return math.floor((self.budget - self.spent - self.charged) / cheap.price)

    def measure_cheaply(self, cheap: CheapModel, batch: Batch) -> Measurements:
        """Return what a cheaper model says of a batch, and charge the new designs to the budget.

        Raises:
            BudgetSpentError: They cost more than what remains; nothing is measured.
        """
        left, cost = self.budget - self.spent - self.charged, cheap.cost(batch)
        if cost > left:
            text = f"{cheap.name!r} would cost {float(cost):g} evaluations, {float(left):g} remain"
            raise BudgetSpentError(text)
        started = time.perf_counter()
        measured = cheap.measure(batch)
        self._charged = math.ceil(self.charged)
        # The agent did not think meanwhile.
        self._clock += time.perf_counter() - started
        return measured

    def close(self) -> None:
        """End the processes of cost models that have one of their own."""
        for isolated in (self._isolated, *(cheap.isolated for cheap in self.cheap)):
            if isolated is not None:
                isolated.close()

    def _measure(self, batch: Batch) -> tuple[Measurements, NDArray[np.bool_]]:
        keys = batch.keys()
        new = self._cache.first_unknown(keys)
        if len(new) == len(batch):
            measured = self.problem.measure(batch, self._run)
            self._cache.add(keys, measured)
            return measured, np.zeros(len(batch), dtype=bool)
        cached = np.ones(len(batch), dtype=bool)
        cached[new] = False
        if new:
            measured = self.problem.measure(batch.select(new), self._run)
            self._cache.add([keys[row] for row in new], measured)
        return self._cache.take(keys), cached

    def _replay(self, batch: Batch) -> int:
        """Put what the history knows of this batch into the cache; return how many designs."""
        if self._history is None or self.spent >= len(self._history.batch):
            return 0
        count = min(len(batch), len(self._history.batch) - self.spent)
        rows = slice(self.spent, self.spent + count)
        stored = self._history.batch.select(rows)
        differs = (stored.codes != batch.codes[:count]).any(axis=1)
        if differs.any():
            step = self.spent + int(np.flatnonzero(differs)[0])
            raise ReplayMismatchError(
                f"evaluation {step}: the agent asks for another design than it did when this run"
                " was stored; agent or library have changed, so it cannot be continued"
            )
        keys = stored.keys()
        new = self._cache.first_unknown(keys)
        history = self._history.measurements
        self._cache.add([keys[row] for row in new], history.select([rows.start + r for r in new]))
        return count


def _isolate(problem: Problem, timeout_s: float | None) -> IsolatedModel | None:
    if timeout_s is None:
        return None
    isolated = IsolatedModel(problem.cost_model, problem.workload, timeout_s)
    problem.measure_default(isolated)
    return isolated
