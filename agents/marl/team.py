"""Many copies of one team, stepped together as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from gymnasium.spaces.utils import flatdim, flatten
from numpy.typing import NDArray

from archgym.agents.marl.layout import ActionLayout, TeamActions, layout_of, native_action
from archgym.errors import SettingError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Situation:
    """What N copies of a team see.

    Attributes:
        observations: (N, A, observation_size), padded with zeros to the largest agent's.
        state: (N, state_size), of the whole team.
        present: (N, A), 0 for agents whose episode is over while others go on.
    """

    observations: Floats
    state: Floats
    present: Floats


@dataclass(frozen=True)
class Step:
    """What a step of N copies brought.

    Attributes:
        situation: The next one; that of a new episode where one ended.
        rewards: (N, A).
        terminated: (N, A), where an agent's episode ended for good.
        cut: (N, A), where a time limit ended it.
        last: The situation in which episodes ended, else the same as ``situation``.
    """

    situation: Situation
    rewards: Floats
    terminated: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    last: Situation


class TeamVector(Protocol):
    """What trainers drive."""

    layout: ActionLayout
    observation_size: int
    state_size: int

    def reset(self) -> Situation:
        """Begin all episodes."""

    def step(self, actions: TeamActions) -> Step:
        """Let all copies act; episodes that end begin anew at once."""


class CopiesOfTeam:
    """Copies of any PettingZoo ``ParallelEnv``, stepped one after another.

    Observations are flattened. The state is the environment's own where it has one, else all
    observations side by side.

    Args:
        make: Makes one copy.
        copies: N.
        seed: Copy c resets its first episode with a seed drawn from it.

    Raises:
        SettingError: An action space is neither discrete, multi-discrete nor a bounded box.
    """

    def __init__(self, make: Callable[[], Any], copies: int, seed: int):
        self._envs = [make() for _ in range(copies)]
        self._rng = np.random.default_rng(seed)
        first = self._envs[0]
        self.names: list[str] = list(first.possible_agents)
        self.action_spaces = [first.action_space(name) for name in self.names]
        self._spaces = [first.observation_space(name) for name in self.names]
        self._sizes = [
            _size(name, space) for name, space in zip(self.names, self._spaces, strict=True)
        ]
        self.layout = layout_of(self.action_spaces)
        self.observation_size = max(self._sizes)
        self._own_state = getattr(first, "state_space", None) is not None
        self.state_size = (
            int(np.prod(first.state_space.shape)) if self._own_state else sum(self._sizes)
        )

    def reset(self) -> Situation:
        return _stack([self._begin(env) for env in self._envs])

    def step(self, actions: TeamActions) -> Step:
        numbers = actions.numbers
        results = [
            self._step(env, actions.index[at], numbers[at]) for at, env in enumerate(self._envs)
        ]
        return Step(
            _stack([step.situation for step in results]),
            np.concatenate([step.rewards for step in results]),
            np.concatenate([step.terminated for step in results]),
            np.concatenate([step.cut for step in results]),
            _stack([step.last for step in results]),
        )

    def _begin(self, env: Any) -> Situation:
        observations, _ = env.reset(seed=int(self._rng.integers(2**31)))
        return self.seen(env, observations)

    def _step(self, env: Any, index: Any, numbers: Any) -> Step:
        """Let one copy act."""
        acting = {
            name: native_action(self.action_spaces[at], index[at], numbers[at])
            for at, name in enumerate(self.names)
            if name in env.agents
        }
        observations, rewards, terminated, cut, _ = env.step(acting)
        last = self.seen(env, observations)
        following = last if env.agents else self._begin(env)
        return Step(
            following,
            self._row(rewards, np.float32),
            self._row(terminated, bool),
            self._row(cut, bool),
            last,
        )

    def _row(self, values: Mapping[str, Any], kind: type) -> NDArray[Any]:
        return np.array([[values.get(name, 0) for name in self.names]], dtype=kind)

    def seen(self, env: Any, observations: Mapping[str, Any]) -> Situation:
        """Return what one copy that gave these observations sees."""
        seen = np.zeros((1, len(self.names), self.observation_size), dtype=np.float32)
        for at, name in enumerate(self.names):
            if name in observations:
                flat: Any = flatten(self._spaces[at], observations[name])
                seen[0, at, : self._sizes[at]] = flat
        state = env.state() if self._own_state else self._side_by_side(seen[0])
        present = np.array([[name in env.agents for name in self.names]], dtype=np.float32)
        return Situation(seen, np.asarray(state, dtype=np.float32).reshape(1, -1), present)

    def _side_by_side(self, seen: Floats) -> Floats:
        return np.concatenate([row[:size] for row, size in zip(seen, self._sizes, strict=True)])


def _size(name: str, space: Any) -> int:
    try:
        return int(flatdim(space))
    except (NotImplementedError, ValueError):
        raise SettingError(f"observations of {name!r} cannot be flattened: {space}") from None


def _stack(parts: list[Situation]) -> Situation:
    return Situation(
        np.concatenate([part.observations for part in parts]),
        np.concatenate([part.state for part in parts]),
        np.concatenate([part.present for part in parts]),
    )
