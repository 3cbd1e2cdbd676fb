"""Common ground of the agents that work in generations."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.batch import Batch
from archgym.outcome import Floats, Outcomes


class GenerationAgent(AskTellAgent):
    """Hands out generations in batches and learns from each generation at once.

    Where a method finds no design that is new, random new ones take the generation's place; once
    there are none left, the search ends.

    Attributes:
        proposed: All designs handed out so far.
    """

    @abstractmethod
    def breed(self) -> Batch:
        """Return the next generation; an empty one where nothing new is found."""

    @abstractmethod
    def learn(self, generation: Batch, losses: Floats) -> None:
        """Take the losses of the last generation, shape (n, objectives); smaller is better."""

    def keys_of(self, generation: Batch) -> list[bytes]:
        """Return the keys of the designs that `breed` returned."""
        return generation.keys()

    def losses(self, outcomes: Outcomes) -> Floats:
        """Return what is minimised."""
        return -outcomes.reward[:, None]

    def setup(self) -> None:
        self.proposed = DistinctDesigns(self.space)
        self._generation, self._position = self.space.default.select([]), 0
        self._told: list[Floats] = []

    def ask(self, count: int) -> Batch:
        if self._position == len(self._generation):
            self._start_generation()
        if self._position == 0 and count >= len(self._generation):
            batch = self._generation
        else:
            batch = self._generation.select(slice(self._position, self._position + count))
        self._position += len(batch)
        return batch

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        self._told.append(self.losses(outcomes))
        if self._position == len(self._generation):
            told = self._told[0] if len(self._told) == 1 else np.concatenate(self._told)
            self.learn(self._generation, told)

    def _start_generation(self) -> None:
        self._told, self._position = [], 0
        generation = self.breed()
        if len(generation):
            self.proposed.remember(self.keys_of(generation))
        else:
            generation = self.proposed.draw(self.rng, self.batch_size)
        self._generation = generation
