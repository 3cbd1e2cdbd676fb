"""Many designs at once, each built axis by axis."""

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
from archgym.views.actions import Mask
from archgym.views.checks import at_least_one
from archgym.views.choices import Choices
from archgym.views.observations import Features
from archgym.views.partial_actions import make_step_actions
from archgym.views.partial_designs import PartialDesigns, Rows
from archgym.views.sequential import patience
from archgym.views.vector import VectorStep, masked, outcome_info, rows_of


class SequentialVectorEnv(gymnasium.vector.VectorEnv[Features, Any, Any]):
    """`archgym.views.sequential.SequentialEnv` for ``num_envs`` designs at a time, natively.

    An episode is reset within the step that ends it (autoreset mode SAME_STEP): the observation
    returned then is that of the reset, the last one is in ``info["final_obs"]``. All designs that
    a step completes are one call of the cost model. ``info["action_mask"]`` has the shape
    (num_envs, largest axis); ``info["final_info"]`` holds arrays of shape (num_envs,), of which
    those entries count where ``info["_final_info"]`` is True: ``status``, ``error``, and under
    ``metrics`` and ``design`` one per name.

    Args:
        evaluator: What evaluates the designs and counts them.
        num_envs: Designs under construction.
        action: "discrete" or "box".
    """

    metadata = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(self, evaluator: Evaluator, num_envs: int = 1, action: str = "discrete"):
        self.num_envs = at_least_one("num_envs", num_envs)
        self.evaluator, self.problem = evaluator, evaluator.problem
        choices = Choices(self.problem.space)
        self._partial = PartialDesigns(choices, self.problem.space, num_envs)
        self._steps = make_step_actions(action, choices.grid.sizes)
        self.single_action_space = self._steps.space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.single_observation_space = spaces.Box(0.0, 1.0, (self._partial.size,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._patience = patience(choices)
        self._wasted = np.zeros(num_envs, dtype=np.int64)
        self._all = np.ones(num_envs, dtype=bool)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed if isinstance(seed, int) else None)
        self._restart(np.arange(self.num_envs))
        return self._partial.observations.copy(), self._mask_info()

    def step(self, actions: Any) -> VectorStep:
        index = self._steps.pick(np.asarray(actions), self._partial.allowed)
        asked = ~self._partial.complete
        self._wasted += asked & (index < 0)
        chosen = np.flatnonzero(asked & (index >= 0))
        self._partial.choose(chosen, index[chosen])
        terminated, truncated = self._partial.complete, self._wasted >= self._patience
        rewards = np.zeros(self.num_envs)
        info = self._evaluate(terminated, rewards)
        over = terminated | truncated
        if over.any():
            final = rows_of(self._partial.observations.copy())
            info |= masked({"final_obs": final}, over)
            self._restart(np.flatnonzero(over))
        observations = self._partial.observations.copy()
        return observations, rewards, terminated, truncated, info | self._mask_info()

    def action_masks(self) -> Mask:
        """Return the allowed actions of each design, shape (num_envs, largest axis)."""
        return self._partial.allowed.copy()

    def _evaluate(self, complete: Mask, rewards: NDArray[np.float64]) -> dict[str, Any]:
        """Put the rewards of complete designs in place, and return what is said about them."""
        if not complete.any():
            return {}
        batch = Batch(self.problem.space, self._partial.codes[complete])
        outcomes = self.evaluator.evaluate(batch)
        rewards[complete] = outcomes.reward
        return masked({"final_info": outcome_info(batch, outcomes, complete)}, complete)

    def _restart(self, rows: Rows) -> None:
        self._partial.restart(rows)
        self._wasted[rows] = 0

    def _mask_info(self) -> dict[str, Any]:
        return masked({"action_mask": self._partial.allowed.astype(np.int8)}, self._all)
