"""Hill climbing with restarts."""

from __future__ import annotations

from typing import ClassVar

from archgym.agents.chains import ChainAgent
from archgym.agents.hyperparameter import Hyperparameter

_LONGEST_AXIS = 16


class HillClimbingAgent(ChainAgent):
    """Climbers that step to a neighbour where it is at least as good, and begin anew when stuck.

    A climber is stuck when it has looked at ``patience`` neighbours in a row without finding a
    better one; it begins anew at a random design. Designs that were seen before are remembered,
    not asked for again.
    """

    name = "hill_climbing"
    summary = "Hill climbing from random designs, with restarts; many climbers side by side."
    hyperparameters: ClassVar = {
        "climbers": Hyperparameter(2, "climbers side by side", low=1, high=4096, log=True),
        "patience": Hyperparameter(
            None,
            "neighbours without a better one after which a climber begins anew; none: twice as"
            " many as a design has",
            low=1,
            high=1_000_000,
            log=True,
            kind=int,
        ),
    }

    def setup(self) -> None:
        self.batch_size = self.values["climbers"]
        self._patience = self.values["patience"] or self._default_patience()
        super().setup()

    def restart(self) -> None:
        super().restart()
        self._failures = [0] * self.batch_size

    def accepts(self, walk: int, loss: float) -> bool:
        height = self.height[walk]
        self._failures[walk] = 0 if loss < height else self._failures[walk] + 1
        if self._failures[walk] < self._patience:
            return loss <= height
        self.begin(walk)
        self._failures[walk] = 0
        return False

    def _default_patience(self) -> int:
        """Twice the number of neighbours, where long axes count no more than some values."""
        sizes = [min(axis.size or _LONGEST_AXIS, _LONGEST_AXIS) for axis in self.space.axes]
        return max(2 * (sum(sizes) - len(sizes)), 1)
