"""FARSI's way of designing a chip as a Gymnasium environment: one move at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.soc.design.arrays import FIGURES
from archgym.cost_models.soc.design.designs import arrays_of
from archgym.cost_models.soc.design.running import Run, run_one
from archgym.cost_models.soc.design.workload import TaskGraph
from archgym.envs.soc.design_moves import Moves
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.actions import Mask
from archgym.views.base import DesignEnv
from archgym.views.checks import at_least_one, one_of
from archgym.views.observations import Features

DECREASE, DISTANCE, IMPROVEMENT = "decrease", "distance", "improvement"
REWARDS = (DECREASE, DISTANCE, IMPROVEMENT)
STARTS = ("default", "random")
_PER_TASK = 6
_DISTANCE = "distance_to_budget"


class ChipMovesEnv(DesignEnv):
    """Improve a chip by FARSI's moves until all budgets are met or the episode ends.

    **Action.** The number of a move in ``moves``, which says name (migrate, swap, split, join)
    and target. `action_masks`, also ``info["action_mask"]``, says which ones change the chip; one
    that does not leaves it as it is. Every move leads to a chip that can be built.

    **Observation.** Design, metrics and status as in the generic views; latency, power, area
    without DRAM and DRAM area over their budgets as v / (v + budget); per task: whether it is on
    the critical path, its start and its length over the latency, the shares of its time in which
    its PE, a bus, a memory held it back; per PE, bus and memory: the share of the latency in
    which it held a task of the critical path back; the share of moves left.

    **Reward.** "decrease" (default): by how much the distance to the budgets falls, relative to
    that of the default design; "distance": minus the distance after the move; "improvement": by
    how much the reward of the objective grows.

    An episode terminates when all budgets are met and is truncated after ``episode_length``
    moves. ``info`` is as in `archgym.views.one_shot.OneShotEnv`, with ``move`` in words.

    Args:
        evaluator: What evaluates the designs and counts them.
        episode_length: Moves an episode.
        reward: One of the above.
        start: Where episodes start: at the "default" design or at a "random" one.

    Raises:
        SettingError: The cost model is not the simulator, or a value that cannot be taken.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        episode_length: int = 64,
        reward: str = DECREASE,
        start: str = "default",
    ):
        super().__init__(evaluator)
        self._reward = one_of("reward of style 'native'", reward, REWARDS)
        self._start = one_of("start of style 'native'", start, STARTS)
        self.episode_length = at_least_one("episode_length", episode_length)
        if not isinstance(self.problem.workload, TaskGraph):
            raise SettingError("style 'native' needs the task graph that its moves change")
        self.graph = self.problem.workload
        self._moves = Moves(self.problem.space, self.graph)
        self.moves = self._moves.moves
        self._met = 4 * self.graph.hardware.met_distance
        self._unit = float(self.problem.default_measured.metrics[_DISTANCE][0])
        self.action_space = spaces.Discrete(len(self.moves))
        self._default = self.problem.space.default.codes
        features = self._reporter.features
        blocks = sum(self._moves.layout.counts.values())
        own = 4 + _PER_TASK * len(self.graph.task_names) + blocks + 1
        self.observation_space = spaces.Box(
            np.append(features.low, np.zeros(own, np.float32)),
            np.append(features.high, np.ones(own, np.float32)),
        )
        self._codes, self._steps = self._default, 0
        self._mask = self._moves.mask(self._codes[0])
        self._last: tuple[float, float] = (self._unit, 0.0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        space, self._steps = self.problem.space, 0
        self._codes = self._default
        if self._start == "random":
            self._codes = space.sample(self.np_random, 1).codes
        self._mask = self._moves.mask(self._codes[0])
        batch = Batch(space, self._codes)
        outcomes = self.problem.score(self.problem.measure(batch))
        self._last = float(outcomes.metrics[_DISTANCE][0]), outcomes.reward.item(0)
        info = self._reporter.info(self._codes, outcomes)
        return self._observe(self._reporter.features(self._codes, outcomes)[0]), self._more(info)

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        move = self.moves[int(action)]
        if self._mask[int(action)]:
            self._codes = self._moves.apply(int(action), self._codes[0])[None]
            self._mask = self._moves.mask(self._codes[0])
        features, scored, info = self._reporter.evaluate(self._codes)
        self._steps += 1
        distance = info["metrics"][_DISTANCE]
        reward = self._reward_of(distance, scored)
        self._last = distance, scored
        met, over = distance <= self._met, self._steps >= self.episode_length
        info["move"] = f"{move.name} {move.target}"
        return self._observe(features), reward, met, over and not met, self._more(info)

    def _reward_of(self, distance: float, scored: float) -> float:
        if self._reward == DECREASE:
            return (self._last[0] - distance) / self._unit
        return -distance if self._reward == DISTANCE else scored - self._last[1]

    def action_masks(self) -> Mask:
        """Return which moves change the present chip."""
        return self._mask.copy()

    def _more(self, info: dict[str, Any]) -> dict[str, Any]:
        return info | {"action_mask": self._mask.astype(np.int8)}

    def _observe(self, features: Features) -> Features:
        run = run_one(arrays_of(Batch(self.problem.space, self._codes)), self.graph)
        left = max(1.0 - self._steps / self.episode_length, 0.0)
        own = np.concatenate([self._against_budgets(run), *_bottlenecks(run), [left]])
        return np.concatenate([features, own.astype(np.float32)])

    def _against_budgets(self, run: Run) -> NDArray[np.float64]:
        values = dict(zip(FIGURES, run.figures.tolist(), strict=False))
        dram, budgets = values["dram_area_m2"], self.graph.spec.budgets
        pairs = [
            (values["latency_s"], budgets.latency_s),
            (values["power_w"], budgets.power_w),
            (values["area_m2"] - dram, budgets.area_m2),
            (dram, budgets.area_m2),
        ]
        return np.array([value / (value + budget) for value, budget in pairs])


def _bottlenecks(run: Run) -> list[NDArray[np.float64]]:
    """Return the features of each task, and the share of the latency lost to each block."""
    latency = max(float(run.figures[0]), np.finfo(float).tiny)
    kinds = [seconds.sum(axis=1) for seconds in (run.pe_s, run.bus_s, run.mem_s)]
    lengths = run.ends - run.starts
    shares = [kind / np.where(lengths > 0, lengths, 1.0) for kind in kinds]
    tasks = [run.critical, run.starts / latency, lengths / latency, *shares]
    blocks = np.concatenate([run.pe_s, run.bus_s, run.mem_s], axis=1)[run.critical].sum(axis=0)
    return [np.clip(np.concatenate(tasks), 0.0, 1.0), np.clip(blocks / latency, 0.0, 1.0)]
