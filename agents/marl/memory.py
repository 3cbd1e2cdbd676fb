"""What a team knows about designs without evaluating them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.problem import Problem

Rewards = NDArray[np.float64]


class DesignMemory:
    """Rewards of designs that were evaluated, and of those that break a constraint.

    The cost model is deterministic, so a design that was evaluated has nothing more to tell; what
    breaks a constraint is known by the space alone. Both still teach a policy that samples them.

    Args:
        problem: What is searched.
    """

    def __init__(self, problem: Problem):
        self._problem = problem
        self._rewards: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._rewards)

    def rewards(self) -> Rewards:
        """Return the rewards of all distinct designs that were evaluated."""
        return np.fromiter(self._rewards.values(), dtype=np.float64, count=len(self))

    def recall(self, batch: Batch, keys: Sequence[bytes]) -> Rewards:
        """Return rewards (N,), NaN where they are not known."""
        known = self._rewards
        rewards = np.array([known.get(key, np.nan) for key in keys])
        if self._problem.space.constraints:
            broken = ~self._problem.space.valid(batch)
            if broken.any():
                # Designs that break a constraint are scored without running the cost model.
                rewards[broken] = self._problem.outcomes(batch.select(broken)).reward
        return rewards

    def learn(self, keys: Sequence[bytes], rewards: Rewards) -> None:
        """Remember the rewards of evaluated designs."""
        self._rewards.update(zip(keys, rewards.tolist(), strict=True))
