"""What the agents of a team choose, in one padded layout.

Every agent decides some choices (an index each, for discrete and multi-discrete spaces) and some
numbers in [-1, 1] (for boxes). Arrays over a team are padded to the largest agent: with N samples,
A agents, at most K choices of at most V values and D numbers, indices have the shape (N, A, K) and
numbers (N, A, D). Padding is a choice of one value, or a number that nobody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from archgym.errors import SettingError

Index = NDArray[np.int64]

Allowed = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class TeamActions:
    """What a team chose: N samples of every agent's choices and numbers.

    Attributes:
        index: int64 (N, A, K).
        raw: float32 (N, A, D), numbers before they are squashed.
    """

    index: Index
    raw: Floats

    def __len__(self) -> int:
        return len(self.index)

    @property
    def numbers(self) -> Floats:
        """The numbers, squashed into [-1, 1]."""
        return np.tanh(self.raw)

    def select(self, rows: Any) -> TeamActions:
        """Return the samples that a numpy index, slice or mask picks."""
        return TeamActions(self.index[rows], self.raw[rows])


def concatenate_actions(parts: Sequence[TeamActions]) -> TeamActions:
    """Return the samples of all parts, in order."""
    return TeamActions(
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.raw for part in parts]),
    )


@dataclass(frozen=True)
class ActionLayout:
    """Who chooses what.

    Attributes:
        choices: Per agent the number of values of each of its choices.
        numbers: Per agent how many numbers it chooses.
        forbidden: (agent, choice, value) that must never be chosen.
    """

    choices: tuple[tuple[int, ...], ...]
    numbers: tuple[int, ...]
    forbidden: tuple[tuple[int, int, int], ...] = ()

    @property
    def agents(self) -> int:
        """A."""
        return len(self.choices)

    @cached_property
    def most_choices(self) -> int:
        """K."""
        return max(len(sizes) for sizes in self.choices)

    @cached_property
    def most_values(self) -> int:
        """V, at least 1."""
        return max((size for sizes in self.choices for size in sizes), default=1)

    @cached_property
    def most_numbers(self) -> int:
        """D."""
        return max(self.numbers)

    @cached_property
    def allowed(self) -> Allowed:
        """Which values may be chosen, shape (A, K, V); padding has its first value only."""
        allowed = np.zeros((self.agents, self.most_choices, self.most_values), dtype=bool)
        allowed[:, :, 0] = True
        for agent, sizes in enumerate(self.choices):
            for choice, size in enumerate(sizes):
                allowed[agent, choice, :size] = True
        for place in self.forbidden:
            allowed[place] = False
        return allowed

    @cached_property
    def real_numbers(self) -> Allowed:
        """Which numbers are read, shape (A, D)."""
        return np.arange(self.most_numbers) < np.array(self.numbers)[:, None]

    @cached_property
    def largest_entropy(self) -> NDArray[np.float64]:
        """Entropy of each agent's uniform distribution over its choices in nats, shape (A,)."""
        return np.asarray(np.log(self.allowed.sum(axis=2)).sum(axis=1))


def layout_of(action_spaces: Sequence[spaces.Space[Any]]) -> ActionLayout:
    """Return the layout of Gymnasium's spaces, one per agent.

    Raises:
        SettingError: A space is neither discrete, multi-discrete nor a bounded box.
    """
    choices, numbers = [], []
    for space in action_spaces:
        bounded = isinstance(space, spaces.Box) and space.is_bounded()
        if not (bounded or isinstance(space, spaces.Discrete | spaces.MultiDiscrete)):
            raise SettingError(
                f"actions are discrete, multi-discrete or a bounded box, not {space}"
            )
        choices.append(_sizes(space))
        numbers.append(int(np.prod(space.shape)) if bounded and space.shape is not None else 0)
    return ActionLayout(tuple(choices), tuple(numbers))


def native_action(space: spaces.Space[Any], index: Index, numbers: Floats) -> Any:
    """Return what an agent does as an element of its Gymnasium space.

    Args:
        space: The agent's action space.
        index: Its choices, shape (K,).
        numbers: Its squashed numbers, shape (D,).
    """
    if isinstance(space, spaces.Discrete):
        return int(space.start) + int(index[0])
    if isinstance(space, spaces.MultiDiscrete):
        return space.start + index[: space.nvec.size].reshape(space.nvec.shape)
    assert isinstance(space, spaces.Box)
    unit = (numbers[: int(np.prod(space.shape))].reshape(space.shape) + 1.0) / 2.0
    scaled = space.low + unit * (space.high - space.low)
    return np.clip(scaled, space.low, space.high).astype(space.dtype)


def _sizes(space: spaces.Space[Any]) -> tuple[int, ...]:
    if isinstance(space, spaces.Discrete):
        return (int(space.n),)
    if isinstance(space, spaces.MultiDiscrete):
        return tuple(int(size) for size in space.nvec.reshape(-1))
    return ()
