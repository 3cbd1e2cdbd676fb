"""How much better actions were than expected."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_SMALLEST_DEVIATION = 1e-8


def generalised_advantages(
    rewards: Floats,
    values: Floats,
    last_values: Floats,
    terminated: NDArray[np.bool_],
    cut: NDArray[np.bool_],
    bootstrap: Floats,
    discount: float,
    decay: float,
) -> Floats:
    """Return generalised advantage estimates, shape (T, N, A).

    Source: Schulman et al., High-dimensional continuous control using generalized advantage
    estimation, arXiv 1506.02438.

    Args:
        rewards: (T, N, A).
        values: (T, N, A), of the situations in which the agents acted.
        last_values: (N, A), of the situations after the last step.
        terminated: (T, N, A), where an agent's episode ended for good.
        cut: (T, N, A), where an episode was cut by a time limit.
        bootstrap: (T, N, A), values of the situations in which episodes were cut.
        discount: Of rewards per step.
        decay: Lambda of the estimator.
    """
    advantages = np.zeros_like(rewards)
    running: Any = np.zeros_like(last_values)
    following = last_values
    for step in reversed(range(len(rewards))):
        goes_on = ~(terminated[step] | cut[step])
        after = np.where(cut[step], bootstrap[step], following * goes_on)
        surprise = rewards[step] + discount * after - values[step]
        running = surprise + discount * decay * running * goes_on
        advantages[step], following = running, values[step]
    return advantages


def standardised(advantages: Floats, weights: Floats) -> Floats:
    """Return advantages of mean 0 and deviation 1 over the samples that count, per team.

    Args:
        advantages: (N, A).
        weights: (N, A), 0 where a sample does not count.
    """
    total = weights.sum()
    if not total:
        return advantages
    mean = (weights * advantages).sum() / total
    deviation = np.sqrt((weights * (advantages - mean) ** 2).sum() / total)
    scaled: Floats = (advantages - mean) / max(float(deviation), _SMALLEST_DEVIATION)
    return scaled
