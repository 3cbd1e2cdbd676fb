"""Actions that stand for complete designs: the one place in which they are derived.

| encoding | Gymnasium space | suits |
|---|---|---|
| ``multi_discrete`` | one entry per axis | PPO, A2C, TRPO, MaskablePPO |
| ``box`` | [-1, 1] per axis, float32 | SAC, TD3, DDPG, TQC, CrossQ, PPO |
| ``discrete`` | one number per design | DQN, QR-DQN, on small spaces |

In each of them uniform actions are uniform values. Real axes are cut into `REAL_LEVELS` levels,
both ends included and evenly spread over their scale, except in ``box``, where they stay
continuous.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.encodings import from_unit, shrink, stretch, to_unit
from archgym.errors import SettingError, UnknownNameError
from archgym.parameter import Axis, Codes
from archgym.space import DesignSpace

REAL_LEVELS = 33
LARGEST_DISCRETE = 4096
LARGEST_BOX_AXIS = 2**20

Mask = NDArray[np.bool_]


class ActionEncoding(Protocol):
    """How a Gymnasium action space stands for designs."""

    @property
    def space(self) -> spaces.Space[Any]:
        """The Gymnasium space of one action."""

    @property
    def mask(self) -> Mask | None:
        """Which entries obey the constraints, flat as MaskablePPO takes them.

        None where the space has no entries. ``discrete`` sees all constraints, ``multi_discrete``
        those over one parameter.
        """

    def decode(self, actions: NDArray[Any]) -> Codes:
        """Return the codes, shape (n, width), of n actions."""

    def encode(self, codes: Codes) -> NDArray[Any]:
        """Return the actions that stand for codes on the grid, shape (n, ...)."""


class AxisGrid:
    """Axes as finite lists: discrete ones as they are, real ones cut into levels."""

    def __init__(self, axes: Sequence[Axis]):
        self.sizes = np.array([axis.size or REAL_LEVELS for axis in axes], dtype=np.int64)
        self._real = [(at, axis) for at, axis in enumerate(axes) if axis.size is None]

    def codes(self, index: NDArray[np.int64]) -> Codes:
        """Return the codes at indices along each axis, shape (n, axes)."""
        if not self._real:
            return index
        codes = index.astype(np.float64)
        for at, axis in self._real:
            codes[:, at] = stretch(axis, index[:, at] / (REAL_LEVELS - 1))
        return codes

    def index(self, codes: Codes) -> NDArray[np.int64]:
        """Return the indices of codes, of real ones those of the nearest level."""
        index = codes.astype(np.int64)
        for at, axis in self._real:
            index[:, at] = np.rint(shrink(axis, codes[:, at]) * (REAL_LEVELS - 1))
        return index

    def values(self, at: int) -> Codes:
        """Return all codes of one axis, shape (size,)."""
        index = np.zeros((self.sizes[at], len(self.sizes)), dtype=np.int64)
        index[:, at] = np.arange(self.sizes[at])
        return self.codes(index)[:, at]


class MultiDiscreteActions:
    """One entry per axis: the index of its value.

    Args:
        space: The design space.
        columns: The axes that actions cover; all unless given.
    """

    def __init__(self, space: DesignSpace, columns: Sequence[int] | None = None):
        covered = range(space.width) if columns is None else columns
        self._grid = AxisGrid([space.axes[column] for column in covered])
        self.space = spaces.MultiDiscrete(self._grid.sizes)
        self.mask = np.concatenate([_axis_mask(space, column) for column in covered])

    def decode(self, actions: NDArray[Any]) -> Codes:
        return self._grid.codes(actions.astype(np.int64))

    def encode(self, codes: Codes) -> NDArray[Any]:
        return self._grid.index(codes)


class BoxActions:
    """One number in [-1, 1] per axis, cut into bins of equal width for a discrete one.

    Real axes are continuous, with the resolution of float32.

    Raises:
        SettingError: An axis has more values than float32 tells apart.
    """

    mask = None

    def __init__(self, space: DesignSpace):
        for axis in space.axes:
            if axis.size is not None and axis.size > LARGEST_BOX_AXIS:
                raise SettingError(
                    f"action 'box': {axis.name!r} has {axis.size} values, at most"
                    f" {LARGEST_BOX_AXIS} can be told apart; use 'multi_discrete'"
                )
        self._space = space
        self.space = spaces.Box(-1.0, 1.0, (space.width,), np.float32)

    def decode(self, actions: NDArray[Any]) -> Codes:
        return from_unit(self._space, (actions.astype(np.float64) + 1.0) / 2.0)

    def encode(self, codes: Codes) -> NDArray[Any]:
        return (2.0 * to_unit(self._space, codes) - 1.0).astype(np.float32)


class DiscreteActions:
    """One number per design of the grid, the last axis running fastest.

    Raises:
        SettingError: The space has more than `LARGEST_DISCRETE` designs.
    """

    def __init__(self, space: DesignSpace):
        self._grid = AxisGrid(space.axes)
        self._sizes = tuple(self._grid.sizes.tolist())
        count = math.prod(self._sizes)
        if count > LARGEST_DISCRETE:
            raise SettingError(
                f"action 'discrete' serves at most {LARGEST_DISCRETE} designs, this space has"
                f" {count:.4g}; use style='local' or 'sequential', whose actions stay few"
            )
        self.space = spaces.Discrete(count)
        self.mask = space.valid(Batch(space, self.decode(np.arange(count))))

    def decode(self, actions: NDArray[Any]) -> Codes:
        flat = np.asarray(actions, dtype=np.int64).reshape(-1)
        return self._grid.codes(np.stack(np.unravel_index(flat, self._sizes), axis=1))

    def encode(self, codes: Codes) -> NDArray[Any]:
        return np.asarray(np.ravel_multi_index(tuple(self._grid.index(codes).T), self._sizes))


_ENCODINGS: dict[str, Callable[[DesignSpace], ActionEncoding]] = {
    "multi_discrete": MultiDiscreteActions,
    "box": BoxActions,
    "discrete": DiscreteActions,
}


def make_actions(name: str, space: DesignSpace) -> ActionEncoding:
    """Return the encoding of that name.

    Raises:
        UnknownNameError: There is none.
        SettingError: The design space is too large for it.
    """
    if name not in _ENCODINGS:
        raise UnknownNameError("action encoding", name, _ENCODINGS)
    return _ENCODINGS[name](space)


def _axis_mask(space: DesignSpace, column: int) -> Mask:
    """Return which values of an axis obey the constraints that look at its parameter alone."""
    values = AxisGrid(space.axes).values(column)
    owner = next(n for n in space.names if column in range(*space.columns[n].indices(space.width)))
    parameter, allowed = space[owner], np.ones(len(values), dtype=bool)
    if len(parameter.axes) == 1:
        for constraint in space.constraints:
            if constraint.parameters == (owner,):
                allowed &= constraint.holds({owner: parameter.decode(values[:, None])})
    return allowed
