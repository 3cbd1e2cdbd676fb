"""What a team experienced, kept for learning again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_FIRST_CAPACITY = 256


@dataclass(frozen=True)
class Transitions:
    """N steps of a team.

    Attributes:
        observations: (N, A, observation_size), before the step.
        index: int64 (N, A, K), choices.
        raw: (N, A, D), numbers before they are squashed.
        rewards: (N, A).
        following: (N, A, observation_size), after the step.
        terminated: (N, A), 1 where nothing can be earned after the step.
        weights: (N, A), 0 where a step says nothing about an agent.
    """

    observations: Any
    index: Any
    raw: Any
    rewards: Any
    following: Any
    terminated: Any
    weights: Any


NAMES = tuple(field.name for field in fields(Transitions))


class ReplayBuffer:
    """A ring of transitions.

    Args:
        capacity: How many are kept; the oldest are forgotten.
    """

    def __init__(self, capacity: int):
        self._capacity, self._added = capacity, 0
        self._columns: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return min(self._added, self._capacity)

    def add(self, transitions: Transitions) -> None:
        """Keep N transitions given as arrays."""
        count = len(transitions.rewards)
        self._reserve(transitions, min(self._added + count, self._capacity))
        rows = (self._added + np.arange(count)) % self._capacity
        for name in NAMES:
            self._columns[name][rows] = getattr(transitions, name)
        self._added += count

    def column(self, name: str) -> NDArray[Any]:
        """Return one column of everything kept."""
        return self._columns[name][: len(self)]

    def sample(
        self, rng: np.random.Generator, count: int
    ) -> tuple[NDArray[np.int64], Transitions]:
        """Return the rows of ``count`` random transitions and their tensors."""
        rows = rng.integers(len(self), size=count)
        drawn: dict[str, Tensor] = {
            name: torch.from_numpy(self._columns[name][rows]) for name in NAMES
        }
        return rows, Transitions(**drawn)

    def _reserve(self, like: Transitions, rows: int) -> None:
        for name in NAMES:
            given, column = np.asarray(getattr(like, name)), self._columns.get(name)
            if column is None or rows > len(column):
                size = min(max(_FIRST_CAPACITY, 2 * rows), self._capacity)
                grown = np.zeros((size, *given.shape[1:]), dtype=given.dtype)
                if column is not None:
                    grown[: len(column)] = column
                self._columns[name] = grown
