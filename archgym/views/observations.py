"""What policies see: bounded, finite float32 numbers.

Designs are points of the unit cube. Metrics are compared with those of the default design on a
logarithmic scale and squashed into (-1, 1): 0 as large, 0.39 twice as large, 0.74 ten times,
0.86 a hundred times, negative where smaller. A metric without a value is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.encodings import shrink
from archgym.metric import Metric
from archgym.outcome import Measurements, Status
from archgym.parameter import Codes
from archgym.problem import Problem
from archgym.space import DesignSpace

Features = NDArray[np.float32]
_SMALLEST_RATIO = 1e-12
_STATUSES = np.eye(len(Status), dtype=np.float32)


class DesignFeatures:
    """Unit-cube coordinates, and for conditional parameters whether they are active.

    Attributes:
        size: Number of features; each lies in [0, 1].
        owners: The parameter that each feature belongs to.
    """

    def __init__(self, space: DesignSpace):
        self._space = space
        self._scale = 1.0 / np.array([axis.size or 1 for axis in space.axes])
        self._real = [(at, axis) for at, axis in enumerate(space.axes) if axis.size is None]
        self._conditional = [p.name for p in space.parameters if p.active_when]
        axes = [name for name in space.names for _ in space[name].axes]
        self.owners = (*axes, *self._conditional)
        self.size = len(self.owners)

    def __call__(self, codes: Codes) -> NDArray[np.float64]:
        """Return the features of designs, shape (n, size); beyond the grid is its upper end."""
        unit = np.minimum((codes + 0.5) * self._scale, 1.0)
        for at, axis in self._real:
            unit[:, at] = np.clip(shrink(axis, codes[:, at]), 0.0, 1.0)
        if not self._conditional:
            return unit
        active = self._space.active(Batch(self._space, codes))
        return np.column_stack([unit, *(active[name] for name in self._conditional)])


class MetricFeatures:
    """Squashed metrics relative to the default design's, each in [-1, 1].

    Attributes:
        size: Number of features, one per declared metric.
    """

    def __init__(self, problem: Problem):
        metrics = problem.cost_model.metrics
        self.size = len(metrics)
        self._names = problem.metric_names
        self._signed = np.flatnonzero([metric.signed for metric in metrics])
        known = problem.default_measured.metrics
        scales = [_scale(metric, float(known[metric.name][0])) for metric in metrics]
        self._scale = np.array(scales)[:, None]
        self._origin = np.array([float(known[metrics[at].name][0]) for at in self._signed])
        self._origin = np.nan_to_num(self._origin, posinf=0.0, neginf=0.0)[:, None]

    def __call__(self, measured: Measurements) -> NDArray[np.float64]:
        """Return the features of measurements, shape (n, size)."""
        values = np.array([measured.metrics[name] for name in self._names])
        grown = values * self._scale
        np.log(np.maximum(grown, _SMALLEST_RATIO, out=grown), out=grown)
        if len(self._signed):
            signed = self._signed
            grown[signed] = (values[signed] - self._origin) * self._scale[signed]
        squashed = np.arctan(grown, out=grown)
        squashed *= 2.0 / np.pi
        missing = np.isnan(squashed)
        if np.count_nonzero(missing):
            squashed[missing] = 0.0
        return np.asarray(squashed.T)


def _scale(metric: Metric, value: float) -> float:
    """Return the factor that turns a metric's values into multiples of the default design's."""
    if metric.signed:
        return 1.0 / max(abs(value), 1.0) if np.isfinite(value) else 1.0
    return 1.0 / value if np.isfinite(value) and value > 0 else 1.0


class OutcomeFeatures:
    """A design, its metrics and its status; all zero before anything was evaluated.

    Attributes:
        low, high: Bounds of each feature, shape (size,).
        owners: The parameter that each feature belongs to, empty for metrics and status.
    """

    def __init__(self, problem: Problem):
        self._design, self._metrics = DesignFeatures(problem.space), MetricFeatures(problem)
        self._ends = self._design.size, self._design.size + self._metrics.size
        self.size = self._ends[1] + len(Status)
        self.owners = (*self._design.owners, *[""] * (self.size - self._design.size))
        self.high = np.ones(self.size, dtype=np.float32)
        self.low = np.zeros(self.size, dtype=np.float32)
        self.low[slice(*self._ends)] = -1.0

    def empty(self, count: int) -> Features:
        """Return the features of nothing, shape (count, size)."""
        return np.zeros((count, self.size), dtype=np.float32)

    def __call__(self, codes: Codes, measured: Measurements) -> Features:
        """Return the features of evaluated designs, shape (n, size)."""
        features = np.empty((len(codes), self.size), dtype=np.float32)
        start, end = self._ends
        features[:, :start] = self._design(codes)
        features[:, start:end] = self._metrics(measured)
        features[:, end:] = _STATUSES.take(measured.status, axis=0)
        return features
