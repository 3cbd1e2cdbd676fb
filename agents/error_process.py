"""What a simulator's errors on designs that were told say about its errors on others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.outcome import Floats

# Of the errors' variance: what no neighbour explains.
_NOISE = 0.01


class ErrorProcess:
    """A Gaussian process over errors that are measured in the simulator's standard deviations.

    Its prior is what the simulator claims: independent metrics, mean 0, variance 1; its kernel a
    Gaussian over the unit cube.

    Args:
        reach: Length scale, times the square root of the number of axes.
    """

    def __init__(self, reach: float):
        self._reach = reach
        self._points: Floats = np.empty((0, 0))
        self._weights: Floats = np.empty((0, 0))
        self._inverse: Floats = np.empty((0, 0))

    def learn(self, points: Floats, errors: Floats) -> None:
        """Take the errors (n, k) of all designs told so far, at points (n, width)."""
        kernel = self.kernel(points, points) + _NOISE * np.eye(len(points))
        self._points, self._inverse = points, np.asarray(np.linalg.inv(kernel))
        self._weights = self._inverse @ errors

    def at(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the expected errors (n, k), and what is left of standard deviations (n,)."""
        if not len(self._points):
            return np.zeros((len(points), 1)), np.ones(len(points))
        near = self.kernel(points, self._points)
        explained = np.einsum("ni,ij,nj->n", near, self._inverse, near)
        return near @ self._weights, np.sqrt(np.maximum(1.0 - explained, _NOISE))

    def kernel(self, points: Floats, others: Floats) -> NDArray[np.float64]:
        """Return how far the errors of designs (n,) and others (m,) go together, (n, m)."""
        squares = ((points[:, None, :] - others[None, :, :]) ** 2).sum(axis=2)
        scale = 2.0 * self._reach**2 * points.shape[1]
        return np.asarray(np.exp(-squares / scale))
