"""95 % bootstrap intervals of means; see `archgym.results.statistics.bootstrap`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from archgym.results.statistics import Floats, Strata
from archgym.results.statistics.aggregates import mean
from archgym.results.statistics.bootstrap import BOUNDS, RESAMPLES, bootstrap_interval, resample


def mean_interval(values: Floats) -> tuple[float, float]:
    """Return the interval of a mean: `stratified_interval` of one stratum, quickly.

    Boards have thousands of rows with as many values each, and so with the same draws.
    """
    means = np.sort(_counts(len(values)) @ values / len(values))
    low, high = np.interp(np.multiply(BOUNDS, len(means) - 1), np.arange(len(means)), means)
    return float(low), float(high)


@lru_cache(maxsize=16)
def _counts(values: int) -> Floats:
    """Return how often each of some values is drawn in each resample, (resamples, values)."""
    (drawn,) = resample([np.arange(values, dtype=float)], RESAMPLES, np.random.default_rng(0))
    counts = np.zeros((RESAMPLES, values))
    np.add.at(counts, (np.arange(RESAMPLES)[:, None], drawn.astype(np.intp)), 1.0)
    return counts


def stratified_interval(strata: Strata) -> tuple[float, float]:
    """Return the interval of the mean of the strata's means: each stratum is drawn anew."""
    return bootstrap_interval(strata, mean)
