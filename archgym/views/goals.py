"""Goals that change from episode to episode, and moves on the grid of a space, as in AutoCkt.

AutoCkt (Settaluri et al., DATE 2020): an episode begins in the middle of the grid with targets
drawn at random; each action moves every parameter by one step down, up, or not at all; policies
see the metrics and the targets, so one policy learns to meet any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.metric import Metric
from archgym.objective_forms import AUTOCKT_BONUS, AUTOCKT_CLOSE
from archgym.outcome import Floats, Outcomes, Status
from archgym.parameter import Codes
from archgym.problem import Problem
from archgym.views.actions import AxisGrid

STEPS = (-1, 0, 1)


@dataclass(frozen=True)
class Goals:
    """The metrics that have targets, and the ranges that these are drawn from.

    Attributes:
        metrics: In the order of observations.
        low: float64 (k,).
        high: float64 (k,).
        close: Targets count as met where the normalised misses sum to no less, at most 0.
    """

    metrics: tuple[Metric, ...]
    low: Floats
    high: Floats
    close: float = AUTOCKT_CLOSE

    @cached_property
    def _middle(self) -> Floats:
        return np.asarray(0.5 * (self.low + self.high))

    @cached_property
    def _signs(self) -> Floats:
        return np.array([1.0 if m.direction == "maximize" else -1.0 for m in self.metrics])

    def draw(self, rng: np.random.Generator, count: int) -> Floats:
        """Return targets (count, k): uniform where values may be negative, else log-uniform."""
        share = rng.random((count, len(self.metrics)))
        columns = [
            low + u * (high - low) if metric.signed else low * (high / low) ** u
            for metric, low, high, u in zip(
                self.metrics, self.low, self.high, share.T, strict=True
            )
        ]
        return np.stack(columns, axis=1)

    def given(self, targets: Mapping[str, float]) -> Floats:
        """Return targets (k,) by name.

        Raises:
            SettingError: A goal's target is missing, or another metric is named.
        """
        names = [metric.name for metric in self.metrics]
        if set(targets) != set(names):
            raise SettingError(f"targets need exactly {', '.join(names)}, not {list(targets)}")
        return np.array([float(targets[name]) for name in names])

    def values(self, outcomes: Outcomes) -> Floats:
        """Return the goals' metrics (n, k), NaN where there is none or the design is not ok."""
        values = np.stack([outcomes.metrics[metric.name] for metric in self.metrics], axis=1)
        values[outcomes.status != Status.OK] = np.nan
        return values

    def relative(self, values: Floats) -> Floats:
        """Return values (n, k) relative to the middle of their ranges, in [-1, 1]; 0 for none.

        Ranges lie above 0.
        """
        size = np.abs(values) + self._middle
        relative = (values - self._middle) / size
        return np.where(np.isnan(relative), 0.0, relative)

    def reward(self, values: Floats, targets: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return AutoCkt's reward (n,), and whether the targets are met closely enough."""
        gaps = self._signs * (values - targets) / (np.abs(values) + np.abs(targets))
        misses = np.where(np.isnan(gaps), -1.0, np.minimum(gaps, 0.0))
        total = misses.sum(axis=1)
        close = total >= self.close
        return np.where(close, AUTOCKT_BONUS, total), close


class Moves:
    """Steps along the axes that have more than one value."""

    def __init__(self, problem: Problem):
        space = problem.space
        grid, sizes = AxisGrid(space.axes), AxisGrid(space.axes).sizes
        ladder = np.arange(sizes.max())[:, None]
        self._codes = grid.codes(np.minimum(ladder, sizes - 1))
        self._columns = np.arange(len(sizes))
        self._moving = np.flatnonzero(sizes > 1)
        self._start = sizes // 2
        self._last = sizes - 1
        self.count = len(self._moving)

    def start(self, count: int) -> NDArray[np.int64]:
        """Return indices (count, axes) in the middle of the grid."""
        return np.tile(self._start, (count, 1))

    def apply(self, index: NDArray[np.int64], actions: Any) -> NDArray[np.int64]:
        """Return the indices after actions (n, count) of 0 (down), 1 (stay), 2 (up)."""
        moved = index.copy()
        moved[:, self._moving] += np.take(STEPS, np.asarray(actions))
        return np.clip(moved, 0, self._last)

    def codes(self, index: NDArray[np.int64]) -> Codes:
        """Return the codes of indices."""
        return np.asarray(self._codes[index, self._columns])

    def shares(self, index: NDArray[np.int64]) -> Floats:
        """Return how far along its axis each index is, (n, count) in [0, 1]."""
        return np.asarray(index[:, self._moving] / self._last[self._moving])
