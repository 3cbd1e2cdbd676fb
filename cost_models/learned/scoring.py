"""How well a surrogate predicts rows that it has not seen, and intervals that hold them.

Intervals are split conformal: as wide as nine tenths of the errors on rows that were used for
nothing else, so that they hold nine tenths of rows drawn in the same way, whatever the kind.

Source: Lei et al., Distribution-free predictive inference for regression, JASA 113, 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.learned.rows import Rows
from archgym.metric import Metric
from archgym.outcome import Floats

if TYPE_CHECKING:
    from archgym.cost_models.learned.model import LearnedModel

Score = dict[str, float | None]
COVERAGE = 0.9
# Of the best so many designs, or a fifth of fewer than a hundred, how many are found.
_BEST, _SHARE_OF_FEW = 20, 0.2
_R2, _ROWS = "r2", "rows"


def scores(model: LearnedModel, rows: Rows) -> dict[str, Score]:
    """Return, per learnt metric, how well a surrogate predicts rows that it has not seen.

    Returns:
        On the scale on which it is learnt ``r2``, and in standard deviations ``mae`` and
        ``interval``, the mean width of the 90 % interval. In the metric's own unit ``rrmse``,
        the root of the mean squared error over the mean magnitude; ``mape`` and
        ``median_relative_error``, where values are not 0; ``tau``, Kendall's; ``found``, which
        share of the 20 designs (of fewer than 100 rows: of a fifth) predicted to be best is as
        good as the 20th best. ``coverage``, how many values the interval holds; ``rows``, how
        many there are. What cannot be said is None. Of several workloads each is scored by
        itself, so that telling these apart earns nothing, and the mean of all is returned;
        ``r2`` is of the variance within workloads.
    """
    parts = list(rows.by_workload().values())
    found = [_scores_of_one(model, part) for part in parts]
    return found[0] if len(parts) == 1 else _of_several(found, _r2_within(model, parts))


def _of_several(found: Sequence[dict[str, Score]], r2: Score) -> dict[str, Score]:
    names = [name for name in r2 if any(name in one for one in found)]
    scored = {name: [one[name] for one in found if name in one] for name in names}
    return {
        name: {key: _mean(key, [score[key] for score in several]) for key in several[0]}
        | {_R2: r2[name]}
        for name, several in scored.items()
    }


def _r2_within(model: LearnedModel, parts: Sequence[Rows]) -> Score:
    """Return which share of the variance within workloads is explained, per learnt metric."""
    missed, spread = np.zeros((2, len(model.scales.names)))
    for part in parts:
        told, said = model.scales.standardise(of_feasible(part)), model.beliefs_of(part).mean
        for at, (true, mean) in enumerate(zip(told.T, said.T, strict=True)):
            known = np.isfinite(true)
            missed[at] += np.sum((mean - true)[known] ** 2)
            # What is the same for all has a variance of rounding, which is none.
            if known.any() and np.ptp(true[known]):
                spread[at] += np.sum((true[known] - true[known].mean()) ** 2)
    return {
        name: 1.0 - float(m / s) if s > 0.0 else None
        for name, m, s in zip(model.scales.names, missed, spread, strict=True)
    }


def _mean(key: str, values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if key == _ROWS:
        return sum(known)
    return sum(known) / len(known) if known else None


def _scores_of_one(model: LearnedModel, rows: Rows) -> dict[str, Score]:
    values = of_feasible(rows)
    told, said = model.scales.standardise(values), model.beliefs_of(rows)
    guessed, half = model.scales.restore(said.mean), said.sigma * model.half_widths
    found = {}
    for at, name in enumerate(model.scales.names):
        known = np.isfinite(told[:, at])
        if np.count_nonzero(known) > 1:
            true, error = told[known, at], (said.mean - told)[known, at]
            wide = half[known, at]
            row = {
                _R2: float(1.0 - np.mean(error**2) / true.var()) if np.ptp(true) else math.nan,
                "mae": float(np.abs(error).mean()),
                **_in_units(values[name][known], guessed[name][known], model.metric(name)),
                "coverage": _held(error, wide),
                "interval": float(2.0 * wide.mean()),
                _ROWS: int(np.count_nonzero(known)),
            }
            found[name] = {key: None if math.isnan(v) else v for key, v in row.items()}
    return found


def _held(error: Floats, wide: Floats) -> float:
    """Return which share of errors lies within the intervals; NaN where there are none."""
    return math.nan if np.isnan(wide).any() else float(np.mean(np.abs(error) <= wide))


def half_width(sigmas: Floats) -> float | None:
    """Return how many sigmas nine tenths of errors stay within; None if there are too few.

    Args:
        sigmas: Magnitudes of errors (n,), in sigmas, on rows that were used for nothing else.
    """
    rank = math.ceil((len(sigmas) + 1) * COVERAGE)
    return float(np.sort(sigmas)[rank - 1]) if rank <= len(sigmas) else None


def of_feasible(rows: Rows) -> dict[str, Floats]:
    """Return the metrics of feasible designs; those of others have no value."""
    return {name: np.where(rows.feasible, v, np.nan) for name, v in rows.metrics.items()}


def _in_units(true: Floats, guessed: Floats, metric: Metric) -> Mapping[str, float]:
    from scipy.stats import kendalltau

    error, size = np.abs(guessed - true), np.abs(true)
    relative = error[size > 0] / size[size > 0]
    largest = size.mean()
    return {
        "rrmse": float(np.sqrt(np.mean(error**2)) / largest) if largest else math.nan,
        "mape": float(relative.mean()) if relative.size else math.nan,
        "median_relative_error": float(np.median(relative)) if relative.size else math.nan,
        "tau": float(kendalltau(true, guessed).statistic),
        "found": _found(true, guessed, metric),
    }


def _found(true: NDArray[np.float64], guessed: Floats, metric: Metric) -> float:
    if metric.direction == "neutral" or np.isnan(guessed).any():
        return math.nan
    sign = 1.0 if metric.direction == "minimize" else -1.0
    best = max(1, min(_BEST, int(_SHARE_OF_FEW * len(true))))
    good = sign * true <= np.sort(sign * true)[best - 1]
    last = np.sort(sign * guessed)[best - 1]
    sure, tied = sign * guessed < last, sign * guessed == last
    # Of those guessed alike, which are chosen is left to chance: what is expected.
    drawn = (best - np.count_nonzero(sure)) * good[tied].mean()
    return float((np.count_nonzero(good[sure]) + drawn) / best)
