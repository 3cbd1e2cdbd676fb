"""How many input words come into a buffer: sliding windows keep what they share.

The tool runs iterations 0 and 1 of each loop and extrapolates. So when a loop advances, the loops
inside it return from their second iteration to their first, and what a tile shares with the one
before is kept along the innermost loop alone, and across an outer loop only where its net move
happens to be the innermost one's.
"""

from __future__ import annotations

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at
from archgym.cost_models.dnn.mapping.kernels.tiles import input_height, input_width, input_words

helper = at.COMPILER.helper
inlined = at.COMPILER.helper


@helper
def input_fills(
    tile: Array, stride: int, loops: Array, first: int, last: int, events: Array
) -> int:
    """Return the input words that a buffer receives under ``loops[first:last]``.

    Writes one event per loop to ``events``, the innermost first.
    """
    words = input_words(tile, stride)
    height, width = input_height(tile, stride), input_width(tile, stride)
    fills = words
    inner_n, inner_c, inner_h, inner_w = 0, 0, 0, 0
    for j in range(first, last):
        step_n, step_c, step_h, step_w = tile_step(loops, j, stride)
        move_n, move_c = step_n - inner_n, step_c - inner_c
        move_h, move_w = step_h - inner_h, step_w - inner_w
        inner_n, inner_c = inner_n + step_n, inner_c + step_c
        inner_h, inner_w = inner_h + step_h, inner_w + step_w
        event = j - first
        events[event, at.MOVE_N], events[event, at.MOVE_C] = move_n, move_c
        events[event, at.MOVE_H], events[event, at.MOVE_W] = move_h, move_w
        new = words
        if event == 0 or same_move(events, 0, event):
            new = new_words(words, tile, height, width, move_n, move_c, move_h, move_w)
        events[event, at.WORDS] = new
        occurrences = (loops[j, at.BOUND] - 1) * loops[j, at.OUTER]
        events[event, at.OCCURRENCES] = occurrences
        fills += occurrences * new
    return fills


@inlined
def tile_step(loops: Array, j: int, stride: int) -> tuple[int, int, int, int]:
    """Return by how much one step of loop ``j`` moves the input tile."""
    dimension, step = loops[j, at.DIMENSION], loops[j, at.STEP]
    batch = step if dimension == at.N else 0
    channel = step if dimension == at.C else 0
    row = step * stride if dimension == at.P else (step if dimension == at.R else 0)
    column = step * stride if dimension == at.Q else (step if dimension == at.S else 0)
    return batch, channel, row, column


@inlined
def same_move(events: Array, one: int, other: int) -> bool:
    """Return whether two events move the tile alike."""
    alike: bool = events[one, at.MOVE_N] == events[other, at.MOVE_N]
    alike &= events[one, at.MOVE_C] == events[other, at.MOVE_C]
    alike &= events[one, at.MOVE_H] == events[other, at.MOVE_H]
    alike &= events[one, at.MOVE_W] == events[other, at.MOVE_W]
    return alike


@inlined
def new_words(
    words: int,
    tile: Array,
    height: int,
    width: int,
    move_n: int,
    move_c: int,
    move_h: int,
    move_w: int,
) -> int:
    """Return the words of a tile that lie outside the tile before the move."""
    moved = (move_n != 0) + (move_c != 0) + (move_h != 0) + (move_w != 0)
    if moved == 0:
        return 0
    if moved > 1:
        return words
    if move_h != 0:
        return min(abs(move_h), height) * (words // height)
    if move_w != 0:
        return min(abs(move_w), width) * (words // width)
    extent = int(tile[at.N] if move_n != 0 else tile[at.C])
    return min(abs(move_n + move_c), extent) * (words // extent)
