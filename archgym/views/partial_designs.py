"""Designs that are decided axis by axis, many at a time, each at its own axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.parameter import Codes
from archgym.space import DesignSpace
from archgym.views.actions import Mask
from archgym.views.choices import Choices
from archgym.views.observations import DesignFeatures, Features

Rows = NDArray[np.int64]
Snapshot = tuple[NDArray[Any], ...]


class PartialDesigns:
    """Rows of designs under construction; all begin undecided.

    Axes without a choice are skipped: those without effect keep their default, and where one
    value alone is allowed it is taken.

    Args:
        choices: What may be chosen.
        space: The design space.
        count: Number of rows, n.

    Attributes:
        codes: Shape (n, width); the default where an axis is undecided or has no effect.
        columns: The axis that each row asks for, shape (n,); the width where it is complete.
        allowed: Which values of that axis may be chosen, shape (n, largest axis); the first one
            alone where the row is complete.
        observations: What policies see, float32 (n, size) in [0, 1]: each axis' value (0 while
            undecided), the activity of conditional parameters, which axes are decided, and which
            one is asked.
    """

    def __init__(self, choices: Choices, space: DesignSpace, count: int):
        self._choices, self._width = choices, space.width
        features = DesignFeatures(space)
        self._value_features = _value_features(choices, features, space)
        self._default_features = features(space.default.codes)[0]
        conditional = len(choices.conditional)
        self._activity = slice(space.width, space.width + conditional)
        self._decided = space.width + conditional
        self._asked = self._decided + space.width
        self.size = self._asked + space.width
        self._parents = _parents(choices, space)
        self.codes: Codes = np.repeat(space.default.codes, count, axis=0)
        self.columns: NDArray[np.int64] = np.full(count, -1)
        self.allowed: Mask = np.repeat(choices.on_axis[:1], count, axis=0)
        # One more column stands for the axis after the last, which complete rows ask for.
        self._board: Features = np.zeros((count, self.size + 1), dtype=np.float32)
        self.observations = self._board[:, :-1]
        self._dependent = np.append(choices.dependent, False)
        nothing = np.arange(choices.on_axis.shape[1]) == 0
        self._asked_values = np.vstack([choices.on_axis, nothing])
        self._begin()

    def _begin(self) -> None:
        """Settle the first row and copy it, since all rows begin alike."""
        first = np.zeros(1, dtype=np.int64)
        self.observations[first, self._activity] = self._choices.active(self.codes[first])
        self._advance(first)
        self._parts: Snapshot = (self.codes, self.columns, self.allowed, self._board)
        self._blank = self.snapshot(0)
        self.restart(np.arange(len(self.codes)))

    def restart(self, rows: Rows) -> None:
        """Make rows undecided again."""
        self.place(rows, self._blank)

    def snapshot(self, row: int) -> Snapshot:
        """Return a copy of one row, for `place`."""
        return tuple(part[row : row + 1].copy() for part in self._parts)

    def place(self, rows: Rows, snapshot: Snapshot) -> None:
        """Put a copied row in the place of others."""
        for part, copied in zip(self._parts, snapshot, strict=True):
            part[rows] = copied

    @property
    def complete(self) -> Mask:
        """Whether each row is a complete design, shape (n,)."""
        return np.asarray(self.columns == self._width)

    def choose(self, rows: Rows, index: NDArray[np.int64]) -> None:
        """Take the value at an index, one that is allowed, for the axis that each row asks for."""
        self._decide(rows, index)
        self._advance(rows)

    def _decide(self, rows: Rows, index: NDArray[np.int64]) -> None:
        columns = self.columns[rows]
        self.codes[rows, columns] = self._choices.values[columns, index]
        self.observations[rows, columns] = self._value_features[columns, index]
        self.observations[rows, self._decided + columns] = 1.0
        if np.count_nonzero(self._parents[columns]):
            self.observations[rows, self._activity] = self._choices.active(self.codes[rows])

    def _advance(self, rows: Rows) -> None:
        """Go to the next axis of each row that leaves a choice."""
        last = self.columns[rows]
        columns = last + 1
        self._board[rows, self._asked + last] = 0.0
        self._board[rows, self._asked + columns] = 1.0
        self.columns[rows] = columns
        self.allowed[rows] = self._asked_values[columns]
        dependent = self._dependent[columns]
        if np.count_nonzero(dependent):
            settled = self._settle(rows[dependent], columns[dependent])
            if len(settled):
                self._advance(settled)

    def _settle(self, rows: Rows, columns: NDArray[np.int64]) -> Rows:
        """Decide axes without a choice and return the rows in which that happened."""
        first = int(columns[0])
        if (columns == first).all():
            return self._settle_axis(rows, first)
        asked = np.unique(columns).tolist()
        settled = [self._settle_axis(rows[columns == column], column) for column in asked]
        return np.concatenate(settled)

    def _settle_axis(self, rows: Rows, column: int) -> Rows:
        codes, active = self.codes[rows], self.observations[rows, self._activity] > 0
        effect = self._choices.has_effect(codes, column, active)
        idle, rows = rows[~effect], rows[effect]
        if len(idle):
            self.observations[idle, column] = self._default_features[column]
            self.observations[idle, self._decided + column] = 1.0
        allowed = self._choices.allowed(codes[effect], column)
        self.allowed[rows, : allowed.shape[1]] = allowed
        lone = np.count_nonzero(allowed, axis=1) == 1
        if lone.any():
            self._decide(rows[lone], allowed[lone].argmax(axis=1))
        return np.concatenate([idle, rows[lone]])


def _value_features(choices: Choices, features: DesignFeatures, space: DesignSpace) -> Features:
    """Return the feature of each value of each axis, shape (width, largest axis)."""
    table = np.zeros(choices.values.shape, dtype=np.float32)
    for column, size in enumerate(choices.grid.sizes.tolist()):
        codes: Codes = np.repeat(space.default.codes, size, axis=0)
        codes[:, column] = choices.values[column, :size]
        table[column, :size] = features(codes)[:, column]
    return table


def _parents(choices: Choices, space: DesignSpace) -> Mask:
    """Return which axes decide whether a parameter is active, shape (width,)."""
    parents = np.zeros(space.width, dtype=bool)
    for name in choices.conditional:
        parents[[column for column, _ in space.conditions[name]]] = True
    return parents
