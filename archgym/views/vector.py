"""Many one-shot environments as one: a whole population is one call of the cost model."""

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
from archgym.outcome import Outcomes
from archgym.views.actions import make_actions
from archgym.views.checks import at_least_one
from archgym.views.observations import Features, OutcomeFeatures

VectorStep = tuple[
    Features, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
]


class OneShotVectorEnv(gymnasium.vector.VectorEnv[Features, Any, Any]):
    """`archgym.views.one_shot.OneShotEnv` for ``num_envs`` designs at a time, natively.

    All episodes begin and end together and are reset within the step that ends them (autoreset
    mode SAME_STEP): the observation returned then is that of the reset, the last one is
    ``info["final_obs"]``. ``info`` holds arrays of shape (num_envs,): ``status``, ``error``, and
    under ``metrics`` and ``design`` one per name, NaN where a metric has no value; they are there
    at every step, and again under ``final_info`` where episodes end.

    Args:
        evaluator: What evaluates the designs and counts them.
        num_envs: Designs per step.
        action: Name of the encoding, see `archgym.views.actions`.
        episode_length: Steps per episode.
    """

    metadata = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        evaluator: Evaluator,
        num_envs: int = 1,
        action: str = "multi_discrete",
        episode_length: int = 1,
    ):
        self.num_envs = at_least_one("num_envs", num_envs)
        self.episode_length = at_least_one("episode_length", episode_length)
        self.evaluator, self.problem = evaluator, evaluator.problem
        self._features = OutcomeFeatures(self.problem)
        self.actions = make_actions(action, self.problem.space)
        self.single_action_space = self.actions.space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.single_observation_space = spaces.Box(self._features.low, self._features.high)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._all = np.ones(num_envs, dtype=bool)
        self._all.flags.writeable = False
        self._steps = 0

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed if isinstance(seed, int) else None)
        self._steps = 0
        return self._features.empty(self.num_envs), {}

    def step(self, actions: Any) -> VectorStep:
        codes = self.actions.decode(np.asarray(actions))
        batch = Batch(self.problem.space, codes)
        outcomes = self.evaluator.evaluate(batch)
        features = self._features(codes, outcomes)
        info = outcome_info(batch, outcomes, self._all)
        self._steps += 1
        over = self._steps >= self.episode_length
        if over:
            info |= masked({"final_obs": rows_of(features), "final_info": dict(info)}, self._all)
            features, self._steps = self._features.empty(self.num_envs), 0
        terminated = np.full(self.num_envs, over)
        return features, outcomes.reward, terminated, np.zeros_like(terminated), info


def outcome_info(batch: Batch, outcomes: Outcomes, rows: NDArray[np.bool_]) -> dict[str, Any]:
    """Return what is said about evaluated designs.

    Args:
        batch: The designs.
        outcomes: Theirs.
        rows: The environments whose designs they are, shape (num_envs,).
    """
    design = {name: _spread(column, rows) for name, column in batch.columns().items()}
    metrics = {name: _spread(column, rows) for name, column in outcomes.metrics.items()}
    status = np.array(outcomes.labels(), dtype=object)
    error = np.array(outcomes.errors(), dtype=object)
    columns = {
        "design": masked(design, rows),
        "metrics": masked(metrics, rows),
        "status": _spread(status, rows),
        "error": _spread(error, rows),
    }
    return masked(columns, rows)


def masked(columns: dict[str, Any], rows: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the columns, each with the array that says for which environments it counts."""
    return columns | {f"_{name}": rows for name in columns}


def _spread(column: NDArray[Any], rows: NDArray[np.bool_]) -> NDArray[Any]:
    """Return a column with an entry for every environment."""
    if len(column) == len(rows):
        return column
    spread = np.zeros(len(rows), dtype=column.dtype)
    spread[rows] = column
    return spread


def rows_of(features: Features) -> NDArray[Any]:
    """Return an array of arrays, as Gymnasium's wrappers take final observations."""
    rows = np.empty(len(features), dtype=object)
    rows[:] = list(features)
    return rows
