"""What may be chosen for an axis, given the axes before it, for many designs at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.batch import Batch
from archgym.constraint import Constraint
from archgym.parameter import Codes
from archgym.space import DesignSpace
from archgym.views.actions import AxisGrid, Mask


class Choices:
    """The values that each axis can take after those before it.

    Attributes:
        grid: The axes as finite lists.
        values: Code of each value of each axis, shape (width, largest axis), padded.
        on_axis: Which of these entries are values, the same shape.
        dependent: Axes at which not every value can be chosen after any others, shape (width,).
        conditional: Parameters that are inactive under some choices, in order.
    """

    def __init__(self, space: DesignSpace):
        self._space = space
        self.grid = AxisGrid(space.axes)
        largest = int(self.grid.sizes.max())
        self.on_axis = np.arange(largest) < self.grid.sizes[:, None]
        self.values = np.zeros((space.width, largest), dtype=space.dtype)
        for column in range(space.width):
            self.values[column, self.on_axis[column]] = self.grid.values(column)
        self.conditional = tuple(p.name for p in space.parameters if p.active_when)
        self._chained = any(p.active_when.keys() & {*self.conditional} for p in space.parameters)
        self._decided = _decided_constraints(space)
        self._owners = [p for p in space.parameters for _ in p.axes]
        self.dependent = np.array([self._is_dependent(column) for column in range(space.width)])

    def allowed(self, codes: Codes, column: int) -> Mask:
        """Return which values of an axis may follow in each design, shape (n, size).

        False where a constraint over parameters decided with this axis would be broken; all True
        where every value would break one, so that a choice remains.
        """
        size = int(self.grid.sizes[column])
        allowed = np.ones((len(codes), size), dtype=bool)
        if column not in self._decided or not len(codes):
            return allowed
        batch = Batch(self._space, self._continued(codes, column))
        for constraint in self._decided[column]:
            holds = constraint.holds({name: batch[name] for name in constraint.parameters})
            allowed &= holds.reshape(-1, size)
        return np.asarray(allowed | ~allowed.any(axis=1, keepdims=True))

    def has_effect(self, codes: Codes, column: int, active: Mask) -> Mask:
        """Return whether designs differ by this axis, given the axes before it, shape (n,).

        Args:
            codes: The designs, shape (n, width).
            column: The axis.
            active: What `active` returned for them.
        """
        owner, effect = self._owners[column], np.ones(len(codes), dtype=bool)
        if owner.active_when:
            effect &= active[:, self.conditional.index(owner.name)]
        if len(owner.axes) > 1 and self.grid.sizes[column] > 1:
            columns = self._space.columns[owner.name]
            continued = self._continued(codes, column)[:, columns]
            tidy = owner.canonical_axis(continued, column - columns.start)
            shown = tidy.reshape(len(codes), -1)
            effect &= (shown != shown[:, :1]).any(axis=1)
        return effect

    def active(self, codes: Codes) -> Mask:
        """Return which conditional parameters have an effect, shape (n, conditional)."""
        active = np.ones((len(codes), len(self.conditional)), dtype=bool)
        tidy = codes.copy() if self._chained else codes
        for at, name in enumerate(self.conditional):
            for column, wanted in self._space.conditions[name]:
                active[:, at] &= _is_one_of(tidy[:, column], wanted)
            if self._chained:
                columns = self._space.columns[name]
                tidy[~active[:, at], columns] = self._space.resting[columns]
        return active

    def _is_dependent(self, column: int) -> bool:
        owner = self._owners[column]
        lone = self.grid.sizes[column] == 1
        return bool(lone or owner.active_when or len(owner.axes) > 1 or column in self._decided)

    def _continued(self, codes: Codes, column: int) -> Codes:
        """Return one row for each value of the axis, design after design."""
        values = self.grid.values(column)
        rows = np.repeat(codes, len(values), axis=0)
        rows[:, column] = np.tile(values, len(codes))
        return rows


def _decided_constraints(space: DesignSpace) -> dict[int, list[Constraint]]:
    """Return the axis with which all parameters of a constraint are decided -> constraints."""
    decided: dict[int, list[Constraint]] = {}
    for constraint in space.constraints:
        last = max(space.columns[name].stop - 1 for name in constraint.parameters)
        decided.setdefault(last, []).append(constraint)
    return decided


def _is_one_of(codes: Codes, wanted: Sequence[float]) -> Mask:
    matches = codes == wanted[0]
    for code in wanted[1:]:
        matches |= codes == code
    return np.asarray(matches)
