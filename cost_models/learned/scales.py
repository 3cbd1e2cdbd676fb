"""Metrics on the scale on which they are learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from archgym.metric import Metric
from archgym.outcome import Floats

_SMALLEST = 1e-300


@dataclass(frozen=True)
class Scale:
    """One metric: the logarithm where values are positive by declaration, then standardised."""

    name: str
    log: bool
    mean: float
    deviation: float


@dataclass(frozen=True)
class MetricScales:
    """The learnt metrics in order: each is predicted given those before it."""

    scales: tuple[Scale, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return tuple(scale.name for scale in self.scales)

    @staticmethod
    def fitted(metrics: Sequence[Metric], values: Mapping[str, Floats]) -> MetricScales:
        """Return scales fitted on training rows; metrics without values there are left out."""
        scales = []
        for metric in metrics:
            # A metric that is declared positive but has other values is taken as it is.
            known = values[metric.name][np.isfinite(values[metric.name])]
            if len(known):
                log = not metric.signed and bool((known > 0).all())
                moved = np.log(known) if log else known
                deviation = float(moved.std())
                scales.append(Scale(metric.name, log, float(moved.mean()), deviation or 1.0))
        return MetricScales(tuple(scales))

    def standardise(self, values: Mapping[str, Floats]) -> Floats:
        """Return the metrics of n designs as (n, k); NaN where there is none."""
        columns = []
        for scale in self.scales:
            column = np.asarray(values[scale.name], dtype=np.float64)
            moved = np.log(np.maximum(column, _SMALLEST)) if scale.log else column
            columns.append((moved - scale.mean) / scale.deviation)
        return np.where(np.isfinite(stacked := np.stack(columns, axis=1)), stacked, np.nan)

    def restore(self, standardised: Floats) -> dict[str, Floats]:
        """Return metrics by name of standardised values (..., k)."""
        restored = {}
        for at, scale in enumerate(self.scales):
            moved = standardised[..., at] * scale.deviation + scale.mean
            restored[scale.name] = np.exp(moved) if scale.log else moved
        return restored

    def as_data(self) -> list[dict[str, Any]]:
        """Return the scales as plain data."""
        return [asdict(scale) for scale in self.scales]

    @staticmethod
    def of_data(data: Sequence[dict[str, Any]]) -> MetricScales:
        """Return the scales that `as_data` was made of."""
        return MetricScales(tuple(Scale(**scale) for scale in data))
