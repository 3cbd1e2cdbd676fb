"""Simulated annealing."""

from __future__ import annotations

import math
from bisect import insort
from typing import ClassVar

from archgym.agents.chains import ChainAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch

_CALIBRATION = 100


class SimulatedAnnealingAgent(ChainAgent):
    """Chains that accept worse neighbours with a probability that falls as they cool.

    The loss is the negative logarithm of the reward. The temperature falls geometrically over the
    budget; its unit is the median change of the loss among the first steps, so the same values
    suit objectives of any scale. Designs that were seen before are remembered, not asked again.

    Source: Kirkpatrick, Gelatt, Vecchi, Optimization by simulated annealing, Science 220, 1983.
    """

    name = "simulated_annealing"
    summary = "Simulated annealing with geometric cooling over the budget; many chains at once."
    hyperparameters: ClassVar = {
        "chains": Hyperparameter(
            None,
            "chains side by side; none: a fifth of the budget's square root",
            low=1,
            high=4096,
            log=True,
            kind=int,
        ),
        "start_temperature": Hyperparameter(
            0.3, "at first, in typical changes of the loss", low=0.01, high=100.0, log=True
        ),
        "end_temperature": Hyperparameter(
            0.003, "at the budget's end, in the same unit", low=1e-6, high=1.0, log=True
        ),
    }

    patience = 20

    def plan(self, budget: int) -> None:
        super().plan(budget)
        self.batch_size = self.values["chains"] or max(round(math.sqrt(budget) / 5), 1)
        self.restart()

    def setup(self) -> None:
        self._unit = self._temperature = 0.0
        self._changes: list[float] = []
        super().setup()
        self.plan(self.budget)

    def update(self, generation: Batch, losses: list[float]) -> None:
        start, end = self.values["start_temperature"], self.values["end_temperature"]
        progress = min(len(self.proposed) / self.budget, 1.0)
        self._temperature = self._unit * start * (end / start) ** progress
        super().update(generation, losses)

    def accepts(self, walk: int, loss: float) -> bool:
        worse = loss - self.height[walk]
        if len(self._changes) < _CALIBRATION and worse and math.isfinite(worse):
            insort(self._changes, abs(worse))
            self._unit = self._changes[len(self._changes) // 2]
        return worse <= 0.0 or worse <= self._temperature * self.rng.standard_exponential()
