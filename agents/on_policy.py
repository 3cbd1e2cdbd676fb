"""What the agents that learn from each rollout once share: PPO, MaskablePPO and A2C."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.sb3_agent import LARGEST_BATCH, LEARNING_RATE, N_ENVS, Sb3Agent
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv

_LARGEST_HEAD = 4096
# That of the uniform distribution on [-1, 1], so that few first actions are clipped to the ends.
_LOG_DEVIATION = -0.5 * math.log(3.0)


class OnPolicyAgent(Sb3Agent):
    """Learns a policy from designs that the policy itself proposed.

    In the style ``one_shot`` an action is a complete design and the policy a distribution over
    designs; there is nothing to observe, so the policy has no hidden layers: it is one logit per
    value, and the critic one number, the running mean of rewards that advantages are measured
    from. In the style ``sequential`` the policy sees the choices made and decides axis by axis.
    Rewards are divided by their running deviation. The entropy bonus falls to zero with the
    budget.

    Attributes:
        updates: Updates that a budget is divided into, unless ``rollout`` is given.
        rollout_range: Fewest and most designs between updates, where derived from the budget.
    """

    updates: ClassVar[int]
    rollout_range: ClassVar[tuple[int, int]]
    hyperparameters: ClassVar = {
        "style": Hyperparameter(
            "one_shot", "whole designs, or axis by axis", choices=("one_shot", "sequential")
        ),
        "action": Hyperparameter(
            None,
            "encoding of actions in one_shot; none: multi_discrete, with real parameters box",
            choices=("multi_discrete", "box"),
            kind=str,
        ),
        "rollout": Hyperparameter(
            None,
            "designs between updates; none: by budget",
            low=2,
            high=LARGEST_BATCH,
            log=True,
            kind=int,
        ),
        "n_envs": N_ENVS,
        "learning_rate": LEARNING_RATE,
        "entropy": Hyperparameter(0.03, "weight of the entropy bonus at first", low=0.0, high=1.0),
        "width": Hyperparameter(
            None,
            "neurons per hidden layer, of two; none: no hidden layers in one_shot, else 64",
            low=4,
            high=1024,
            log=True,
            kind=int,
        ),
        "gae_lambda": Hyperparameter(0.95, "advantage decay, sequential only", low=0.0, high=1.0),
    }

    def adapt(self, model: Any, left: float) -> None:
        model.ent_coef = self.values["entropy"] * left

    def rhythm(self, budget: int) -> tuple[int, int]:
        """Return the designs evaluated at a time, and how many times per update."""
        low, high = self.rollout_range
        rollout = self.values["rollout"] or min(max(budget // self.updates, low), high)
        n_envs = min(self.values["n_envs"] or rollout, rollout)
        return n_envs, math.ceil(rollout / n_envs)

    @property
    def one_shot(self) -> bool:
        """Whether an action is a complete design."""
        return bool(self.values["style"] == "one_shot")

    @property
    def action(self) -> str:
        """The encoding of actions."""
        return (self.values["action"] or self._suited_action()) if self.one_shot else "box"

    def _suited_action(self) -> str:
        sizes = [axis.size for axis in self.space.axes]
        small = None not in sizes and sum(size or 0 for size in sizes) <= _LARGEST_HEAD
        return "multi_discrete" if small else "box"

    def make_vector(self, evaluator: Evaluator, n_envs: int) -> VecEnv:
        """Return the view, its rewards divided by their running deviation."""
        from stable_baselines3.common.vec_env import VecNormalize

        from archgym.agents.sb3_vector import Sb3Vector

        return VecNormalize(Sb3Vector(self._view(evaluator, n_envs)), norm_obs=False, gamma=1.0)

    def _view(self, evaluator: Evaluator, n_envs: int) -> Any:
        from archgym.views.sequential_vector import SequentialVectorEnv
        from archgym.views.vector import OneShotVectorEnv

        view = OneShotVectorEnv if self.one_shot else SequentialVectorEnv
        return view(evaluator, n_envs, self.action)

    def common(self, rollouts: int) -> dict[str, Any]:
        """Return the arguments that all these algorithms take."""
        width = self.values["width"] or (None if self.one_shot else 64)
        return {
            "n_steps": rollouts * (1 if self.one_shot else self.space.width),
            "gamma": 1.0,
            "gae_lambda": self.values["gae_lambda"],
            "ent_coef": self.values["entropy"],
            "policy_kwargs": {"net_arch": [width] * 2 if width else []} | self.policy_arguments(),
            "seed": self.library_seed,
            "device": "cpu",
        }

    def policy_arguments(self) -> dict[str, Any]:
        """Return further arguments of the policy."""
        return {"log_std_init": _LOG_DEVIATION}

    @property
    def policy(self) -> Any:
        """The policy's class."""
        from archgym.agents.design_policy import DesignPolicy

        return DesignPolicy
