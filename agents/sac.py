"""Soft actor-critic over points of a cube: stable-baselines3's SAC."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.off_policy import OFF_POLICY, Rhythm, rhythm
from archgym.agents.sb3_agent import Sb3Agent
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3 import SAC

_LARGEST_ENVS = 16
# Adapted from here on. The library's 1 would hold the policy at random for a thousand steps.
_ENTROPY_WEIGHT = "auto_0.05"


class SacAgent(Sb3Agent):
    """Learns what every design is worth, and a policy that draws good ones.

    An action is a point of [-1, 1] per axis, cut into bins for discrete axes, and an episode is
    one design, so the critics are models of the reward. Designs drawn at random come first, as
    many as the budget affords.

    Source: Haarnoja et al., Soft actor-critic algorithms and applications, arXiv 1812.05905.
    """

    name = "sac"
    summary = "Soft actor-critic (stable-baselines3) on points of a cube."
    hyperparameters: ClassVar = OFF_POLICY | {
        "learning_rate": Hyperparameter(
            5e-3, "step size of the optimiser", low=1e-6, high=1.0, log=True
        ),
        "entropy": Hyperparameter(
            0.0, "target of the policy's entropy, in -nats per axis", low=-1.0, high=5.0
        ),
    }

    def rhythm(self, budget: int) -> Rhythm:
        """Return when and how much it learns within a budget."""
        return rhythm(self.values, budget, _LARGEST_ENVS)

    def make_model(self, evaluator: Evaluator, budget: int) -> SAC:
        from stable_baselines3 import SAC
        from stable_baselines3.common.vec_env import VecNormalize

        from archgym.agents.sb3_vector import Sb3Vector
        from archgym.views.vector import OneShotVectorEnv

        pace = self.rhythm(budget)
        view = OneShotVectorEnv(evaluator, pace.n_envs, "box")
        return SAC(
            "MlpPolicy",
            VecNormalize(Sb3Vector(view), norm_obs=False, gamma=1.0),
            learning_rate=self.values["learning_rate"],
            buffer_size=self.values["buffer"],
            batch_size=self.values["learning_batch"],
            learning_starts=pace.learning_starts,
            train_freq=pace.train_freq,
            gradient_steps=pace.gradient_steps,
            ent_coef=_ENTROPY_WEIGHT,
            target_entropy=-self.values["entropy"] * self.space.width,
            policy_kwargs={"net_arch": [self.values["width"]] * 2},
            seed=self.library_seed,
            device="cpu",
        )
