"""A complete design at each step."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from archgym.evaluator import Evaluator
from archgym.views.actions import Mask, make_actions
from archgym.views.base import DesignEnv
from archgym.views.checks import at_least_one
from archgym.views.observations import Features


class OneShotEnv(DesignEnv):
    """Search as a bandit: each action is a design, each reward is that design's alone.

    The observation is the last design with its metrics and status (see
    `archgym.views.observations`), zeros after a reset. ``info`` carries ``design``, ``metrics``,
    ``objectives``, ``status`` and ``error``. Designs that break a constraint or fail have that
    status and a negative reward; no design makes `step` raise.

    Args:
        evaluator: What evaluates the designs and counts them.
        action: Name of the encoding, see `archgym.views.actions`.
        episode_length: Designs per episode.
    """

    def __init__(
        self, evaluator: Evaluator, action: str = "multi_discrete", episode_length: int = 1
    ):
        super().__init__(evaluator)
        self.episode_length = at_least_one("episode_length", episode_length)
        self.actions = make_actions(action, evaluator.problem.space)
        self.action_space = self.actions.space
        features = self._reporter.features
        self.observation_space = spaces.Box(features.low, features.high)
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        self._steps = 0
        return self._reporter.features.empty(1)[0], {}

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        codes = self.actions.decode(np.asarray(action)[None])
        features, reward, info = self._reporter.evaluate(codes)
        self._steps += 1
        return features, reward, self._steps >= self.episode_length, False, info

    def action_masks(self) -> Mask | None:
        """Return which entries of an action obey the constraints, as MaskablePPO asks."""
        return self.actions.mask

    def encode(self, design: dict[str, Any]) -> NDArray[Any]:
        """Return the action that stands for a design given by native values."""
        codes = self.problem.space.encode([design]).codes
        action: NDArray[Any] = self.actions.encode(codes)[0]
        return action
