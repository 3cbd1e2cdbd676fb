"""What designs are expected to gain, whatever the objective, by draws of their metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist

import numpy as np

from archgym.outcome import Floats, Measurements
from archgym.problem import Problem

# Designs with equal prospects are told apart by what is expected of them.
TIE = 1e-3


def expected(
    problem: Problem, drawn: Iterable[Measurements], best: float
) -> tuple[Floats, Floats]:
    """Return the expected improvement beyond ``best`` and the expected reward, (n,) each.

    Where the objective has targets, an improvement beyond meeting them counts nothing.
    """
    rewards = np.stack([problem.score(metrics).reward for metrics in drawn])
    gained = np.maximum(np.minimum(rewards, _enough(problem)) - best, 0.0).mean(axis=0)
    return gained, rewards.mean(axis=0)


def _enough(problem: Problem) -> float:
    """Return the reward beyond which nothing is gained: 1 where targets are to be met."""
    return 1.0 if hasattr(problem.objective.form, "met") else math.inf


def even_noise(rng: np.random.Generator, draws: int, metrics: int) -> Floats:
    """Return draws (draws, metrics) of a standard normal that lie evenly along each metric."""
    levels = [NormalDist().inv_cdf((at + 0.5) / draws) for at in range(draws)]
    return np.stack([rng.permutation(levels) for _ in range(metrics)], axis=1)
