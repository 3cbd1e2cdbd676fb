"""The best found so far, by evaluations or by seconds, as step functions.

A curve is given by its steps: ``at``, increasing positions (evaluations spent, the improving one
counted, or seconds of agent and cost model), and ``values``, the best so far from that position
on. Before the first step nothing was found: ``start`` says what that is worth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.results.statistics import Floats
from archgym.results.statistics.bootstrap import RESAMPLES, percentile_band


def improvements(rewards: Floats) -> NDArray[np.int64]:
    """Return the rows at which the best reward so far improves; the first row is always one."""
    best = np.maximum.accumulate(rewards)
    better = np.r_[True, best[1:] > best[:-1]][: len(best)]
    return np.flatnonzero(better)


def curve_on(at: Floats, values: Floats, grid: Floats, start: float = 0.0) -> Floats:
    """Return a curve's values on a grid of positions, shape (len(grid),)."""
    before = np.concatenate([[start], values])
    return np.asarray(before[np.searchsorted(at, grid, side="right")])


def area_under(at: Floats, values: Floats, end: float, start: float = 0.0) -> float:
    """Return the mean height of a curve between 0 and ``end``, exactly."""
    edges = np.clip(np.concatenate([[0.0], at, [end]]), 0.0, end)
    heights = np.concatenate([[start], values])
    return float(np.sum(np.diff(edges) * heights) / end)


def mean_best_so_far(at: Floats, values: Floats, budget: int, start: float = 0.0) -> float:
    """Return the mean, over the evaluations of a budget, of the best after each of them.

    It is the area under the curve by evaluations: 1 is a search whose first design scores 1.
    """
    return area_under(np.asarray(at) - 1.0, values, budget, start)


def first_reaching(at: Floats, values: Floats, target: float) -> float:
    """Return the position at which a curve first reaches a target, infinity if it never does."""
    reached = np.flatnonzero(np.asarray(values) >= target)
    return float(at[reached[0]]) if len(reached) else np.inf


def mean_curve(curves: list[Floats]) -> Floats:
    """Return the mean over problems of the mean over seeds, on one grid.

    Args:
        curves: One array per problem, shape (seeds, len(grid)).
    """
    return np.asarray(np.mean([rows.mean(axis=0) for rows in curves], axis=0))


def curve_band(
    curves: list[Floats], resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return the 95 % stratified bootstrap interval of `mean_curve` at every position."""
    rng = np.random.default_rng(seed)
    drawn = []
    for rows in curves:
        seeds = len(rows)
        times = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=resamples)
        drawn.append(times @ rows / seeds)
    return percentile_band(np.mean(drawn, axis=0))
