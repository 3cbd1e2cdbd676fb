"""Rewards on a scale that means the same on every problem."""

from __future__ import annotations

import numpy as np

from archgym.results.statistics import Floats

DEFAULT_REWARD = 1.0  # what the default design earns, by the meaning of rewards


def normalised_scores(rewards: Floats, best: float, default: float = DEFAULT_REWARD) -> Floats:
    """Return the share of the possible improvement over the default design that was found.

    (found - default) / (best - default): 0 is no better than the default design, 1 the best there
    is; more than 1 where ``best`` is only the best known and was beaten.

    Raises:
        ValueError: The best is no better than the default design.
    """
    if not best > default:
        raise ValueError(f"the best reward {best!r} does not exceed the default's {default!r}")
    return np.asarray(np.maximum(rewards - np.float64(default), 0.0) / (best - default))


def logarithmic_scores(rewards: Floats, best: float, default: float = DEFAULT_REWARD) -> Floats:
    """Return the same share in orders of magnitude: log(found / default) / log(best / default).

    For problems on which the best design is thousands of times better than the default one, so
    that on a linear scale all but the best would be nothing.

    Raises:
        ValueError: The best is no better than the default design.
    """
    floor = np.maximum(np.asarray(rewards, dtype=np.float64), default)
    return normalised_scores(np.log(floor), float(np.log(best)), float(np.log(default)))


def regrets(rewards: Floats, best: float) -> Floats:
    """Return 1 - found / best, in rewards: 0 is an optimum, 0.01 is 1 % worse."""
    return np.asarray(1.0 - np.asarray(rewards) / best)
