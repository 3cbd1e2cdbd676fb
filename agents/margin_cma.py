"""CMA-ES with margin: cmaes' CMA, sampled and corrected in arrays.

`cmaes.CMAwM` calls scipy's distributions several times per generation and samples design by
design, which takes most of its time. This is the same algorithm around the same `cmaes.CMA`; a
test holds it equal to `CMAwM` seed by seed. The module imports cmaes and scipy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from cmaes import CMA
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr

Floats = NDArray[np.float64]

_MOST_RESAMPLING = 100


class MarginCma:
    """A normal distribution on the unit cube whose discrete axes keep a chance to change.

    Where the distribution on a discrete axis has become so narrow that the neighbouring values
    would hardly be drawn any more, its mean or its spread is corrected, so that they keep a
    probability of at least the margin, 1 / (axes x population).

    Args:
        mean: Where to start, shape (width,).
        sigma: Standard deviation to start with.
        steps: Distance of values per axis, 0 for a continuous axis, shape (width,).
        population: Points per generation.
        seed: Of the random numbers.

    Source: Hamano, Saito, Nomura, Shirakawa, CMA-ES with margin, GECCO 2022.
    """

    def __init__(self, mean: Floats, sigma: float, steps: Floats, population: int, seed: int):
        self._cma: Any = CMA(mean, sigma, seed=seed, population_size=population)
        self.population = population
        self._discrete = np.flatnonzero(steps > 0)
        self._continuous = np.flatnonzero(steps <= 0)
        self._step = steps[self._discrete]
        self._last = np.round(1.0 / self._step) - 1.0
        self._margin = 1.0 / (len(mean) * population)
        self._spread = np.ones(len(self._discrete))
        self._reach = np.sqrt(_chi2(1.0 - 2.0 * self._margin))

    def ask(self) -> tuple[Floats, Floats]:
        """Return the points to evaluate and the raw points to tell, shape (population, width)."""
        axes, lengths = self._cma._eigen_decomposition()
        root = axes.dot(np.diag(lengths))
        if len(self._continuous):
            raw = np.array([self._draw(root) for _ in range(self.population)])
        else:
            normal = self._cma._rng.randn(self.population, len(root))
            turned = np.array([root.dot(row) for row in normal])
            raw = self._cma._mean + self._cma._sigma * turned
        points = raw.copy()
        at = self._discrete
        mean = self._cma._mean[at]
        spread = (raw[:, at] - mean) * self._spread + mean
        points[:, at] = self._value(self._index(spread))
        return points, raw

    def tell(self, raw: Floats, losses: Floats) -> None:
        """Take the losses, shape (population,), of the last points."""
        self._cma.tell(list(zip(raw, losses.tolist(), strict=True)))
        if len(self._discrete):
            self._keep_margin()

    def should_stop(self) -> bool:
        """Return whether the distribution has converged or degenerated."""
        return bool(self._cma.should_stop())

    def _draw(self, root: Floats) -> Floats:
        """Return a point whose continuous part lies inside the cube; clipped after many tries."""
        for _ in range(_MOST_RESAMPLING + 1):
            normal = self._cma._rng.randn(len(root))
            point: Floats = self._cma._mean + self._cma._sigma * root.dot(normal)
            inner = point[self._continuous]
            if not len(inner) or (inner.min() >= 0.0 and inner.max() <= 1.0):
                return point
        point[self._continuous] = np.clip(inner, 0.0, 1.0)
        return point

    def _value(self, index: Floats) -> Floats:
        return (index + 0.5) * self._step

    def _index(self, points: Floats) -> Floats:
        """Return the index of the bin in which each point lies; the lower one on an edge."""
        return np.minimum(np.maximum(np.ceil(points / self._step) - 1.0, 0.0), self._last)

    def _keep_margin(self) -> None:
        cma, at, margin = self._cma, self._discrete, self._margin
        mean, deviation = cma._mean[at], np.sqrt(np.diag(cma._C)[at])
        index = self._index(mean)
        low_edge = np.minimum(np.maximum(index, 1.0), self._last) * self._step
        high_edge = np.minimum(index + 1.0, self._last) * self._step
        scale = cma._sigma * self._spread * deviation
        below = ndtr((low_edge - mean) / scale)
        above = 1.0 - ndtr((high_edge - mean) / scale)
        inside = 1.0 - (below + above)
        at_end = np.maximum(below, above) > 0.5
        moves = at_end & (np.minimum(below, above) < margin)
        reach = scale * self._reach
        mean = np.where(moves, high_edge + np.sign(mean - high_edge) * reach, mean)
        tails = _corrected(np.stack([below, above]), inside, margin)
        low, high = np.sqrt(_chi2(1.0 - 2.0 * tails))
        spread = (high_edge - low_edge) / ((low + high) * cma._sigma * deviation)
        centre = (low_edge * high + high_edge * low) / (low + high)
        self._spread = np.where(at_end, self._spread, spread)
        cma._mean[at] = np.where(at_end, mean, centre)


def _corrected(tails: Floats, inside: Floats, margin: float) -> Floats:
    """Return both tails' probabilities, shape (2, axes), after raising them to half the margin."""
    raised = np.maximum(tails, margin / 2.0)
    both = raised[0] + raised[1]
    excess = 1.0 - raised[0] - raised[1] - inside
    corrected = raised + excess * (raised - margin / 2) / (both + inside - 3.0 * margin / 2)
    return np.asarray(np.minimum(np.maximum(corrected, 1e-10), 0.5 - 1e-10), dtype=np.float64)


def _chi2(probability: Any) -> Floats:
    """Return the quantile of the chi-square distribution with one degree of freedom."""
    return np.asarray(2.0 * gammaincinv(0.5, probability))
