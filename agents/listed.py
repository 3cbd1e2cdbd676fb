"""The designs that everybody knows."""

from __future__ import annotations

from archgym.agents.base import AskTellAgent
from archgym.batch import Batch
from archgym.outcome import Outcomes


class ListedAgent(AskTellAgent):
    """Evaluates the baselines that the environment lists, in order and once, and stops.

    Where it lists none the default design is the only one. Searches are to be compared with these
    as much as with random search.
    """

    name = "listed"
    summary = "The environment's baselines, or its default design: the first to be beaten."
    constraint_handling = "penalty"

    def setup(self) -> None:
        designs = list(self.problem.baselines.values())
        self._designs = self.space.encode(designs) if designs else self.space.default
        self.batch_size, self._next = len(self._designs), 0

    def ask(self, count: int) -> Batch:
        first, self._next = self._next, self._next + count
        return self._designs.select(slice(first, self._next))

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""
