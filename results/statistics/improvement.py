"""How likely a run of one agent is better than a run of another.

On one problem that is P(X > Y) + P(X = Y) / 2 over all pairs of their runs, the Mann-Whitney
statistic over the number of pairs; over several problems the mean. Ties count half, so that the
two directions add up to 1. Source: Agarwal et al., NeurIPS 2021, after Mann and Whitney, 1947.
"""

from __future__ import annotations

import numpy as np

from archgym.results.statistics import Floats, Strata
from archgym.results.statistics.bootstrap import RESAMPLES, percentile_interval, resample


def probability_of_improvement(scores: Strata, others: Strata) -> Floats:
    """Return the probability that a run of the first is better than one of the second.

    Args:
        scores: One array per problem, shape (..., seeds).
        others: The same problems in the same order; seeds may be others and more or fewer.
    """
    each = [_of_pairs(own, other) for own, other in zip(scores, others, strict=True)]
    return np.asarray(np.mean(each, axis=0))


def improvement_interval(
    scores: Strata, others: Strata, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % stratified bootstrap interval of that probability."""
    rng = np.random.default_rng(seed)
    drawn = resample(scores, resamples, rng), resample(others, resamples, rng)
    return percentile_interval(probability_of_improvement(*drawn))


def _of_pairs(own: Floats, other: Floats) -> Floats:
    mine, theirs = np.asarray(own)[..., :, None], np.asarray(other)[..., None, :]
    wins = np.count_nonzero(mine > theirs, axis=(-2, -1))
    ties = np.count_nonzero(mine == theirs, axis=(-2, -1))
    return np.asarray((wins + 0.5 * ties) / (mine.shape[-2] * theirs.shape[-1]))
