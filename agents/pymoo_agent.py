"""Common ground of the agents that wrap an algorithm of pymoo."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.batch import Batch
from archgym.encodings import from_unit, to_unit
from archgym.outcome import Floats, Outcomes

if TYPE_CHECKING:
    from pymoo.core.algorithm import Algorithm


class PymooAgent(AskTellAgent):
    """Hands out pymoo's generations in batches and tells it each generation at once.

    Where the library finds no design that is new, random new ones take the generation's place;
    once there are none left, the search ends.
    """

    library = "pymoo"
    requires = ("pymoo",)
    constraint_handling = "repair"

    @abstractmethod
    def make_algorithm(self) -> Algorithm:
        """Return the algorithm, not yet set up."""

    def losses(self, outcomes: Outcomes) -> Floats:
        """Return what pymoo minimises, shape (n, objectives)."""
        return -outcomes.reward[:, None]

    def setup(self) -> None:
        from pymoo.core.problem import Problem
        from pymoo.core.termination import NoTermination

        self.proposed = DistinctDesigns(self.space)
        self._algorithm = self.make_algorithm()
        cube = Problem(n_var=self.space.width, n_obj=1, xl=0.0, xu=1.0)
        self._algorithm.setup(cube, termination=NoTermination(), seed=self.library_seed)
        self._next_generation()

    def _next_generation(self) -> None:
        self._told: list[Floats] = []
        self._position = 0
        self._population = self._algorithm.ask()
        if self._population is None or not len(self._population):
            self._population = self._newcomers()
        genes = self._population.get("X").reshape(len(self._population), self.space.width)
        self._generation = Batch(self.space, from_unit(self.space, genes))
        self.proposed.take_new(self._generation)

    def ask(self, count: int) -> Batch:
        end = self._position + count
        batch = self._generation.select(slice(self._position, end))
        self._position += len(batch)
        return batch

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        self._told.append(self.losses(outcomes))
        if self._position < len(self._generation):
            return
        self._population.set("F", np.concatenate(self._told))
        self._algorithm.tell(infills=self._population)
        self._next_generation()

    def _newcomers(self) -> Any:
        """Return individuals with random new designs, for a generation that came out empty."""
        from pymoo.core.population import Population

        self._algorithm.termination.force_termination = False
        fresh = self.proposed.draw(self.rng, self.batch_size)
        return Population.new("X", to_unit(self.space, fresh.codes))
