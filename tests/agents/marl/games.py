"""Small games with known solutions, as PettingZoo environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

NOTHING = spaces.Box(0.0, 1.0, (1,), np.float32)
# Two equilibria pay 10; whoever plays for one while the other plays for the other loses 4. With
# a loss above 8 independent learners are known to settle for the safe 2.
PENALTY = np.array([[10.0, 0.0, -4.0], [0.0, 2.0, 0.0], [-4.0, 0.0, 10.0]])
# Payoff of the row player; 0 keeps silent, 1 betrays. Betraying dominates, silence pays both more.
PRISONERS = np.array([[3.0, 0.0], [5.0, 1.0]])


class OneStepGame(ParallelEnv):
    """All act once; rewards are a function of the actions."""

    metadata = {"name": "one_step_game", "is_parallelizable": True, "render_modes": []}  # noqa: RUF012

    def __init__(self, actions: Mapping[str, Any], reward: Callable[..., Mapping[str, float]]):
        self.possible_agents = list(actions)
        self.agents = list(actions)
        self._actions, self._reward = dict(actions), reward

    def action_space(self, agent):
        return self._actions[agent]

    def observation_space(self, agent):
        return NOTHING

    def reset(self, seed=None, options=None):
        self.agents = list(self.possible_agents)
        return {a: np.zeros(1, np.float32) for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions):
        rewards, played = dict(self._reward(actions)), self.possible_agents
        self.agents = []
        seen = {a: np.zeros(1, np.float32) for a in played}
        over = dict.fromkeys(played, True), dict.fromkeys(played, False)
        return seen, rewards, *over, {a: {} for a in played}


def matrix_game(payoffs: np.ndarray, shared: bool) -> OneStepGame:
    """Return a symmetric two-player game; with ``shared`` both earn the mean of their payoffs."""

    def reward(actions):
        row, column = (int(actions[name]) for name in ("row", "column"))
        own = payoffs[row, column], payoffs[column, row]
        return dict(zip(("row", "column"), [np.mean(own)] * 2 if shared else own, strict=True))

    choices = spaces.Discrete(len(payoffs))
    return OneStepGame({"row": choices, "column": choices}, reward)


class MixedGame(OneStepGame):
    """One agent sets a number, one two choices, one a single choice; each has one best action."""

    BEST = 0.5, (2, 1), 3

    def __init__(self):
        actions = {
            "dial": spaces.Box(-1.0, 3.0, (1,), np.float32),
            "pair": spaces.MultiDiscrete([3, 2]),
            "switch": spaces.Discrete(4),
        }
        super().__init__(actions, self._judge)

    def _judge(self, actions):
        number, pair, switch = self.BEST
        total = -abs(float(actions["dial"][0]) - number)
        total += float(np.sum(np.asarray(actions["pair"]) == pair)) + (actions["switch"] == switch)
        return dict.fromkeys(self.possible_agents, total)


class LeavingGame(ParallelEnv):
    """Two agents walk for four steps; the second leaves after two. Each earns 1 for action 1."""

    metadata = {"name": "leaving", "is_parallelizable": True, "render_modes": []}  # noqa: RUF012
    STEPS, LEAVES = 4, 2

    def __init__(self):
        self.possible_agents, self.agents, self._step = ["stays", "leaves"], [], 0
        self.state_space = spaces.Box(0.0, 1.0, (1,), np.float32)
        self._space, self._seen = spaces.Discrete(2), spaces.Discrete(3)

    def action_space(self, agent):
        return self._space

    def observation_space(self, agent):
        return self._seen

    def state(self):
        return np.array([self._step / self.STEPS], np.float32)

    def reset(self, seed=None, options=None):
        self.agents, self._step = list(self.possible_agents), 0
        return dict.fromkeys(self.agents, 0), {a: {} for a in self.agents}

    def step(self, actions):
        self._step += 1
        played = list(self.agents)
        gone = {a: a == "leaves" and self._step == self.LEAVES for a in played}
        cut = dict.fromkeys(played, self._step == self.STEPS)
        self.agents = [a for a in played if not (gone[a] or cut[a])]
        rewards = {a: float(actions[a]) for a in played}
        return dict.fromkeys(played, 1), rewards, gone, cut, {a: {} for a in played}
