"""Performance profiles: the share of runs that score more than each of many thresholds.

One curve is one agent; one that lies above another everywhere is stochastically better. Source:
Agarwal et al., NeurIPS 2021, after Dolan and More, Benchmarking optimization software with
performance profiles, 2002.
"""

from __future__ import annotations

import numpy as np

from archgym.results.statistics import Floats, Strata
from archgym.results.statistics.bootstrap import RESAMPLES, percentile_band


def performance_profile(strata: Strata, thresholds: Floats) -> Floats:
    """Return, per threshold, the share of runs with a larger score; problems count alike."""
    shares = [_above(scores, thresholds).mean(axis=0) for scores in strata]
    return np.asarray(np.mean(shares, axis=0))


def profile_band(
    strata: Strata, thresholds: Floats, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return the 95 % stratified bootstrap interval at every threshold, low and high."""
    rng = np.random.default_rng(seed)
    shares = [_resampled(_above(scores, thresholds), resamples, rng) for scores in strata]
    return percentile_band(np.mean(shares, axis=0))


def _above(scores: Floats, thresholds: Floats) -> Floats:
    return (np.asarray(scores)[:, None] > np.asarray(thresholds)[None, :]).astype(np.float64)


def _resampled(above: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Return the shares of runs drawn anew, (resamples, thresholds): how often each was drawn."""
    seeds = len(above)
    times = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=resamples)
    return np.asarray(times @ above / seeds)
