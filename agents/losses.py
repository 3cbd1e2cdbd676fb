"""Rewards as losses on which equal distances mean equal improvements."""

from __future__ import annotations

import numpy as np

from archgym.outcome import Floats

# Above the logarithm of any positive float64, so every infeasible design loses to every feasible.
_INFEASIBLE = 1000.0


def log_losses(rewards: Floats) -> Floats:
    """Return losses of the same shape, smaller is better.

    A feasible design's reward says how many times better than the default it is; its loss is the
    negative logarithm. A design that earns nothing loses the more the less it earns.
    """
    if np.count_nonzero(rewards > 0) == rewards.size:
        return -np.log(rewards)
    smallest = np.finfo(np.float64).tiny
    return np.where(rewards > 0, -np.log(np.maximum(rewards, smallest)), _INFEASIBLE - rewards)
