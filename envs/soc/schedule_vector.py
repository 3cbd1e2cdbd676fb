"""Many scheduling environments as one, stepped in compiled calls."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.engine.stepping import step_many
from archgym.cost_models.soc.schedule.model import metrics_of
from archgym.cost_models.soc.schedule.stepwise import Features
from archgym.envs.soc.schedule_env import (
    LARGEST_SEED,
    SLOTS,
    WINDOW,
    decisions_of,
    observation_space,
)
from archgym.evaluator import Evaluator
from archgym.views.checks import at_least_one

Step = tuple[Features, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]


class ScheduleVectorEnv(gymnasium.vector.VectorEnv[Features, Any, Any]):
    """`archgym.envs.soc.schedule_env.ScheduleEnv`, ``num_envs`` times, natively.

    Episodes end on their own and are reset within the step that ends them (autoreset mode
    SAME_STEP): the observation returned then is that of the reset, the last one is in
    ``info["final_obs"]``, the metrics are in ``info["final_info"]``. ``info["action_mask"]`` is
    int8 (num_envs, actions).

    Args:
        evaluator: Of the problem.
        num_envs: Runs.
        window: See `ScheduleEnv`, as for the others.
        slots: Ready tasks that may be chosen.
        governor: Who sets frequencies.
        new_arrivals: Whether each episode has its own arrivals.
        threads: The runs are shared out among them; pays for many runs of large platforms.
    """

    metadata = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        evaluator: Evaluator,
        num_envs: int = 1,
        window: int = WINDOW,
        slots: int = SLOTS,
        governor: str = "performance",
        new_arrivals: bool = True,
        threads: int = 1,
    ):
        self.num_envs = at_least_one("num_envs", num_envs)
        self.evaluator, self.problem = evaluator, evaluator.problem
        self.decisions = decisions_of(evaluator, window, slots, governor)
        self.single_observation_space = observation_space(self.decisions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.single_action_space = spaces.Discrete(self.decisions.actions)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._new_arrivals = new_arrivals
        self._threads = min(at_least_one("threads", threads), num_envs)
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None
        self._generators: list[np.random.Generator] = []
        self._runs: Run | None = None
        self._mask = np.zeros((num_envs, self.decisions.actions), dtype=np.int8)
        self._totals, self._statuses = np.zeros(num_envs), np.zeros(num_envs, dtype=np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        self._seed(seed)
        self._runs = _empty_stack(self.decisions.start(self._largest()), self.num_envs)
        for at in range(self.num_envs):
            self._restart(at)
        observation = self._advance(self._runs, np.zeros(self.num_envs, dtype=np.int64))
        self._totals[:] = 0.0
        return observation, {"action_mask": self._mask.copy()}

    def step(self, actions: Any) -> Step:
        if self._runs is None:
            raise gymnasium.error.ResetNeeded("an episode begins with reset()")
        before = self._totals.copy()
        observation = self._advance(self._runs, np.asarray(actions, dtype=np.int64))
        rewards, over = before - self._totals, self._statuses == state.OVER
        info: dict[str, Any] = {}
        if over.any():
            info = self._reset_ended(self._runs, observation, over)
        info["action_mask"] = self._mask.copy()
        return observation, rewards, over, np.zeros(self.num_envs, dtype=bool), info

    def close_extras(self, **kwargs: Any) -> None:
        """End the threads, and the cost model's process where it has one of its own."""
        if self._pool is not None:
            self._pool.shutdown()
        self.evaluator.close()

    def _seed(self, seed: int | list[int | None] | None) -> None:
        """Make one generator per run, that of the single environment with the same seed."""
        if seed is None and self._generators:
            return
        if seed is None or isinstance(seed, int):
            seeds = [None if seed is None else seed + at for at in range(self.num_envs)]
        else:
            seeds = list(seed)
        self._generators = [gymnasium.utils.seeding.np_random(one)[0] for one in seeds]

    def _largest(self) -> Any:
        """Return a workload of as many jobs of the largest application: sizes of the stack."""
        workload = self.decisions.workload
        return workload.all_of(int(np.argmax(workload.case.applications["size"])))

    def _restart(self, at: int) -> None:
        assert self._runs is not None
        workload = self.decisions.workload
        if self._new_arrivals:
            workload = workload.redrawn(int(self._generators[at].integers(LARGEST_SEED)))
        for stacked, array in zip(self._runs, self.decisions.start(workload), strict=True):
            stacked[at, : len(array)] = array

    def _advance(self, runs: Run, actions: NDArray[np.int64]) -> Features:
        out = np.empty((self.num_envs, self.decisions.width), dtype=np.float32)
        bounds = np.linspace(0, self.num_envs, self._threads + 1).astype(int).tolist()
        if self._pool is None:
            self._share(runs, 0, self.num_envs, actions, out)
            return out
        shares = [
            self._pool.submit(self._share, runs, first, end, actions, out)
            for first, end in itertools.pairwise(bounds)
        ]
        for share in shares:
            share.result()
        return out

    def _share(
        self, runs: Run, first: int, end: int, actions: NDArray[np.int64], out: Features
    ) -> None:
        decisions = self.decisions
        step_many(
            decisions.workload.case,
            runs,
            first,
            end,
            actions,
            state.NEVER,
            decisions.scale,
            decisions.window,
            decisions.slots,
            out,
            self._mask,
            self._totals,
            self._statuses,
        )

    def _reset_ended(
        self, runs: Run, observation: Features, over: NDArray[np.bool_]
    ) -> dict[str, Any]:
        """Begin new episodes where they ended, and return what is told about the old ones."""
        rows = np.flatnonzero(over).tolist()
        final = np.zeros_like(observation)
        metrics: dict[str, NDArray[np.float64]] = {}
        final[rows] = observation[rows]
        for at in rows:
            for name, value in metrics_of(Run._make(array[at] for array in runs)).items():
                metrics.setdefault(name, np.full(self.num_envs, np.nan))[at] = value
            self._restart(at)
            first = np.zeros(self.num_envs, dtype=np.int64)
            self._share(runs, at, at + 1, first, observation)
            self._totals[at] = 0.0
        return {
            "final_obs": final,
            "_final_obs": over.copy(),
            "final_info": {"metrics": metrics},
            "_final_info": over.copy(),
        }


def _empty_stack(run: Run, count: int) -> Run:
    """Return room for so many runs, no larger than the given one."""
    return Run._make(np.zeros((count, *array.shape), dtype=array.dtype) for array in run)
