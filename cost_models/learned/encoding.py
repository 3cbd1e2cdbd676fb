"""Designs as numbers that regressors take, derived from the design space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.encodings import shrink
from archgym.outcome import Floats
from archgym.parameter import Axis, Codes

# Ordered axes with more values are seen as positions only.
MOST_VALUES_SEEN_SINGLY = 16


@dataclass(frozen=True)
class DesignEncoding:
    """Axes by their places on their scales, and by one-hot codes where values are few.

    Axes with one value are left out. An axis without an order has a one-hot code however many
    values it has. Numbers that an axis does not use are 0.

    Attributes:
        axes: All axes of the space.
        context: Features of the workload, which stand behind them; none where all is of one.
    """

    axes: tuple[Axis, ...]
    context: tuple[Axis, ...] = ()

    @property
    def varying(self) -> tuple[tuple[int, Axis], ...]:
        """The axes with more than one value, and their columns."""
        both = enumerate((*self.axes, *self.context))
        return tuple((at, axis) for at, axis in both if axis.size != 1)

    @property
    def features(self) -> int:
        """Numbers per axis."""
        return 1 + max((_seen_singly(axis) for _, axis in self.varying), default=0)

    def inputs(self, batch: Batch, context: Floats | None = None) -> Floats:
        """Return the numbers of a batch; parameters without effect have one fixed value.

        Args:
            batch: Designs.
            context: (n, context axes), features of the workload of each; what exceeds those
                that were learnt is seen as the nearest of them.
        """
        return self(self._codes(batch, context))

    def numbers(self, batch: Batch, context: Floats | None = None) -> Floats:
        """Return one number per axis, (n, varying axes): its place, plus which value it has.

        Where an axis has both, the sum of the two has the same order. Arguments are those of
        `inputs`.
        """
        codes = self._codes(batch, context)
        numbers = np.zeros((len(self.varying), len(codes)))
        for row, (column, axis) in zip(numbers, self.varying, strict=True):
            code = codes[:, column]
            if axis.ordered:
                row[:] = 2.0 * _place(axis, code) - 1.0
            if _seen_singly(axis):
                row += code
        return np.ascontiguousarray(numbers.T)

    def _codes(self, batch: Batch, context: Floats | None) -> Codes:
        codes = batch.space.canonical(batch.codes)
        if context is None or not self.context:
            return codes
        ends = [(axis.low, axis.high if axis.size is None else axis.size) for axis in self.context]
        return np.hstack([codes, np.clip(context, *np.array(ends).T)])

    def __call__(self, codes: Codes) -> Floats:
        """Return the numbers of designs, (n, varying axes, features), in [-1, 1].

        Args:
            codes: (n, axes), followed by the context.
        """
        numbers = np.zeros((len(codes), len(self.varying), self.features))
        for token, (column, axis) in enumerate(self.varying):
            code = codes[:, column]
            if axis.ordered:
                numbers[:, token, 0] = 2.0 * _place(axis, code) - 1.0
            values = _seen_singly(axis)
            numbers[:, token, 1 : 1 + values] = code[:, None] == np.arange(values)
        return numbers

    def covers(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which designs lie in the ranges that agents search, shape (n,)."""
        codes = batch.space.canonical(batch.codes)
        inside = np.ones(len(codes), dtype=bool)
        for column, axis in enumerate(self.axes):
            low, high = _range(axis)
            inside &= (codes[:, column] >= low) & (codes[:, column] <= high)
        return inside

    def left(self, design: Batch) -> list[str]:
        """Return the names of the axes along which one design lies outside these ranges."""
        codes = design.space.canonical(design.codes)[0].tolist()
        ends = map(_range, self.axes)
        triples = zip(self.axes, codes, ends, strict=True)
        return [axis.name for axis, code, (low, high) in triples if not low <= code <= high]

    def as_data(self) -> list[dict[str, Any]]:
        """Return the axes as plain data."""
        return [asdict(axis) for axis in self.axes]

    def context_as_data(self) -> list[dict[str, Any]]:
        """Return the context as plain data."""
        return [asdict(axis) for axis in self.context]

    @staticmethod
    def of_data(
        data: Sequence[dict[str, Any]], context: Sequence[dict[str, Any]] = ()
    ) -> DesignEncoding:
        """Return the encoding that `as_data` and `context_as_data` were made of."""
        axes, features = (tuple(Axis(**axis) for axis in part) for part in (data, context))
        return DesignEncoding(axes, features)


def _range(axis: Axis) -> tuple[float, float]:
    """Return the least and the largest code of an axis."""
    return (axis.low, axis.high) if axis.size is None else (0, axis.size - 1)


def _seen_singly(axis: Axis) -> int:
    if axis.size is None or (axis.ordered and axis.size > MOST_VALUES_SEEN_SINGLY):
        return 0
    return axis.size


def _place(axis: Axis, code: Codes) -> Floats:
    if axis.size is None:
        return shrink(axis, code)
    return np.asarray((code + 0.5) / axis.size)
