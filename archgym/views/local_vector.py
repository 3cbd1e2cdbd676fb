"""Many current designs, each edited at every step."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.parameter import Codes
from archgym.views.checks import at_least_one, one_of
from archgym.views.local import REWARDS
from archgym.views.observations import Features, OutcomeFeatures
from archgym.views.partial_actions import EditActions
from archgym.views.vector import VectorStep, masked, outcome_info, rows_of


class LocalVectorEnv(gymnasium.vector.VectorEnv[Features, Any, Any]):
    """`archgym.views.local.LocalEnv` for ``num_envs`` designs at a time, natively.

    All episodes begin and end together and are reset within the step that ends them (autoreset
    mode SAME_STEP). ``info`` is as in `archgym.views.vector.OneShotVectorEnv`.

    Args:
        evaluator: What evaluates the designs and counts them.
        num_envs: Designs per step.
        action: "discrete".
        episode_length: Edits per episode; by default as many as the design has axes.
        reward: "improvement" or "reward".
    """

    metadata = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        evaluator: Evaluator,
        num_envs: int = 1,
        action: str = "discrete",
        episode_length: int | None = None,
        reward: str = "improvement",
    ):
        one_of("action encoding of style 'local'", action, ("discrete",))
        one_of("reward of style 'local'", reward, REWARDS)
        self.num_envs = at_least_one("num_envs", num_envs)
        self.evaluator, self.problem = evaluator, evaluator.problem
        length = self.problem.space.width if episode_length is None else episode_length
        self.episode_length = at_least_one("episode_length", length)
        self.actions = EditActions(self.problem.space)
        self.single_action_space = self.actions.space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._features = OutcomeFeatures(self.problem)
        self.single_observation_space = spaces.Box(
            np.append(self._features.low, np.float32(0)),
            np.append(self._features.high, np.float32(1)),
        )
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._from_before = reward == "improvement"
        self._all = np.ones(num_envs, dtype=bool)
        self._codes: Codes
        self._before: NDArray[np.float64]
        self._start()

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed if isinstance(seed, int) else None)
        return self._start(), {}

    def step(self, actions: Any) -> VectorStep:
        self._codes = self.actions.apply_each(np.asarray(actions), self._codes)
        batch = Batch(self.problem.space, self._codes)
        outcomes = self.evaluator.evaluate(batch)
        rewards = outcomes.reward - self._before if self._from_before else outcomes.reward
        self._before = outcomes.reward
        self._steps += 1
        observations = self._observe(self._features(self._codes, outcomes))
        info = outcome_info(batch, outcomes, self._all)
        over = np.full(self.num_envs, self._steps >= self.episode_length)
        if over.all():
            info |= masked(
                {"final_obs": rows_of(observations), "final_info": dict(info)}, self._all
            )
            observations = self._start()
        return observations, rewards, over, np.zeros_like(over), info

    def _start(self) -> Features:
        """Begin an episode at the default design and return its observations."""
        self._steps = 0
        outcomes = self.problem.score(self.problem.default_measured)
        default = self.problem.space.default.codes
        self._codes = np.repeat(default, self.num_envs, axis=0)
        self._before = np.repeat(outcomes.reward, self.num_envs)
        features = self._features(default, outcomes)
        return self._observe(np.repeat(features, self.num_envs, axis=0))

    def _observe(self, features: Features) -> Features:
        left = max(1.0 - self._steps / self.episode_length, 0.0)
        return np.column_stack([features, np.full(self.num_envs, left, dtype=np.float32)])
