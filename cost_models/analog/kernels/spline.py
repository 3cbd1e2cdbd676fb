"""Cubic B-splines over evenly spaced points of three variables."""

from __future__ import annotations

from archgym.cost_models.analog.kernels.layout import COMPILER
from archgym.cost_models.compiled import Array

Weights = tuple[float, float, float, float]


@COMPILER.inlined
def place_on(axis: Array, count: int, x: float) -> tuple[int, float, float]:
    """Return cell and share of a point in it, and by how much it lies beyond the axis.

    ``axis`` are its first point and inverse step, ``count`` its number of points.
    """
    last = axis[0] + (count - 1) / axis[1]
    inside = min(max(x, axis[0]), last)
    along = (inside - axis[0]) * axis[1]
    cell = min(int(along), count - 2)
    return cell, along - cell, x - inside


@COMPILER.inlined
def weights(t: float) -> Weights:
    """Return the weights of four neighbouring coefficients."""
    s = 1.0 - t
    first, last = s * s * s / 6.0, t * t * t / 6.0
    second = 2.0 / 3.0 - 0.5 * t * t * (2.0 - t)
    return first, second, 1.0 - first - second - last, last


@COMPILER.inlined
def slopes(t: float) -> Weights:
    """Return the derivatives of `weights`."""
    s = 1.0 - t
    first, last = -0.5 * s * s, 0.5 * t * t
    second = 0.5 * t * (3.0 * t - 4.0)
    return first, second, -first - second - last, last
