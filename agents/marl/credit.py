"""Which agent deserves how much of what a team earned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from archgym.agents.marl.advantages import standardised
from archgym.agents.marl.exploring import Draws
from archgym.agents.marl.joint_critic import JointCritic
from archgym.agents.marl.policy import TeamDistribution

Floats = NDArray[np.float32]
Fitness = Callable[[NDArray[np.float64]], NDArray[np.float64]]
_MOST_REMEMBERED = 4096


def earned(draws: Draws, fitness: Fitness) -> Floats:
    """Return what each agent earned, shape (N, A): its difference where that was evaluated.

    Without counterfactual designs all agents earn the same and the shape is (N, 1).
    """
    team = fitness(draws.rewards)[:, None]
    without = fitness(draws.without)
    return np.asarray(team - without if without.size else team, dtype=np.float32)


class MeanCredit:
    """Everything that an agent earned above its mean over the present draws is its merit."""

    def __call__(
        self, draws: Draws, fitness: Fitness, weights: Floats, policy: TeamDistribution
    ) -> Floats:
        """Return standardised advantages (N, A)."""
        rewards = earned(draws, fitness)
        total = np.maximum(weights.sum(axis=0), 1.0)
        return standardised(rewards - (weights * rewards).sum(axis=0) / total, weights)


class CentralCredit:
    """What the team earned above the critic's expectation if one agent chose anew is its merit.

    Args:
        critic: Judges joint actions; fitted anew to all designs drawn lately at each call.
        steps: Mini-batches per fit.
        batch: Designs per mini-batch.
    """

    def __init__(self, critic: JointCritic, steps: int, batch: int):
        self._critic, self._steps, self._batch = critic, steps, batch
        self._features: Floats | None = None
        self._rewards = np.zeros(0)

    def __call__(
        self, draws: Draws, fitness: Fitness, weights: Floats, policy: TeamDistribution
    ) -> Floats:
        """Return standardised advantages (N, A)."""
        features = self._keep(draws)
        worth = fitness(self._rewards).astype(np.float32)
        self._critic.fit(features, worth, self._steps, self._batch)
        expected = self._critic.baselines(draws.actions, policy)
        team = fitness(draws.rewards).astype(np.float32)[:, None]
        return standardised(team - expected, weights)

    def _keep(self, draws: Draws) -> Floats:
        new = self._critic.features(draws.actions)
        old = new[:0] if self._features is None else self._features
        self._features = np.concatenate([old, new])[-_MOST_REMEMBERED:]
        self._rewards = np.concatenate([self._rewards, draws.rewards])[-_MOST_REMEMBERED:]
        return self._features


def scaled(rewards: NDArray[np.float64]) -> Floats:
    """Return rewards with mean 0 and deviation 1."""
    deviation = float(rewards.std())
    return np.asarray((rewards - rewards.mean()) / (deviation or 1.0), dtype=np.float32)
