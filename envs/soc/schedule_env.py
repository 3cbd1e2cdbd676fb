"""Scheduling as a sequence of decisions: one Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.engine.stepping import step_many
from archgym.cost_models.soc.schedule.governor import governors_of
from archgym.cost_models.soc.schedule.model import metrics_of
from archgym.cost_models.soc.schedule.stepwise import Decisions, Features, Mask
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.checks import at_least_one, one_of

WINDOW, SLOTS = 24, 8
LARGEST_SEED = 2**31 - 1


def decisions_of(evaluator: Evaluator, window: int, slots: int, governor: str | None) -> Decisions:
    """Return how decisions of a problem are presented.

    Raises:
        SettingError: Sizes that make no sense.
        UnknownNameError: There is no such governor on the platform.
    """
    workload, settings = evaluator.problem.workload, evaluator.problem.settings
    if governor is not None:
        one_of("governor", governor, governors_of(workload.platform))
    if at_least_one("slots", slots) > at_least_one("window", window):
        raise SettingError(f"slots: {slots} are more than the window's {window} tasks")
    power = bool(settings["energy"] or settings["throttling"])
    return Decisions(workload, window, slots, governor, power, bool(settings["throttling"]))


def observation_space(decisions: Decisions) -> spaces.Space[Features]:
    """Return the space of observations; all features lie in [0, 1]."""
    return spaces.Box(0.0, 1.0, (decisions.width,), np.float32)


class ScheduleEnv(gymnasium.Env[Features, Any]):
    """One ready task gets its PE each step, in any order, until the last job is complete.

    Observation: a vector of features in [0, 1]; ``env.decisions.split`` gives its parts shaped as
    graphs: tasks of the live window with adjacency, PEs, and pairs of ready tasks and PEs (see
    `cost_models.soc.schedule.engine.observing`).
    Action: slot x PEs + PE, where slots hold the first ready tasks without a PE.
    ``action_masks()`` and ``info["action_mask"]`` say which are legal; an illegal action stands
    for the legal one at its place modulo their number. Tasks of one job wait for a PE in the
    order in which they were assigned.
    Reward: minus the time, in us, that all jobs in the system spent there since the last
    decision; the rewards of an episode sum to minus the sum of all latencies.
    Episode: ends with the last job; then ``info["metrics"]`` holds what the cost model measures.
    Arrivals that a process draws are drawn anew for each episode, from the seed of ``reset``.

    Args:
        evaluator: Of the problem.
        window: Tasks that are shown.
        slots: Ready tasks that may be chosen.
        governor: Who sets frequencies.
        new_arrivals: Whether each episode has its own arrivals, or all have the workload's.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        evaluator: Evaluator,
        window: int = WINDOW,
        slots: int = SLOTS,
        governor: str = "performance",
        new_arrivals: bool = True,
    ):
        self.evaluator, self.problem = evaluator, evaluator.problem
        self.decisions = decisions_of(evaluator, window, slots, governor)
        self.observation_space = observation_space(self.decisions)
        self.action_space = spaces.Discrete(self.decisions.actions)
        self._new_arrivals = new_arrivals
        self._mask: Mask = np.zeros(self.decisions.actions, dtype=np.int8)
        self._run: Run | None = None
        self._total = 0.0

    def action_masks(self) -> Any:
        """Return which actions are legal, bool (actions,)."""
        return self._mask.astype(bool)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        workload = self.decisions.workload
        if self._new_arrivals:
            workload = workload.redrawn(int(self.np_random.integers(LARGEST_SEED)))
        self._run = self.decisions.start(workload)
        observation, _, _ = self._advance(self._run, 0)
        self._total = 0.0
        return observation, {"action_mask": self._mask.copy()}

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        if self._run is None:
            raise gymnasium.error.ResetNeeded("an episode begins with reset()")
        observation, total, status = self._advance(self._run, int(action))
        reward, self._total = self._total - total, total
        info: dict[str, Any] = {"action_mask": self._mask.copy()}
        over = status == state.OVER
        if over:
            info["metrics"] = metrics_of(self._run)
            self._run = None
        return observation, reward, over, False, info

    def close(self) -> None:
        """End the cost model's process where it has one of its own."""
        self.evaluator.close()

    def _advance(self, run: Run, action: int) -> tuple[Features, float, int]:
        out, mask, total, status = advance_one(self.decisions, run, action, state.NEVER)
        self._mask = mask
        return out, total, status


def advance_one(
    decisions: Decisions, run: Run, action: int, until: int
) -> tuple[Features, Mask, float, int]:
    """Make one step of one run; return observation, mask, time in system and status."""
    out = np.empty((1, decisions.width), dtype=np.float32)
    mask = np.empty((1, decisions.actions), dtype=np.int8)
    total, status = np.empty(1), np.empty(1, dtype=np.int64)
    step_many(
        decisions.workload.case,
        Run._make(array[None] for array in run),
        0,
        1,
        np.array([action]),
        until,
        decisions.scale,
        decisions.window,
        decisions.slots,
        out,
        mask,
        total,
        status,
    )
    return out[0], mask[0], total.item(), status.item()
