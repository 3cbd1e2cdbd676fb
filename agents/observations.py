"""What a model is trained on: designs and what they earned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.outcome import Floats
from archgym.parameter import Codes
from archgym.space import DesignSpace

_SMALLEST_GAIN = 1e-12


class Observations:
    """Designs in the order in which they were told.

    Args:
        space: The design space.

    Attributes:
        codes: Shape (n, width).
        reward: Shape (n,); positive where the design is feasible, see `archgym.objective`.
        objectives: Shape (n, objectives).
    """

    def __init__(self, space: DesignSpace, objectives: int = 1):
        self.codes: Codes = np.empty((0, space.width), dtype=space.dtype)
        self.reward: Floats = np.empty(0)
        self.objectives: Floats = np.empty((0, objectives))

    def __len__(self) -> int:
        return len(self.reward)

    def add(self, codes: Codes, reward: Floats, objectives: Floats | None = None) -> None:
        """Append designs; the reward is the only objective unless others are given."""
        columns = reward[:, None] if objectives is None else objectives
        if not len(self):
            self.objectives = np.empty((0, columns.shape[1]))
        self.codes = np.concatenate([self.codes, codes])
        self.reward = np.concatenate([self.reward, reward])
        self.objectives = np.concatenate([self.objectives, columns])

    def keep(self, limit: int) -> None:
        """Forget all but ``limit`` designs: half of them the best, the others the most recent."""
        if len(self) <= limit:
            return
        best = np.argsort(-self.reward, kind="stable")[: limit // 2]
        others = np.setdiff1d(np.arange(len(self)), best)
        rows = np.sort(np.concatenate([best, others[len(best) - limit :]]))
        self.codes, self.reward = self.codes[rows], self.reward[rows]
        self.objectives = self.objectives[rows]

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Whether each design is feasible, shape (n,)."""
        return self.reward > 0

    @property
    def violation(self) -> Floats:
        """-1 where a design is feasible, else in (0, 1], shape (n,)."""
        return np.where(self.feasible, -1.0, -self.reward)


def log_gain(gain: Floats) -> Floats:
    """Return gains on the scale on which twice as good is as far from 1 as half as good."""
    return np.log(np.maximum(gain, _SMALLEST_GAIN))
