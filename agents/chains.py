"""Common ground of the agents that walk from design to neighbouring design."""

from __future__ import annotations

import math
from abc import abstractmethod

from archgym.agents.losses import log_losses
from archgym.agents.neighbours import Neighbourhood, Row
from archgym.agents.remembering import RememberingAgent
from archgym.batch import Batch
from archgym.outcome import Floats, Outcomes


class ChainAgent(RememberingAgent):
    """Many walks side by side, each at one design, each looking at one neighbour at a time.

    Attributes:
        here: Codes of the designs where the walks are.
        height: Their losses; infinite for a walk that begins anew.
    """

    constraint_handling = "repair"

    @abstractmethod
    def accepts(self, walk: int, loss: float) -> bool:
        """Return whether a walk steps to its neighbour, given the neighbour's loss."""

    def losses(self, outcomes: Outcomes) -> Floats:
        return log_losses(outcomes.reward)[:, None]

    def setup(self) -> None:
        super().setup()
        self._neighbourhood = Neighbourhood(self.space, self.rng)
        self.restart()

    def restart(self) -> None:
        self.here: list[Row] = [[]] * self.batch_size
        self.height = [math.inf] * self.batch_size
        self._begins = list(range(self.batch_size))

    def begin(self, walk: int) -> None:
        """Let a walk begin anew at a random design."""
        self.height[walk] = math.inf
        self._begins.append(walk)

    def propose(self) -> Batch:
        if not self._begins:
            return Batch(self.space, self._neighbourhood.draw(self.here))
        starts = self.space.sample(self.rng, len(self._begins)).codes
        for walk, row in zip(self._begins, starts.tolist(), strict=True):
            self.here[walk] = row
        codes = self._neighbourhood.draw(self.here)
        codes[self._begins] = starts
        self._begins = []
        return Batch(self.space, codes)

    def update(self, generation: Batch, losses: list[float]) -> None:
        for walk, loss in enumerate(losses):
            if self.accepts(walk, loss):
                self.here[walk] = generation.codes[walk].tolist()
                self.height[walk] = loss
