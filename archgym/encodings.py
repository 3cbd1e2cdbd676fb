"""Codes to and from the forms that search methods work in, for every kind of parameter alike."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.parameter import Axis, Codes

if TYPE_CHECKING:
    from archgym.space import DesignSpace

Floats = NDArray[np.float64]


def from_unit(space: DesignSpace, unit: Floats) -> Codes:
    """Return the codes of points of the unit cube, shape (n, width).

    A discrete axis is cut into bins of equal width, so uniform points are uniform values.
    """
    sizes = _sizes(space)
    clipped = np.minimum(np.maximum(unit, 0.0), 1.0)
    index = np.minimum(np.floor(clipped * sizes), sizes - 1)
    if space.dtype == np.int64:
        return index.astype(np.int64)
    for column, axis in enumerate(space.axes):
        if axis.size is None:
            index[:, column] = stretch(axis, clipped[:, column])
    return index


def to_unit(space: DesignSpace, codes: Codes) -> Floats:
    """Return the points of the unit cube (bin centres) of codes on the grid."""
    unit = (codes + 0.5) / _sizes(space)
    if space.dtype != np.int64:
        for column, axis in enumerate(space.axes):
            if axis.size is None:
                unit[:, column] = shrink(axis, codes[:, column])
    return np.minimum(unit, 1.0)


def from_index(space: DesignSpace, index: NDArray[np.int64]) -> Codes:
    """Return the codes of flat mixed-radix indices, last axis fastest."""
    codes = np.empty((len(index), space.width), dtype=np.int64)
    rest = index
    for column in range(space.width - 1, -1, -1):
        rest, codes[:, column] = np.divmod(rest, discrete_size(space.axes[column]))
    return codes


def to_index(space: DesignSpace, codes: Codes) -> NDArray[np.int64]:
    """Return flat mixed-radix indices of codes on the grid."""
    index = np.zeros(len(codes), dtype=np.int64)
    for column, axis in enumerate(space.axes):
        index = index * discrete_size(axis) + codes[:, column].astype(np.int64)
    return index


def to_one_hot(space: DesignSpace, codes: Codes) -> Floats:
    """Return one column per value of each discrete axis, one unit-cube column per real axis."""
    blocks = []
    for column, axis in enumerate(space.axes):
        code = codes[:, column]
        if axis.size is None:
            blocks.append(shrink(axis, code)[:, None])
        else:
            blocks.append((code[:, None] == np.arange(axis.size)).astype(np.float64))
    return np.hstack(blocks)


def from_one_hot(space: DesignSpace, encoded: Floats) -> Codes:
    """Return the codes of one-hot rows (the largest entry of each block wins)."""
    codes = np.empty((len(encoded), space.width), dtype=space.dtype)
    start = 0
    for column, axis in enumerate(space.axes):
        block = encoded[:, start : start + (axis.size or 1)]
        continuous = axis.size is None
        codes[:, column] = stretch(axis, block[:, 0]) if continuous else block.argmax(axis=1)
        start += block.shape[1]
    return codes


def discrete_size(axis: Axis) -> int:
    """Return the number of values of a discrete axis.

    Raises:
        SettingError: The axis is continuous.
    """
    if axis.size is None:
        raise SettingError(f"parameter {axis.name!r} is real and has no index codes")
    return axis.size


@lru_cache(maxsize=64)
def _sizes(space: DesignSpace) -> Floats:
    return np.array([axis.size or 1 for axis in space.axes], dtype=np.float64)


def stretch(axis: Axis, unit: Any) -> Floats:
    """Return the values of a real axis at points of [0, 1] along its scale."""
    ratio = axis.high / axis.low if axis.log else 1.0
    span = axis.high - axis.low
    value = axis.low * ratio**unit if axis.log else axis.low + unit * span
    return np.asarray(np.clip(value, axis.low, axis.high), dtype=np.float64)


def shrink(axis: Axis, value: Any) -> Floats:
    """Return where values of a real axis lie along its scale, in [0, 1]."""
    if axis.log:
        unit = np.log(value / axis.low) / np.log(axis.high / axis.low)
    else:
        unit = (value - axis.low) / (axis.high - axis.low)
    return np.asarray(unit, dtype=np.float64)
