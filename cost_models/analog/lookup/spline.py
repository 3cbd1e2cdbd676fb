"""Coefficients of cubic splines over evenly spaced points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_AT_POINT = (1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0)  # a B-spline's values at the points that it covers
_NO_JUMP = (1.0, -4.0, 6.0, -4.0, 1.0)  # of the third derivative beside the ends: "not a knot"


def coefficients(samples: Floats, axes: int) -> Floats:
    """Return coefficients of the spline through samples over the first ``axes`` dimensions.

    Each of these dimensions grows by two.
    """
    found: NDArray[Any] = np.asarray(samples, dtype=np.float64)
    for axis in range(axes):
        along = np.moveaxis(found, axis, 0)
        system = _system(len(along))
        right = np.zeros((len(system), along[0].size))
        right[1:-1] = along.reshape(len(along), -1)
        solved = np.linalg.solve(system, right).reshape(len(system), *along.shape[1:])
        found = np.moveaxis(solved, 0, axis)
    return np.ascontiguousarray(found)


def _system(count: int) -> Floats:
    matrix = np.zeros((count + 2, count + 2))
    for row in range(count):
        matrix[row + 1, row : row + len(_AT_POINT)] = _AT_POINT
    matrix[0, : len(_NO_JUMP)] = _NO_JUMP
    matrix[-1, -len(_NO_JUMP) :] = _NO_JUMP
    return matrix
