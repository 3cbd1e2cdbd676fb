"""How good a configuration of an agent is, over several problems and seeds.

The score is the geometric mean of the best rewards found, so that every problem counts alike
whatever its scale: 2 means designs twice as good as the default design. A trial that found nothing
feasible counts as `WORST`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.results.intervals import mean_interval
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

WORST = 0.01


def best_rewards(store: Store, trials: Sequence[TrialSpec]) -> list[float] | None:
    """Return the best reward of each trial, None where not all are done or one found nothing."""
    rewards = []
    for trial in trials:
        best = (store.folder(trial).read_done() or {}).get("best")
        if best is None:
            return None
        rewards.append(float(best["reward"]))
    return rewards


def score(rewards: Sequence[float]) -> float:
    """Return the geometric mean of best rewards."""
    return float(np.exp(_logarithms(rewards).mean()))


def gain(rewards: Sequence[float], baseline: Sequence[float]) -> tuple[float, float, float]:
    """Return how many times better one score is than another, with its 95 % interval.

    The rewards are paired: the same problems and seeds in the same order (bootstrap over pairs).
    """
    apart = _logarithms(rewards) - _logarithms(baseline)
    low, high = np.exp(mean_interval(apart))
    return float(np.exp(apart.mean())), float(low), float(high)


def _logarithms(rewards: Sequence[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.log(np.maximum(np.asarray(rewards, dtype=np.float64), WORST))
