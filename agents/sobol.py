"""Quasi-random search: scrambled Sobol points."""

from __future__ import annotations

from typing import ClassVar

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch
from archgym.encodings import from_unit
from archgym.outcome import Outcomes

# Points come in powers of two, between which they are balanced.
_POINTS = 64
_PATIENCE = 100


class SobolAgent(AskTellAgent):
    """Spreads designs more evenly than chance, and never asks for the same one twice.

    A discrete axis is cut into bins of equal width, so uniform points are uniform values. Points
    that break a constraint or repeat a design are passed over. Once a hundred blocks of points
    in a row bring nothing new, the designs that are left are drawn at random.

    Source: Sobol points with Owen's scrambling, as in scipy.stats.qmc.
    """

    name = "sobol"
    summary = "Quasi-random search with scrambled Sobol points (scipy); spreads evenly."
    library = "scipy"
    requires = ("scipy",)
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "batch_size": Hyperparameter(64, "designs per batch", low=1, high=65536, log=True),
    }

    def setup(self) -> None:
        from scipy.stats.qmc import Sobol

        self.batch_size = self.values["batch_size"]
        self._distinct = DistinctDesigns(self.space)
        self._points = Sobol(self.space.width, rng=self.library_seed)
        self._patience = _PATIENCE
        self._waiting = self.space.default.select([])

    def ask(self, count: int) -> Batch:
        if not len(self._waiting):
            self._waiting = self._next_block()
        batch = self._waiting.select(slice(count))
        self._waiting = self._waiting.select(slice(count, None))
        return batch

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""

    def _next_block(self) -> Batch:
        for _ in range(self._patience):
            batch = Batch(self.space, from_unit(self.space, self._points.random(_POINTS)))
            found = self._distinct.take_new(batch.select(self.space.valid(batch)))
            if len(found):
                return found
        self._patience = 0
        return self._distinct.draw(self.rng, _POINTS)
