"""Designs of a space as the arrays that the kernel takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.dnn.mapping.columns import BOUNDS, FITTED
from archgym.cost_models.dnn.tiles.columns import DIMENSIONS, LEVELS, SPREAD, TILE_COLUMNS
from archgym.parameter import Codes
from archgym.scalar_parameters import Categorical
from archgym.space import DesignSpace

Ints = NDArray[np.int64]

# What a space has that lacks the column: bandwidth without limit, as in ArchGym, and clusters that
# the tiles decide.
MISSING = {"noc_bw": 2**30, "offchip_bw": 2**30, "cluster_size": 0}
NUMBERS = ("num_pes", *MISSING, *TILE_COLUMNS)


@dataclass(frozen=True)
class TileMappings:
    """Mappings with the arrays that they run on.

    Attributes:
        hardware: int64 (4, n): PEs, words per cycle to the PEs and from memory, PEs of a cluster,
            0 where the tiles decide.
        spread: int64 (2, n), dimension spread over clusters and over the PEs of one.
        orders: int64 (n, 2, 6), dimensions from the outermost loop.
        tiles: int64 (2, 6, n), sizes.
        fitted: bool (n,), whether what is too large is cut instead of refused.
    """

    hardware: Ints
    spread: Ints
    orders: Ints
    tiles: Ints
    fitted: NDArray[np.bool_]


class TileDecoder:
    """Turns codes of one space into arrays.

    Numbers of the space are parameters on one axis whose values off the grid, if there are any,
    count on from 1, as those of `Ordinal` with ``legal=(1, None)``. A space without ``bounds``
    cuts what is too large.
    """

    def __init__(self, space: DesignSpace):
        names = [name for name in NUMBERS if name in space.columns]
        self._present = np.array([NUMBERS.index(name) for name in names])
        self._numbers = np.array([space.columns[name].start for name in names])
        grids = [_grid(space, name) for name in names]
        self._sizes = np.array([len(grid) for grid in grids])
        self._starts = np.cumsum([0, *self._sizes[:-1]])
        self._values = np.concatenate(grids)
        self._usual = np.array([MISSING.get(name, 1) for name in NUMBERS])
        spread = [f"{level}_par" for level in LEVELS]
        self._spread = [space.columns[name].start for name in spread]
        self._words = [_dimensions(space, name) for name in spread]
        orders = [space.columns[f"{level}_order"] for level in LEVELS]
        self._orders = np.concatenate([np.arange(s.start, s.stop) for s in orders])
        self._bounds = space.columns[BOUNDS].start if BOUNDS in space.columns else None
        self._fitted = space[BOUNDS].parse(FITTED)[0] if BOUNDS in space.columns else 0

    def __call__(self, batch: Batch) -> TileMappings:
        """Return the mappings of designs of the space."""
        codes = batch.codes.astype(np.int64, copy=False)
        count = len(codes)
        numbers = np.repeat(self._usual[:, None], count, axis=1)
        numbers[self._present] = self._decode(codes[:, self._numbers]).T
        spread = [w[codes[:, at]] for w, at in zip(self._words, self._spread, strict=True)]
        digits = codes[:, self._orders].reshape(count, len(LEVELS), len(DIMENSIONS))
        fitted = np.ones(count, dtype=bool)
        if self._bounds is not None:
            fitted = codes[:, self._bounds] == self._fitted
        first = len(NUMBERS) - len(TILE_COLUMNS)
        tiles = numbers[first:].reshape(len(LEVELS), len(DIMENSIONS), count)
        return TileMappings(numbers[:first], np.stack(spread), _orders(digits), tiles, fitted)

    def _decode(self, codes: Ints) -> Ints:
        on_grid = self._values[self._starts + np.minimum(codes, self._sizes - 1)]
        return np.asarray(np.where(codes < self._sizes, on_grid, codes - self._sizes + 1))


@lru_cache(maxsize=16)
def decoder_of(space: DesignSpace) -> TileDecoder:
    """Return the decoder of a space; the last few are kept."""
    return TileDecoder(space)


def _grid(space: DesignSpace, name: str) -> Codes:
    return space[name].decode(np.arange(space[name].axes[0].size or 0)[:, None])


def _dimensions(space: DesignSpace, name: str) -> Ints:
    """Return the dimension that each code of a categorical column stands for."""
    parameter = space[name]
    if not isinstance(parameter, Categorical):
        raise TypeError(f"{name!r} is not categorical")
    return np.array([SPREAD.index(word) for word in parameter.values])


def _orders(digits: Ints) -> Ints:
    """Return the dimensions in the order that Lehmer digits stand for, along the last axis."""
    order = digits.copy()
    for place in range(digits.shape[-1] - 2, -1, -1):
        later = order[..., place + 1 :]
        later += later >= order[..., place : place + 1]
    return order
