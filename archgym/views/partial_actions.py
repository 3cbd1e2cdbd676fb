"""Actions that decide one axis at a time: edits of a design, and choices in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.constraint import Constraint
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


class Choices:
    """What may be chosen for an axis, given the axes before it."""

    def __init__(self, space: DesignSpace):
        self._space = space
        self.grid = AxisGrid(space.axes)
        self._decided: dict[int, list[Constraint]] = {}
        for constraint in space.constraints:
            last = max(space.columns[name].stop - 1 for name in constraint.parameters)
            self._decided.setdefault(last, []).append(constraint)
        self._reducible = {
            column
            for parameter in space.parameters
            if parameter.active_when or len(parameter.axes) > 1
            for column in range(*space.columns[parameter.name].indices(space.width))
        }

    def allowed(self, codes: Codes, column: int) -> Mask:
        """Return which values of an axis may follow, shape (size,).

        False where a constraint over parameters decided with this axis would be broken; all True
        where every value would break one, so that a choice remains.
        """
        allowed = np.ones(self.grid.sizes[column], dtype=bool)
        if column not in self._decided:
            return allowed
        batch = Batch(self._space, self._continued(codes, column))
        for constraint in self._decided[column]:
            allowed &= constraint.holds({name: batch[name] for name in constraint.parameters})
        return _some(allowed)

    def has_effect(self, codes: Codes, column: int) -> bool:
        """Return whether designs differ by this axis, given the axes before it."""
        if column not in self._reducible:
            return True
        tidy = self._space.canonical(self._continued(codes, column))[:, column]
        return len(tidy) == 1 or bool((tidy != tidy[0]).any())

    def value(self, column: int, index: int) -> Any:
        """Return the code at an index along an axis."""
        return self.grid.values(column)[index]

    def _continued(self, codes: Codes, column: int) -> Codes:
        """Return one row for each value of the axis."""
        rows = np.repeat(codes.reshape(1, -1), self.grid.sizes[column], axis=0)
        rows[:, column] = self.grid.values(column)
        return rows


class StepActions(Protocol):
    """How an action picks one of the allowed values of an axis."""

    @property
    def space(self) -> spaces.Space[Any]:
        """The Gymnasium space of one action, the same for all axes."""

    def pick(self, action: Any, allowed: Mask) -> int | None:
        """Return the index of the value, or None where the action stands for none allowed."""


class IndexStep:
    """The index of the value; the space is as large as the largest axis, hence a mask."""

    def __init__(self, sizes: NDArray[np.int64]):
        self.space = spaces.Discrete(int(sizes.max()))

    def pick(self, action: Any, allowed: Mask) -> int | None:
        return int(action) if action < len(allowed) and allowed[action] else None


class BoxStep:
    """One number in [-1, 1], cut into bins of equal width over the allowed values."""

    def __init__(self, sizes: NDArray[np.int64]):
        self.space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def pick(self, action: Any, allowed: Mask) -> int | None:
        values = np.flatnonzero(allowed)
        at = int((float(action[0]) + 1.0) / 2.0 * len(values))
        return int(values[min(max(at, 0), len(values) - 1)])


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
