"""Functions with several objectives whose best trade-offs are known.

Sources: Zitzler, Deb, Thiele, Comparison of multiobjective evolutionary algorithms, Evolutionary
Computation 8(2), 2000 (ZDT); Deb, Thiele, Laumanns, Zitzler, Scalable multi-objective
optimization test problems, CEC 2002 (DTLZ). All on [0, 1] per axis, all minimised.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def zdt1(x: Floats, objectives: int) -> Floats:
    """A convex front: f2 = 1 - sqrt(f1)."""
    g = _distance(x)
    return np.stack([x[:, 0], g * (1.0 - np.sqrt(x[:, 0] / g))], axis=1)


def zdt2(x: Floats, objectives: int) -> Floats:
    """A concave front: f2 = 1 - f1^2."""
    g = _distance(x)
    return np.stack([x[:, 0], g * (1.0 - (x[:, 0] / g) ** 2)], axis=1)


def zdt3(x: Floats, objectives: int) -> Floats:
    """A front in five pieces."""
    g = _distance(x)
    ratio = x[:, 0] / g
    second = g * (1.0 - np.sqrt(ratio) - ratio * np.sin(10.0 * np.pi * x[:, 0]))
    return np.stack([x[:, 0], second], axis=1)


def dtlz2(x: Floats, objectives: int) -> Floats:
    """The front is the part of the unit sphere with positive coordinates, in any dimension."""
    angles = x[:, : objectives - 1] * np.pi / 2.0
    g = ((x[:, objectives - 1 :] - 0.5) ** 2).sum(axis=1)
    columns = []
    for at in range(objectives):
        column = (1.0 + g) * np.cos(angles[:, : objectives - 1 - at]).prod(axis=1)
        columns.append(column * np.sin(angles[:, objectives - 1 - at]) if at else column)
    return np.stack(columns, axis=1)


FRONTS: dict[str, Callable[[Floats, int], Floats]] = {
    "zdt1": zdt1,
    "zdt2": zdt2,
    "zdt3": zdt3,
    "dtlz2": dtlz2,
}


def _distance(x: Floats) -> Floats:
    """Return ZDT's g: 1 on the front."""
    return np.asarray(1.0 + 9.0 * x[:, 1:].mean(axis=1))
