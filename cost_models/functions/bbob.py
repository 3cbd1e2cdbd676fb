"""Single-objective functions out of bbob: their distance above the optimal value.

Source: Hansen, Finck, Ros, Auger, Real-parameter black-box optimization benchmarking 2009:
noiseless functions definitions (INRIA RR-6829). On [-5, 5] per axis, where penalties vanish.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.functions.bbob_random import optimum, rotation, seed_of

Floats = NDArray[np.float64]

LOW, HIGH = -5.0, 5.0
_SECOND_ROTATION = 1_000_000


@dataclass(frozen=True)
class Instance:
    """One instance of a function: its optimum and rotations, fixed by a seed."""

    function: str
    instance: int
    dimensions: int

    @property
    def seed(self) -> int:
        """Return COCO's seed."""
        return seed_of(NUMBERS[self.function], self.instance)

    def __call__(self, x: Floats) -> Floats:
        """Return f(x) minus the optimal value, shape (n,), of points (n, dimensions)."""
        return FUNCTIONS[self.function](x, self)

    @property
    def optimum(self) -> Floats:
        """Return where the value is 0, shape (dimensions,)."""
        place = optimum(self.seed, self.dimensions)
        return 0.75 * place if self.function == "rosenbrock" else place


def sphere(x: Floats, which: Instance) -> Floats:
    """f1: the squared distance; anything should solve it."""
    return np.asarray(((x - which.optimum) ** 2).sum(axis=1))


def ellipsoid(x: Floats, which: Instance) -> Floats:
    """f2: separable, with a condition of a million."""
    z = _oscillate(x - which.optimum)
    return np.asarray((_powers(1e6, which.dimensions) * z**2).sum(axis=1))


def rastrigin(x: Floats, which: Instance) -> Floats:
    """f3: separable, with about ten local optima per axis."""
    z = _asymmetric(_oscillate(x - which.optimum), 0.2)
    z = _powers(10.0, which.dimensions) ** 0.5 * z
    waves = 10.0 * (which.dimensions - np.cos(2.0 * np.pi * z).sum(axis=1))
    return np.asarray(waves + (z**2).sum(axis=1))


def step_ellipsoid(x: Floats, which: Instance) -> Floats:
    """f7: plateaus of many sizes, rotated, with a condition of 100."""
    first = rotation(which.seed, which.dimensions)
    turned = _powers(10.0, which.dimensions) ** 0.5 * ((x - which.optimum) @ first.T)
    stepped = np.where(
        np.abs(turned) > 0.5, np.floor(0.5 + turned), np.floor(0.5 + 10.0 * turned) / 10.0
    )
    z = stepped @ rotation(which.seed + _SECOND_ROTATION, which.dimensions).T
    sums = (_powers(100.0, which.dimensions) * z**2).sum(axis=1)
    return np.asarray(0.1 * np.maximum(np.abs(turned[:, 0]) / 1e4, sums))


def rosenbrock(x: Floats, which: Instance) -> Floats:
    """f8: a long bent valley."""
    z = max(1.0, np.sqrt(which.dimensions) / 8.0) * (x - which.optimum) + 1.0
    bend = 100.0 * (z[:, :-1] ** 2 - z[:, 1:]) ** 2
    return np.asarray((bend + (z[:, :-1] - 1.0) ** 2).sum(axis=1))


FUNCTIONS: dict[str, Callable[[Floats, Instance], Floats]] = {
    "sphere": sphere,
    "ellipsoid": ellipsoid,
    "rastrigin": rastrigin,
    "step_ellipsoid": step_ellipsoid,
    "rosenbrock": rosenbrock,
}
NUMBERS = {"sphere": 1, "ellipsoid": 2, "rastrigin": 3, "step_ellipsoid": 7, "rosenbrock": 8}


def _powers(condition: float, dimensions: int) -> Floats:
    """Return numbers from 1 to the condition, evenly spaced on a logarithmic scale."""
    return np.asarray(condition ** (np.arange(dimensions) / max(dimensions - 1, 1)))


def _oscillate(x: Floats) -> Floats:
    """Return x with small smooth irregularities (T_osz)."""
    log = np.log(np.abs(np.where(x == 0.0, 1.0, x)))
    fast, slow = np.where(x > 0, 10.0, 5.5), np.where(x > 0, 7.9, 3.1)
    bent = np.exp(log + 0.049 * (np.sin(fast * log) + np.sin(slow * log)))
    return np.asarray(np.sign(x) * bent)


def _asymmetric(x: Floats, beta: float) -> Floats:
    """Return x with its positive half stretched more the later the axis (T_asy)."""
    count = x.shape[1]
    positive = np.maximum(x, 0.0)
    exponent = 1.0 + beta * np.arange(count) / max(count - 1, 1) * np.sqrt(positive)
    return np.where(x > 0, positive**exponent, x)
