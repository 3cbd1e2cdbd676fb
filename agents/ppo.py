"""Proximal policy optimisation on the Gymnasium view: stable-baselines3's PPO."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, cast

from archgym.agents.base import Agent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.padded_evaluator import PaddedEvaluator
from archgym.agents.torch_session import torch_session
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecEnv

_UPDATES = 16
_ROLLOUT_RANGE = 16, 512
_LARGEST_HEAD = 4096
_ENDLESS = 2**62
# Learning rate and epochs. Normal distributions over numbers narrow more slowly than
# probabilities over values, so they are given more and larger steps.
_PACE = {"multi_discrete": (5e-3, 4), "box": (2e-2, 10)}
# That of the uniform distribution on [-1, 1], so that few first actions are clipped to the ends.
_LOG_DEVIATION = -0.5 * math.log(3.0)


class PpoAgent(Agent):
    """Learns a policy over designs and stops exactly at the budget.

    In the style ``one_shot`` an action is a complete design and the policy a distribution over
    designs; a whole batch of designs is one call of the cost model. In the style ``sequential``
    the policy chooses axis by axis. Unless given, the designs between two updates are derived
    from the budget, such that even small budgets see about 16 updates. Rewards are divided by
    their running deviation.

    Source: Schulman et al., Proximal policy optimization algorithms, arXiv 1707.06347.
    """

    name = "ppo"
    summary = "Proximal policy optimisation (stable-baselines3) on the Gymnasium view."
    library = "stable-baselines3"
    extra = "rl"
    requires = ("stable_baselines3", "torch")
    constraint_handling = "penalty"
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
            None, "designs between updates; none: by budget", low=2, high=65536, log=True, kind=int
        ),
        "n_envs": Hyperparameter(
            None,
            "designs evaluated at a time; none: as many as a rollout has",
            low=1,
            high=65536,
            log=True,
            kind=int,
        ),
        "learning_rate": Hyperparameter(
            None,
            "step size of the optimiser; none: 0.005, with box 0.02",
            low=1e-6,
            high=1.0,
            log=True,
            kind=float,
        ),
        "epochs": Hyperparameter(
            None, "passes over each rollout; none: 4, with box 10", low=1, high=100, kind=int
        ),
        "minibatches": Hyperparameter(1, "parts of a rollout per pass", low=1, high=64, log=True),
        "clip": Hyperparameter(0.2, "largest change of probability ratios", low=0.01, high=1.0),
        "entropy": Hyperparameter(0.01, "weight of the entropy bonus", low=0.0, high=1.0),
        "width": Hyperparameter(
            64, "neurons per hidden layer, of two", low=4, high=1024, log=True
        ),
        "gae_lambda": Hyperparameter(0.95, "advantage decay, sequential only", low=0.0, high=1.0),
    }

    def run(self, evaluator: Evaluator) -> None:
        if evaluator.remaining <= 0:
            return
        with torch_session():
            n_envs, rollouts = self._rhythm(evaluator.remaining)
            padded = PaddedEvaluator(evaluator)
            model = self._make_model(self._make_vector(padded, n_envs), rollouts)
            model.learn(_ENDLESS, callback=lambda *_: padded.remaining > 0)

    def _rhythm(self, budget: int) -> tuple[int, int]:
        """Return the designs evaluated at a time, and how many times per update."""
        low, high = _ROLLOUT_RANGE
        derived = min(max(budget // _UPDATES, low), high)
        rollout = self.values["rollout"] or derived
        n_envs = min(self.values["n_envs"] or rollout, rollout)
        return n_envs, math.ceil(rollout / n_envs)

    def _make_vector(self, evaluator: PaddedEvaluator, n_envs: int) -> VecEnv:
        from stable_baselines3.common.vec_env import VecNormalize

        from archgym.agents.sb3_vector import Sb3Vector

        one_shot = self.values["style"] == "one_shot"
        make = self._one_shot if one_shot else _sequential
        vector = Sb3Vector(make(cast(Evaluator, evaluator), n_envs))
        return VecNormalize(vector, norm_obs=False, gamma=1.0)

    def _one_shot(self, evaluator: Evaluator, n_envs: int) -> Any:
        from archgym.views.vector import OneShotVectorEnv

        return OneShotVectorEnv(evaluator, n_envs, self._action)

    @property
    def _action(self) -> str:
        if self.values["style"] == "sequential":
            return "box"
        return self.values["action"] or self._suited_action()

    def _suited_action(self) -> str:
        sizes = [axis.size for axis in self.space.axes]
        small = None not in sizes and sum(size or 0 for size in sizes) <= _LARGEST_HEAD
        return "multi_discrete" if small else "box"

    def _make_model(self, vector: VecEnv, rollouts: int) -> PPO:
        from stable_baselines3 import PPO

        values, (learning_rate, epochs) = self.values, _PACE[self._action]
        per_design = 1 if values["style"] == "one_shot" else self.space.width
        samples = vector.num_envs * rollouts * per_design
        with warnings.catch_warnings():
            # The last of several minibatches may be smaller, which does no harm.
            warnings.filterwarnings("ignore", message="You have specified a mini-batch size")
            return PPO(
                "MlpPolicy",
                vector,
                learning_rate=values["learning_rate"] or learning_rate,
                n_steps=rollouts * per_design,
                batch_size=max(2, math.ceil(samples / values["minibatches"])),
                n_epochs=values["epochs"] or epochs,
                gamma=1.0,
                gae_lambda=values["gae_lambda"],
                clip_range=values["clip"],
                ent_coef=values["entropy"],
                policy_kwargs={"net_arch": [values["width"]] * 2, "log_std_init": _LOG_DEVIATION},
                seed=self.library_seed,
                device="cpu",
            )


def _sequential(evaluator: Evaluator, n_envs: int) -> Any:
    from gymnasium.vector import AutoresetMode, SyncVectorEnv

    from archgym.views.sequential import SequentialEnv

    makers = [lambda: SequentialEnv(evaluator, action="box")] * n_envs
    return SyncVectorEnv(makers, autoreset_mode=AutoresetMode.SAME_STEP)
