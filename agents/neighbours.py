"""Designs that differ from a given one in one choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.encodings import shrink, stretch
from archgym.parameter import Axis, Codes, Parameter
from archgym.space import DesignSpace
from archgym.word_parameters import Permutation

_FINEST_STEP = 1e-6
_TRIES = 16
_DRAWN_AT_ONCE = 4096

Row = list[Any]
# Changes one row of codes in place, given two uniform random numbers.
Move = Callable[[Row, float, float], None]


class Neighbourhood:
    """Draws neighbours: designs in which one axis has another value.

    Along an axis with an order, a step's length is drawn so that each order of magnitude is
    equally likely, from one value (of a continuous axis: a millionth of its range) to the whole
    range: near values are likely, far ones possible. An axis without an order takes any other
    value. In a permutation one item moves to another place. Neighbours have an effect and obey
    the constraints: those that do not are drawn again, and after many tries repaired.

    Plain numbers instead of arrays: walks are few, and for few numbers arrays are slower.

    Args:
        space: The design space.
        rng: Random numbers.
    """

    def __init__(self, space: DesignSpace, rng: np.random.Generator):
        self._space, self._rng = space, rng
        self._moves = [move for p in space.parameters for move in _moves(p, space)]
        self._may_idle = any(p.active_when or len(p.axes) > 1 for p in space.parameters)
        self._checked = self._may_idle or bool(space.constraints)
        self._uniform: Iterator[list[float]] = iter(())

    def draw(self, rows: list[Row]) -> Codes:
        """Return the codes (n, width) of one neighbour of each of some valid designs."""
        moved = self._move(rows)
        if self._checked:
            self._redraw(np.array(rows, dtype=self._space.dtype), moved)
        return moved

    def _redraw(self, codes: Codes, moved: Codes) -> None:
        """Replace those neighbours that idle or break a constraint."""
        rows = np.arange(len(codes))
        for _ in range(_TRIES):
            rows = rows[self._unfit(codes[rows], moved[rows])]
            if not len(rows):
                return
            moved[rows] = self._move(codes[rows].tolist())
        moved[:] = repair(Batch(self._space, moved), self._rng).codes

    def _unfit(self, codes: Codes, moved: Codes) -> NDArray[np.bool_]:
        unfit = ~self._space.valid(Batch(self._space, moved))
        if self._may_idle:
            before, after = self._space.canonical(codes), self._space.canonical(moved)
            unfit |= (before == after).all(axis=1)
        return unfit

    def _move(self, rows: list[Row]) -> Codes:
        """Return codes in which one axis of each row was changed."""
        moves, moved = self._moves, []
        for row in rows:
            new = row.copy()
            if moves:
                which, length, direction = self._draw()
                moves[int(which * len(moves))](new, length, direction)
            moved.append(new)
        return np.array(moved, dtype=self._space.dtype)

    def _draw(self) -> list[float]:
        """Return three uniform random numbers."""
        drawn = next(self._uniform, None)
        if drawn is None:
            self._uniform = iter(self._rng.random((_DRAWN_AT_ONCE, 3)).tolist())
            drawn = next(self._uniform)
        return drawn


def _moves(parameter: Parameter, space: DesignSpace) -> list[Move]:
    """Return a way to change each axis of a parameter that has more than one value."""
    columns = space.columns[parameter.name]
    if isinstance(parameter, Permutation):
        return [_move_of_item(columns) for axis in parameter.axes if axis.size != 1]
    return [
        _move_of(axis, column)
        for column, axis in enumerate(parameter.axes, start=columns.start)
        if axis.size != 1
    ]


def _move_of(axis: Axis, column: int) -> Move:
    if axis.size is None:
        return _slide(axis, column)
    return (_step if axis.ordered else _swap)(column, axis.size - 1)


def _step(column: int, last: int) -> Move:
    """Return a move along an axis whose codes are 0 .. last, turned round at its ends."""

    def move(row: Row, length: float, direction: float) -> None:
        code, step = row[column], int((last + 1) ** length)
        signed = step if direction < 0.5 else -step
        new = code + signed
        row[column] = new if 0 <= new <= last else min(max(code - signed, 0), last)

    return move


def _swap(column: int, last: int) -> Move:
    """Return a move to any other code of 0 .. last."""

    def move(row: Row, length: float, direction: float) -> None:
        row[column] = (row[column] + 1 + int(length * last)) % (last + 1)

    return move


def _slide(axis: Axis, column: int) -> Move:
    """Return a move along a continuous axis, turned round at its ends."""

    def move(row: Row, length: float, direction: float) -> None:
        unit = shrink(axis, row[column]).item()
        step = _FINEST_STEP ** (1.0 - length) * (1.0 if direction < 0.5 else -1.0)
        new = unit + step if 0.0 <= unit + step <= 1.0 else unit - step
        row[column] = stretch(axis, min(max(new, 0.0), 1.0)).item()

    return move


def _move_of_item(columns: slice) -> Move:
    """Return a move of one item of a permutation to another place."""
    count = columns.stop - columns.start

    def move(row: Row, length: float, direction: float) -> None:
        order = order_of(list(map(int, row[columns])))
        item = order.pop(int(length * count))
        place = int(direction * (count - 1))
        order.insert(place + (place >= int(length * count)), item)
        row[columns] = digits_of(order)

    return move


def order_of(digits: list[int]) -> list[int]:
    """Return the order of ``0 .. k - 1`` that Lehmer digits stand for."""
    rest = list(range(len(digits)))
    return [rest.pop(digit) for digit in digits]


def digits_of(order: list[int]) -> list[int]:
    """Return the Lehmer digits of an order of ``0 .. k - 1``."""
    rest, digits = sorted(order), []
    for item in order:
        digits.append(rest.index(item))
        rest.pop(digits[-1])
    return digits
