"""Where a bbob instance has its optimum and how it is rotated: COCO's own random numbers.

Source: Hansen, Finck, Ros, Auger, Real-parameter black-box optimization benchmarking 2009:
noiseless functions definitions, and the generator of COCO (legacy bbob2009), with which a test
compares recorded values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The minimal standard generator of Park and Miller in Schrage's form, shuffled over a table.
_MODULUS, _FACTOR, _QUOTIENT, _REST = 2147483647, 16807, 127773, 2836
_TABLE, _WARM_UP, _DIVISOR = 32, 40, 67108865
_SMALLEST = 1e-99
_INSTANCES = 10_000


def seed_of(function: int, instance: int) -> int:
    """Return the seed of an instance of a function, both counted from 1 as in bbob."""
    return function + _INSTANCES * instance


def uniform(seed: int, count: int) -> Floats:
    """Return COCO's uniform numbers in (0, 1), shape (count,)."""
    state = max(abs(seed), 1)
    table = [0] * _TABLE
    for place in range(_WARM_UP - 1, -1, -1):
        state = _next(state)
        if place < _TABLE:
            table[place] = state
    last, drawn = table[0], []
    for _ in range(count):
        state = _next(state)
        place = last // _DIVISOR
        last, table[place] = table[place], state
        drawn.append(last / _MODULUS or _SMALLEST)
    return np.array(drawn)


def normal(seed: int, count: int) -> Floats:
    """Return COCO's normal numbers, shape (count,)."""
    drawn = uniform(seed, 2 * count)
    values = np.sqrt(-2.0 * np.log(drawn[:count])) * np.cos(2.0 * np.pi * drawn[count:])
    return np.where(values == 0.0, _SMALLEST, values)


def optimum(seed: int, dimensions: int) -> Floats:
    """Return the place of the optimum, in [-4, 4], shape (dimensions,)."""
    place = 8.0 * np.floor(1e4 * uniform(seed, dimensions)) / 1e4 - 4.0
    return np.where(place == 0.0, -1e-5, place)


def rotation(seed: int, dimensions: int) -> Floats:
    """Return a rotation, shape (dimensions, dimensions)."""
    columns = normal(seed, dimensions * dimensions).reshape(dimensions, dimensions).T.copy()
    for at in range(dimensions):
        for before in range(at):
            overlap = columns[:, at] @ columns[:, before]
            columns[:, at] -= overlap * columns[:, before]
        columns[:, at] /= np.linalg.norm(columns[:, at])
    return columns


def _next(state: int) -> int:
    state = _FACTOR * (state % _QUOTIENT) - _REST * (state // _QUOTIENT)
    return state + _MODULUS if state < 0 else state
