"""Actions that decide one axis at a time: edits of a design, and choices in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.errors import UnknownNameError
from archgym.parameter import Codes
from archgym.space import DesignSpace
from archgym.views.actions import AxisGrid, Mask


class EditActions:
    """Set one axis to one value: one action for each value of each axis.

    Attributes:
        space: Discrete, as many actions as all axes together have values.
    """

    def __init__(self, space: DesignSpace):
        self._space, grid = space, AxisGrid(space.axes)
        self._columns = np.repeat(np.arange(space.width), grid.sizes)
        self._values = np.concatenate([grid.values(at) for at in range(space.width)])
        self._starts = np.concatenate([[0], np.cumsum(grid.sizes)])
        self.space = spaces.Discrete(len(self._values))

    def apply(self, action: int, codes: Codes) -> Codes:
        """Return codes of shape (n, width) with the action's axis set to its value."""
        edited = codes.copy()
        edited[:, self._columns[action]] = self._values[action]
        return edited

    def apply_each(self, actions: NDArray[np.int64], codes: Codes) -> Codes:
        """Return codes of shape (n, width), each row edited by an action of its own."""
        edited = codes.copy()
        edited[np.arange(len(codes)), self._columns[actions]] = self._values[actions]
        return edited

    def action(self, column: int, index: int) -> int:
        """Return the action that sets an axis to the value at ``index``."""
        return int(self._starts[column] + index)

    def mask(self, codes: Codes) -> Mask:
        """Return which edits of a design of shape (1, width) obey the constraints.

        All True where none does.
        """
        edited = np.repeat(codes, len(self._values), axis=0)
        edited[np.arange(len(edited)), self._columns] = self._values
        return _some(self._space.valid(Batch(self._space, edited)))


class StepActions(Protocol):
    """How actions pick one of the allowed values of an axis, for many designs at once."""

    @property
    def space(self) -> spaces.Space[Any]:
        """The Gymnasium space of one action, the same for all axes."""

    def pick(self, actions: NDArray[Any], allowed: Mask) -> NDArray[np.int64]:
        """Return the index of each value, -1 where an action stands for none allowed.

        Args:
            actions: Shape (n, ...).
            allowed: Which values may be taken, at least one in each row, shape (n, largest axis).
        """


class IndexStep:
    """The index of the value; the space is as large as the largest axis, hence a mask."""

    def __init__(self, sizes: NDArray[np.int64]):
        self.space = spaces.Discrete(int(sizes.max()))

    def pick(self, actions: NDArray[Any], allowed: Mask) -> NDArray[np.int64]:
        index = actions.astype(np.int64).reshape(-1)
        return np.where(allowed[np.arange(len(index)), index], index, -1)


class BoxStep:
    """One number in [-1, 1], cut into bins of equal width over the allowed values."""

    def __init__(self, sizes: NDArray[np.int64]):
        self.space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def pick(self, actions: NDArray[Any], allowed: Mask) -> NDArray[np.int64]:
        upto = allowed.cumsum(axis=1)
        count = upto[:, -1]
        at = np.floor((actions.reshape(-1).astype(np.float64) + 1.0) / 2.0 * count)
        wanted = np.clip(at, 0, count - 1)
        return np.asarray((upto > wanted[:, None]).argmax(axis=1))


_STEPS: dict[str, Callable[[NDArray[np.int64]], StepActions]] = {
    "discrete": IndexStep,
    "box": BoxStep,
}


def make_step_actions(name: str, sizes: NDArray[np.int64]) -> StepActions:
    """Return how the sequential style takes actions.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in _STEPS:
        raise UnknownNameError("action encoding of style 'sequential'", name, _STEPS)
    return _STEPS[name](sizes)


def _some(allowed: Mask) -> Mask:
    return allowed if allowed.any() else np.ones_like(allowed)
