"""Words of a tile of each tensor."""

from __future__ import annotations

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at

inlined = at.COMPILER.helper


@inlined
def weight_words(tile: Array) -> int:
    """Return the words of the weights of a tile, int64 (7,)."""
    return int(tile[at.K] * tile[at.C] * tile[at.R] * tile[at.S])


@inlined
def output_words(tile: Array) -> int:
    """Return the words of the outputs of a tile."""
    return int(tile[at.N] * tile[at.K] * tile[at.P] * tile[at.Q])


@inlined
def input_height(tile: Array, stride: int) -> int:
    """Return the rows of the inputs of a tile: the bounding box of its windows."""
    return int((tile[at.P] - 1) * stride + tile[at.R])


@inlined
def input_width(tile: Array, stride: int) -> int:
    """Return the columns of the inputs of a tile."""
    return int((tile[at.Q] - 1) * stride + tile[at.S])


@inlined
def input_words(tile: Array, stride: int) -> int:
    """Return the words of the inputs of a tile."""
    plane = input_height(tile, stride) * input_width(tile, stride)
    return int(tile[at.N] * tile[at.C] * plane)


@inlined
def tile_words(tile: Array, stride: int) -> int:
    """Return the words of all three tensors of a tile."""
    return weight_words(tile) + input_words(tile, stride) + output_words(tile)
