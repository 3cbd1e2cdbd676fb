"""95 % bootstrap intervals of means; see `archgym.results.statistics.bootstrap`."""

from __future__ import annotations

from archgym.results.statistics import Floats, Strata
from archgym.results.statistics.aggregates import mean
from archgym.results.statistics.bootstrap import bootstrap_interval


def mean_interval(values: Floats) -> tuple[float, float]:
    """Return the interval of a mean."""
    return bootstrap_interval([values], mean)


def stratified_interval(strata: Strata) -> tuple[float, float]:
    """Return the interval of the mean of the strata's means: each stratum is drawn anew."""
    return bootstrap_interval(strata, mean)
