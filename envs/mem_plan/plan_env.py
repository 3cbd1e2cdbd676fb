"""Memory plans built operator by operator, evictions among the choices if wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from archgym.cost_models.mem_plan.columns import BELADY, LRU, ORDER, REPLACEMENT, SCRATCHPAD
from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.local_search import bytes_moved
from archgym.envs.mem_plan.plan_state import NOTHING, PlanState
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.actions import Mask
from archgym.views.base import DesignEnv
from archgym.views.checks import one_of
from archgym.views.observations import Features

CHOSEN = "chosen"
EVICTIONS = (CHOSEN, LRU)
_PER_OPERATOR, _OVERALL = 7, 3
_PATIENCE = 4


class PlanEnv(DesignEnv):
    """Choose the operator that runs next; while its operands do not fit, choose what leaves.

    **Action.** Below n, the number of operators: run that one next. From n on (with evictions
    "chosen" alone): evict tensor ``action - n``. `action_masks`, also ``info["action_mask"]``,
    says what is possible: operators whose inputs exist, or, while one waits for room, the tensors
    on chip that it does not need. Anything else changes nothing; an episode that wastes too many
    steps in this way is truncated.

    **Observation.** Per operator and its output tensor: ran, ready, on chip, saved off chip,
    waits for room, share of its readers that are left, bytes over the capacity; then free
    room over the capacity, and bytes moved so far as m / (m + unit), and the share of operators
    that ran.

    **Reward.** Minus the bytes that a step writes off chip or fetches, over a unit: what the
    default design moves, or all tensors where that is nothing. An episode's return is minus the
    plan's non-compulsory bytes over the unit.

    **Info.** After the last operator ``plan_B``, the bytes that the plan moves, and ``evicted``,
    the tensors in the order in which they left; beside them, as in the generic views, the outcome
    of the evaluated design, which has the same order with replacement lru, or belady where
    evictions were chosen. The scratchpad is that of the default design.

    Args:
        evaluator: What evaluates the designs and counts them.
        evictions: Who chooses what leaves: "chosen" the agent, "lru" the least recently used.
    """

    def __init__(self, evaluator: Evaluator, evictions: str = CHOSEN):
        super().__init__(evaluator)
        self.evictions = one_of("evictions of style 'native'", evictions, EVICTIONS)
        if not isinstance(self.problem.workload, Graph):
            raise SettingError("style 'native' needs the graph whose operators it runs")
        self.graph, default = self.problem.workload, self.problem.space.default
        self._capacity = int(default[SCRATCHPAD][0])
        if self._capacity < self.graph.least_capacity:
            raise SettingError(f"style 'native': {self._capacity} B do not hold every operator")
        moved = float(self.problem.default_measured.metrics["non_compulsory_B"][0])
        self.unit = moved or float(sum(self.graph.sizes))
        n = len(self.graph)
        self.action_space = spaces.Discrete(2 * n if evictions == CHOSEN else n)
        self.observation_space = spaces.Box(0.0, 1.0, (_PER_OPERATOR * n + _OVERALL,), np.float32)
        self._users = np.maximum([len(users) for users in self.graph.users], 1)
        self._patience = _PATIENCE * int(self.action_space.n)
        self._begin()

    def _begin(self) -> None:
        self._state, self._wasted = PlanState(self.graph, self._capacity), 0
        self._evicted: list[int] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        self._begin()
        return self._observe(), self._mask_info()

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        before = self._state.moved
        if not self.action_masks()[int(action)]:
            self._wasted += 1
            cut = self._wasted >= self._patience
            return self._observe(), 0.0, False, cut, self._mask_info()
        self._act(int(action))
        reward = (before - self._state.moved) / self.unit
        info = self._outcome() if self._state.is_complete else {}
        return self._observe(), reward, self._state.is_complete, False, info | self._mask_info()

    def _act(self, action: int) -> None:
        if action < len(self.graph):
            self._state.choose(action)
        else:
            self._evict(action - len(self.graph))
        while self.evictions == LRU and self._state.pending != NOTHING:
            self._evict(self._state.least_recently_used())

    def _evict(self, tensor: int) -> None:
        self._state.evict(tensor)
        self._evicted.append(tensor)

    def _outcome(self) -> dict[str, Any]:
        replacement = BELADY if self.evictions == CHOSEN else LRU
        design = {ORDER: tuple(self._state.order), REPLACEMENT: replacement}
        _, _, info = self._reporter.evaluate(self.problem.space.encode([design]).codes)
        moved = bytes_moved(self.graph, self._state.plan(), self._capacity)
        return info | {"plan_B": moved, "evicted": list(self._evicted)}

    def action_masks(self) -> Mask:
        """Return which operators may run next, or which tensors may leave."""
        state = self._state
        runs = state.ready if state.pending == NOTHING else np.zeros_like(state.done)
        return np.concatenate([runs, state.evictable]) if self.evictions == CHOSEN else runs

    def _mask_info(self) -> dict[str, Any]:
        return {"action_mask": self.action_masks().astype(np.int8)}

    def _observe(self) -> Features:
        state, n = self._state, len(self.graph)
        waits = np.arange(n) == state.pending
        used = state.sizes[state.chip].sum()
        parts = [
            *(state.done, state.ready, state.chip, state.saved, waits),
            state.readers_left / self._users,
            np.minimum(state.sizes / self._capacity, 1.0),
            [max(1.0 - used / self._capacity, 0.0)],
            [state.moved / (state.moved + self.unit)],
            [len(state.order) / n],
        ]
        return np.concatenate(parts).astype(np.float32)
