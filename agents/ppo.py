"""Proximal policy optimisation on the Gymnasium view: stable-baselines3's PPO."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.on_policy import OnPolicyAgent
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

# Logits without hidden layers take larger steps than networks do.
_LEARNING_RATES = {"multi_discrete": 1e-1, "box": 2e-2, "sequential": 3e-3}


class PpoAgent(OnPolicyAgent):
    """Proximal policy optimisation. See `OnPolicyAgent` for styles and rewards.

    Source: Schulman et al., Proximal policy optimization algorithms, arXiv 1707.06347.
    """

    name = "ppo"
    version = "2"
    summary = "Proximal policy optimisation (stable-baselines3) on the Gymnasium view."
    updates = 32
    rollout_range = 16, 64
    hyperparameters: ClassVar = OnPolicyAgent.hyperparameters | {
        "epochs": Hyperparameter(4, "passes over each rollout", low=1, high=100, log=True),
        "minibatches": Hyperparameter(1, "parts of a rollout per pass", low=1, high=64, log=True),
        "clip": Hyperparameter(0.2, "largest change of probability ratios", low=0.01, high=1.0),
    }

    def make_model(self, evaluator: Evaluator, budget: int) -> BaseAlgorithm:
        from stable_baselines3 import PPO

        n_envs, rollouts = self.rhythm(budget)
        vector, common = self.make_vector(evaluator, n_envs), self.common(rollouts)
        pace = _LEARNING_RATES[self.action if self.one_shot else "sequential"]
        with warnings.catch_warnings():
            # The last of several minibatches may be smaller, which does no harm.
            warnings.filterwarnings("ignore", message="You have specified a mini-batch size")
            return PPO(
                self.policy,
                vector,
                learning_rate=self.values["learning_rate"] or pace,
                **self.passes(n_envs * common["n_steps"]),
                **common,
            )

    def passes(self, samples: int) -> dict[str, Any]:
        """Return the arguments that say how a rollout of so many steps is learnt from."""
        return {
            "batch_size": max(2, math.ceil(samples / self.values["minibatches"])),
            "n_epochs": self.values["epochs"],
            "clip_range": self.values["clip"],
        }
