"""Designs as points that gradients can move, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.learned.encoding import MOST_VALUES_SEEN_SINGLY, DesignEncoding
from archgym.encodings import stretch
from archgym.outcome import Floats
from archgym.parameter import Axis, Codes
from archgym.space import DesignSpace


class Relaxation:
    """Points are the numbers that `DesignEncoding` gives to designs, and all between them.

    Args:
        space: The design space.

    Attributes:
        size: Numbers of a point.
    """

    def __init__(self, space: DesignSpace):
        self.space, self._encoding = space, DesignEncoding(space.axes)
        self._shape = (len(self._encoding.varying), self._encoding.features)
        self.size = self._shape[0] * self._shape[1]

    def points(self, batch: Batch) -> Floats:
        """Return the points of designs, shape (n, size)."""
        return self._encoding.inputs(batch).reshape(len(batch), self.size)

    def designs(self, points: NDArray[np.floating]) -> Batch:
        """Return the design at each point (n, size): axis by axis the nearest value.

        Designs may break constraints.
        """
        numbers = points.reshape(len(points), *self._shape)
        codes = np.tile(self.space.resting, (len(points), 1))
        for token, (column, axis) in enumerate(self._encoding.varying):
            codes[:, column] = _nearest(axis, numbers[:, token])
        return Batch(self.space, self.space.canonical(codes))


def _nearest(axis: Axis, numbers: NDArray[np.floating]) -> Codes:
    unit = np.clip((numbers[:, 0] + 1.0) / 2.0, 0.0, 1.0).astype(np.float64)
    if axis.size is None:
        return np.asarray(stretch(axis, unit))
    if axis.ordered and axis.size > MOST_VALUES_SEEN_SINGLY:
        return np.asarray(np.minimum(np.floor(unit * axis.size), axis.size - 1))
    values = DesignEncoding((axis,))(np.arange(axis.size)[:, None])[:, 0]
    # Squared distances but for what all values have in common.
    apart = (values**2).sum(axis=1) - 2.0 * numbers[:, : values.shape[1]] @ values.T
    return np.asarray(apart.argmin(axis=1))
