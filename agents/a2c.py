"""Advantage actor-critic on the Gymnasium view: stable-baselines3's A2C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archgym.agents.on_policy import OnPolicyAgent
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3 import A2C

_LEARNING_RATES = {"multi_discrete": 3e-2, "box": 2e-2, "sequential": 3e-3}


class A2cAgent(OnPolicyAgent):
    """Advantage actor-critic: one gradient step per rollout. See `OnPolicyAgent` for styles.

    Advantages are normalised, since rewards of different objectives differ in scale.

    Source: Mnih et al., Asynchronous methods for deep reinforcement learning, arXiv 1602.01783.
    """

    name = "a2c"
    summary = "Advantage actor-critic (stable-baselines3) on the Gymnasium view."
    updates = 64
    rollout_range = 8, 32

    def make_model(self, evaluator: Evaluator, budget: int) -> A2C:
        from stable_baselines3 import A2C

        n_envs, rollouts = self.rhythm(budget)
        pace = _LEARNING_RATES[self.action if self.one_shot else "sequential"]
        return A2C(
            self.policy,
            self.make_vector(evaluator, n_envs),
            learning_rate=self.values["learning_rate"] or pace,
            normalize_advantage=True,
            **self.common(rollouts),
        )
