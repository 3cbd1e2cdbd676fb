"""Uniform random search."""

from __future__ import annotations

from typing import ClassVar

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch
from archgym.outcome import Outcomes


class RandomAgent(AskTellAgent):
    """Draws designs uniformly over the grid among those that obey the constraints."""

    name = "random"
    summary = "Uniform random search over the valid designs; the baseline of every comparison."
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "batch_size": Hyperparameter(64, "designs per batch", low=1, high=65536, log=True),
        "distinct": Hyperparameter(
            False, "never ask for the same design twice; stop when all were tried"
        ),
    }

    def setup(self) -> None:
        self.batch_size = self.values["batch_size"]
        self._distinct = DistinctDesigns(self.space) if self.values["distinct"] else None

    def ask(self, count: int) -> Batch:
        if self._distinct is None:
            return self.space.sample(self.rng, count)
        return self._distinct.draw(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""
