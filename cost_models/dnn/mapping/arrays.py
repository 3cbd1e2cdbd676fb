"""Designs of a space as the arrays that the kernels take."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.cost_models.dnn.mapping.columns import (
    BOUND_COLUMNS,
    BOUNDS,
    FITTED,
    HARDWARE,
    ORDER_COLUMNS,
)
from archgym.cost_models.dnn.technology import maestro_area_um2, technology
from archgym.space import DesignSpace

Ints = NDArray[np.int64]
_PERMUTATIONS = np.array(list(itertools.permutations(range(len(DIMENSIONS)))), dtype=np.int64)


@dataclass(frozen=True)
class Mappings:
    """Mappings with their machines.

    Attributes:
        bounds: int64 (n, 28), in the order of `BOUND_COLUMNS`.
        orders: int64 (n, 28), dimensions from the outermost loop, level after level.
        fitted: bool (n,), whether the bounds are wishes that are made to fit.
        hardware: float64 (n, 12), or (1, 12) where all have the same; columns as `HARDWARE`,
            then the area in um^2.
    """

    bounds: Ints
    orders: Ints
    fitted: NDArray[np.bool_]
    hardware: NDArray[np.float64]


class MappingDecoder:
    """Turns codes of one space into arrays.

    The space has all columns of a mapping and its machine: bounds as `Ordinal` with
    ``legal=(1, None)``, orders as permutations of the seven dimensions.
    """

    def __init__(self, space: DesignSpace):
        starts = [space.columns[name].start for name in BOUND_COLUMNS]
        grids = [space[name].decode(_grid(space, name)).tolist() for name in BOUND_COLUMNS]
        self._space = space
        self._columns = np.array(starts, dtype=np.int64)
        self._sizes = np.array([len(grid) for grid in grids], dtype=np.int64)
        self._values = np.ones((len(grids), int(self._sizes.max())), dtype=np.int64)
        for place, grid in enumerate(grids):
            self._values[place, : len(grid)] = grid
        firsts = [space.columns[name].start for name in ORDER_COLUMNS]
        self._orders = np.array(firsts, dtype=np.int64)
        self._hardware = [space.columns[name].start for name in HARDWARE]
        self._bounds_column = space.columns[BOUNDS].start
        self._fitted_code = space[BOUNDS].parse(FITTED)[0]
        self._usual = self._machines(space.default)
        self._usual_codes = space.default.codes[0, self._hardware]

    def __call__(self, batch: Batch) -> Mappings:
        """Return the mappings of designs of the space."""
        from archgym.cost_models.dnn.mapping.kernels.decode import decode_mappings

        codes = np.ascontiguousarray(batch.codes)
        bounds = np.empty((len(codes), len(BOUND_COLUMNS)), dtype=np.int64)
        orders = np.empty_like(bounds)
        decode_mappings(
            codes,
            self._columns,
            self._values,
            self._sizes,
            self._orders,
            _PERMUTATIONS,
            bounds,
            orders,
        )
        fitted = codes[:, self._bounds_column] == self._fitted_code
        usual = (codes[:, self._hardware] == self._usual_codes).all()
        return Mappings(bounds, orders, fitted, self._usual if usual else self._machines(batch))

    def _machines(self, batch: Batch) -> NDArray[np.float64]:
        columns = [batch[name].astype(np.float64) for name in HARDWARE]
        word_bytes = technology()["word_bytes"]
        pes, rf_words, glb_words = columns[:3]
        area = maestro_area_um2(pes, word_bytes * rf_words, word_bytes * glb_words)
        return np.stack([*columns, area], axis=1)


@lru_cache(maxsize=16)
def decoder_of(space: DesignSpace) -> MappingDecoder:
    """Return the decoder of a space; the last few are kept."""
    return MappingDecoder(space)


def _grid(space: DesignSpace, name: str) -> Ints:
    return np.arange(space[name].axes[0].size or 0, dtype=np.int64)[:, None]
