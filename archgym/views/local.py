"""Edits of a current design."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from archgym.evaluator import Evaluator
from archgym.views.actions import Mask
from archgym.views.base import DesignEnv
from archgym.views.checks import at_least_one, one_of
from archgym.views.observations import Features
from archgym.views.partial_actions import EditActions

REWARDS = ("improvement", "reward")


class LocalEnv(DesignEnv):
    """Improve a design by setting one parameter at a time, starting from the default design.

    An action sets one axis to one value (`archgym.views.partial_actions.EditActions`), so each
    action is valid for every design and plain DQN can be used. An episode ends after
    ``episode_length`` edits. The observation is the current design with its metrics and status
    and, as its last entry, the share of edits that are left. ``info`` is as in `OneShotEnv`. The
    default design is the reference that rewards compare with; it is known from the start and
    spends no budget.

    Args:
        evaluator: What evaluates the designs and counts them.
        action: "discrete".
        episode_length: Edits per episode; by default as many as the design has axes.
        reward: "improvement" is the edited design's reward minus that of the design before, so
            an episode's return is the final design's reward minus the default's; "reward" is the
            edited design's own.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        action: str = "discrete",
        episode_length: int | None = None,
        reward: str = "improvement",
    ):
        super().__init__(evaluator)
        one_of("action encoding of style 'local'", action, ("discrete",))
        one_of("reward of style 'local'", reward, REWARDS)
        problem, features = evaluator.problem, self._reporter.features
        length = problem.space.width if episode_length is None else episode_length
        self.episode_length = at_least_one("episode_length", length)
        self.actions = EditActions(problem.space)
        self.action_space = self.actions.space
        self.observation_space = spaces.Box(
            np.append(features.low, np.float32(0)), np.append(features.high, np.float32(1))
        )
        self._from_before = reward == "improvement"
        self._codes = self._start = problem.space.default.codes
        self._start_outcomes = problem.score(problem.default_measured)
        self._start_features = features(self._start, self._start_outcomes)[0]
        self._last_reward = 0.0
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        self._codes, self._steps = self._start, 0
        self._last_reward = self._start_outcomes.reward.item(0)
        info = self._reporter.info(self._start, self._start_outcomes)
        return self._observe(self._start_features), info

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        self._codes = self.actions.apply(int(action), self._codes)
        features, reward, info = self._reporter.evaluate(self._codes)
        self._steps += 1
        gain = reward - self._last_reward if self._from_before else reward
        self._last_reward = reward
        return self._observe(features), gain, self._steps >= self.episode_length, False, info

    def action_masks(self) -> Mask:
        """Return which edits of the current design obey the constraints."""
        return self.actions.mask(self._codes)

    def _observe(self, features: Features) -> Features:
        left = max(1.0 - self._steps / self.episode_length, 0.0)
        return np.append(features, np.float32(left))
