"""Sizing towards targets as Gymnasium environments, one design or many at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.envs.analog.goals import goals_of
from archgym.evaluator import Evaluator
from archgym.outcome import Floats, Outcomes
from archgym.problem import Problem
from archgym.views.base import DesignEnv
from archgym.views.checks import at_least_one
from archgym.views.goals import STEPS, Goals, Moves
from archgym.views.observations import Features
from archgym.views.vector import VectorStep, masked, outcome_info, rows_of

EPISODE_LENGTH = 30
_LOW, _HIGH = -1.0, 1.0


def without_other_metrics(problem: Problem) -> Problem:
    """Return the problem with a cost model that may leave out what is no goal."""
    names = tuple(metric.name for metric in goals_of(problem).metrics)
    needed = (*names, *problem.objective.metrics)
    return replace(problem, cost_model=problem.cost_model.focused(needed))


class _Walks:
    """Designs that walk on the grid towards targets.

    Attributes:
        index: int64 (n, axes).
        targets: float64 (n, k).
        steps: int64 (n,), since each walk began.
    """

    def __init__(self, evaluator: Evaluator, count: int, goals: Goals | None = None):
        self._evaluator, problem = evaluator, evaluator.problem
        self._space = problem.space
        self.goals, self.moves = goals or goals_of(problem), Moves(problem)
        self.size = 2 * len(self.goals.metrics) + self.moves.count
        self.index = self.moves.start(count)
        self.targets = np.zeros((count, len(self.goals.metrics)))
        self.steps = np.zeros(count, dtype=np.int64)
        self._begin: Floats | None = None

    def restart(self, rows: NDArray[np.bool_], targets: Floats) -> None:
        """Begin the walks of some rows anew, towards targets (rows, k)."""
        self.index[rows] = self.moves.start(1)[0]
        self.targets[rows] = targets
        self.steps[rows] = 0

    def first_values(self) -> Floats:
        """Return the goals' metrics (k,) where walks begin; evaluated once, beside the budget."""
        if self._begin is None:
            codes = self.moves.codes(self.moves.start(1))
            outcomes = self._evaluator.problem.outcomes(Batch(self._space, codes))
            self._begin = self.goals.values(outcomes)[0]
        return self._begin

    def advance(self, actions: Any) -> tuple[Batch, Outcomes, Floats]:
        """Move all, evaluate, and return designs, outcomes and the goals' metrics (n, k)."""
        self.index = self.moves.apply(self.index, actions)
        self.steps += 1
        batch = Batch(self._space, self.moves.codes(self.index))
        outcomes = self._evaluator.evaluate(batch)
        return batch, outcomes, self.goals.values(outcomes)

    def observe(self, values: Floats) -> Features:
        """Return metrics and targets relative to their ranges, and where the designs are."""
        seen = (self.goals.relative(values), self.goals.relative(self.targets))
        return np.hstack([*seen, self.moves.shares(self.index)]).astype(np.float32)


class GoalEnv(DesignEnv):
    """Meet targets that are drawn at each reset, one step of each parameter at a time.

    The observation holds the metrics of the goals, their targets (both relative to the middle of
    the goal's range) and the place of each parameter on its grid. An action says for each
    parameter 0 (down), 1 (stay) or 2 (up). The reward is AutoCkt's: the sum of normalised misses,
    10 once they sum to less than 2 %, which ends the episode; ``episode_length`` steps cut it.
    ``reset(options={"targets": {...}})`` sets the targets. The view's own reward takes the place
    of the problem's objective, which still decides which designs are feasible.

    Args:
        evaluator: What evaluates the designs and counts them.
        episode_length: Most steps of an episode.
    """

    prepare = staticmethod(without_other_metrics)

    def __init__(self, evaluator: Evaluator, episode_length: int = EPISODE_LENGTH):
        super().__init__(evaluator)
        self.episode_length = at_least_one("episode_length", episode_length)
        self._walks = _Walks(evaluator, 1)
        self.observation_space = spaces.Box(_LOW, _HIGH, (self._walks.size,), np.float32)
        self.action_space = spaces.MultiDiscrete([len(STEPS)] * self._walks.moves.count)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        walks, chosen = self._walks, (options or {}).get("targets")
        drawn = walks.goals.draw(self.np_random, 1)
        targets = drawn if chosen is None else walks.goals.given(chosen)[None]
        walks.restart(np.ones(1, dtype=bool), targets)
        return walks.observe(walks.first_values()[None])[0], {"targets": self._named_targets()}

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        walks = self._walks
        batch, outcomes, values = walks.advance(np.asarray(action)[None])
        reward, met = walks.goals.reward(values, walks.targets)
        info = self._reporter.info(batch.codes, outcomes) | {"targets": self._named_targets()}
        over, cut = bool(met[0]), not met[0] and walks.steps[0] >= self.episode_length
        return walks.observe(values)[0], float(reward[0]), over, bool(cut), info

    def _named_targets(self) -> dict[str, float]:
        metrics, targets = self._walks.goals.metrics, self._walks.targets[0].tolist()
        return {m.name: target for m, target in zip(metrics, targets, strict=True)}


class GoalVectorEnv(gymnasium.vector.VectorEnv[Features, Any, Any]):
    """`GoalEnv` for ``num_envs`` designs at a time, natively.

    Each episode ends by itself and is reset within the step that ends it (autoreset mode
    SAME_STEP). ``info`` is as in `archgym.views.vector.OneShotVectorEnv`.

    Args:
        evaluator: What evaluates the designs and counts them.
        num_envs: Designs per step.
        episode_length: Most steps of an episode.
        goals: In place of the circuit's.
    """

    prepare = staticmethod(without_other_metrics)
    metadata = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        evaluator: Evaluator,
        num_envs: int = 1,
        episode_length: int = EPISODE_LENGTH,
        goals: Goals | None = None,
    ):
        self.num_envs = at_least_one("num_envs", num_envs)
        self.episode_length = at_least_one("episode_length", episode_length)
        self.evaluator, self.problem = evaluator, evaluator.problem
        self._walks = _Walks(evaluator, num_envs, goals)
        self.single_observation_space = spaces.Box(_LOW, _HIGH, (self._walks.size,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.single_action_space = spaces.MultiDiscrete([len(STEPS)] * self._walks.moves.count)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._all = np.ones(num_envs, dtype=bool)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed if isinstance(seed, int) else None)
        self._restart(self._all)
        return self._walks.observe(np.tile(self._walks.first_values(), (self.num_envs, 1))), {}

    def step(self, actions: Any) -> VectorStep:
        walks = self._walks
        batch, outcomes, values = walks.advance(actions)
        rewards, met = walks.goals.reward(values, walks.targets)
        cut = ~met & (walks.steps >= self.episode_length)
        observations = walks.observe(values)
        info, ended = outcome_info(batch, outcomes, self._all), met | cut
        if ended.any():
            info |= masked({"final_obs": rows_of(observations), "final_info": dict(info)}, ended)
            self._restart(ended)
            values[ended] = walks.first_values()
            observations = walks.observe(values)
        return observations, rewards, met, cut, info

    def _restart(self, rows: NDArray[np.bool_]) -> None:
        count = int(np.count_nonzero(rows))
        self._walks.restart(rows, self._walks.goals.draw(self.np_random, count))
