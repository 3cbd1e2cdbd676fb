"""One number for the scores of an agent on several problems.

Every function takes one array per problem, shape (..., seeds), and reduces the last axis and the
problems: so thousands of resamples are one call. Source: Agarwal et al., Deep reinforcement
learning at the edge of the statistical precipice, NeurIPS 2021.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from archgym.results.statistics import Floats, Strata

Aggregate = Callable[[Strata], Floats]
_TRIMMED = 0.25


def mean(strata: Strata) -> Floats:
    """Return the mean over problems of the mean over seeds: problems count alike."""
    return np.asarray(np.mean(_problem_means(strata), axis=0))


def median(strata: Strata) -> Floats:
    """Return the median over problems of the mean over seeds."""
    return np.asarray(np.median(_problem_means(strata), axis=0))


def interquartile_mean(strata: Strata) -> Floats:
    """Return the mean of the middle half of all runs: the lowest and highest quarter are left out.

    Of n runs the floor(n / 4) lowest and as many highest are left out, as in scipy's
    ``trim_mean``. Less moved by outliers than the mean, and steadier than the median.
    """
    runs = np.sort(np.concatenate(strata, axis=-1), axis=-1)
    cut = int(_TRIMMED * runs.shape[-1])
    middle: Floats = runs[..., cut : runs.shape[-1] - cut]
    return np.asarray(middle.mean(axis=-1))


def optimality_gap(strata: Strata, target: float = 1.0) -> Floats:
    """Return by how much runs miss a target score, in the mean; beyond it nothing is gained."""
    return mean([np.maximum(target - scores, 0.0) for scores in strata])


def _problem_means(strata: Strata) -> list[Floats]:
    return [np.asarray(scores).mean(axis=-1) for scores in strata]
