"""95 % bootstrap intervals of means, by the percentile method; seeded, so they are repeatable."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RESAMPLES = 2_000
_PERCENTILES = 2.5, 97.5
_RANKS = np.arange(_RESAMPLES)


def mean_interval(values: Floats) -> tuple[float, float]:
    """Return the interval of a mean."""
    means = np.sort(_weights(len(values)) @ values)
    low, high = np.interp(np.divide(_PERCENTILES, 100.0) * (_RESAMPLES - 1), _RANKS, means)
    return float(low), float(high)


@lru_cache(maxsize=16)
def _weights(count: int) -> Floats:
    """Return how much each of ``count`` values weighs in the mean of each resample."""
    drawn = np.random.default_rng(0).integers(count, size=(_RESAMPLES, count))
    weights = np.zeros((_RESAMPLES, count))
    np.add.at(weights, (np.arange(_RESAMPLES)[:, None], drawn), 1.0 / count)
    return weights


def stratified_interval(strata: Sequence[Floats]) -> tuple[float, float]:
    """Return the interval of the mean of the strata's means: each stratum is drawn anew by itself.

    Source: Agarwal et al., Deep reinforcement learning at the edge of the statistical precipice,
    NeurIPS 2021.
    """
    rng = np.random.default_rng(0)
    means = [
        values[rng.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1)
        for values in strata
    ]
    low, high = np.percentile(np.mean(means, axis=0), _PERCENTILES)
    return float(low), float(high)
