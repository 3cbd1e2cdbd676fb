"""Masked proximal policy optimisation, axis by axis: sb3-contrib's MaskablePPO."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.ppo import PpoAgent
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

_FIXED = {"style", "action"}
_LEARNING_RATE = 3e-3


class MaskablePpoAgent(PpoAgent):
    """Chooses a value axis by axis, among those that constraints over earlier choices allow.

    So correlations between parameters can be learnt, and no design breaks a constraint as long
    as any value of the axis obeys it. Real axes are cut into levels.

    Source: Huang and Ontanon, A closer look at invalid action masking in policy gradient
    algorithms, arXiv 2006.14171.
    """

    name = "maskable_ppo"
    version = "1"
    summary = "PPO that chooses axis by axis among allowed values (sb3-contrib)."
    library = "sb3-contrib"
    requires = ("stable_baselines3", "sb3_contrib", "torch")
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        name: item for name, item in PpoAgent.hyperparameters.items() if name not in _FIXED
    } | {
        # Of one axis here, where in one_shot it is the sum over all.
        "entropy": Hyperparameter(0.3, "weight of the entropy bonus at first", low=0.0, high=1.0)
    }
    one_shot = False
    action = "discrete"

    def make_model(self, evaluator: Evaluator, budget: int) -> BaseAlgorithm:
        from sb3_contrib import MaskablePPO

        n_envs, rollouts = self.rhythm(budget)
        vector, common = self.make_vector(evaluator, n_envs), self.common(rollouts)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="You have specified a mini-batch size")
            return MaskablePPO(
                "MlpPolicy",
                vector,
                learning_rate=self.values["learning_rate"] or _LEARNING_RATE,
                **self.passes(n_envs * common["n_steps"]),
                **common,
            )

    def policy_arguments(self) -> dict[str, Any]:
        return {}
