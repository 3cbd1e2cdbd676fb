"""Stalls of a systolic array behind a memory of limited bandwidth: a plain double-buffer rule.

While a fold computes, the words that the next fold needs and the buffers do not hold are fetched,
and the results of the fold before are written back; the fold lasts as long as the slower of both.
The first fetch and the last write-back overlap with nothing. SCALE-Sim's own stall model is not
followed: its reads take their bandwidth from elsewhere than its setting says, and misses count
twice.

Row folds are the outer loop. What a row fold streams (ifmap under os and ws, filter under is) is
kept over its column folds where one block fits its buffer; what a column fold streams or sums
(filter under os, ofmap under ws and is) is kept over all folds where all of it fits. What stays in
the array is fetched or written once a fold, which is once in all. Words are those of the matrix
product: overlapping windows of a convolution count as often as they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.systolic import IS, OS, Arrays, Folding, Ints, Work

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Memory:
    """Buffers and bandwidth of n designs; every attribute is float64 (n, 1).

    Attributes:
        ifmap, filter, ofmap: Words of each buffer; infinite where it holds everything.
        bandwidth: Words per cycle, reads and writes together.
    """

    ifmap: Floats
    filter: Floats
    ofmap: Floats
    bandwidth: Floats


@dataclass(frozen=True)
class Traffic:
    """Cycles and words of single layers, one group; float64 (n, m).

    Attributes:
        cycles: With stalls.
        words: Fetched and written.
    """

    cycles: Floats
    words: Floats


def traffic(arrays: Arrays, work: Work, folding: Folding, memory: Memory) -> Traffic:
    """Return cycles with stalls and the words moved by one group of each layer."""
    moves = _Moves.of(arrays, work, folding, memory)
    i, rows_alike = _representatives(folding.row_folds)
    j, cols_alike = _representatives(folding.col_folds)
    i, j = i[..., :, None], j[..., None, :]
    alike = rows_alike[..., :, None] * cols_alike[..., None, :]
    words = ((moves.fetched(i, j) + moves.written(i, j)) * alike).sum(axis=(2, 3))
    busy = moves.fetched(*moves.after(i, j)) + moves.written(*moves.before(i, j))
    # The tool takes one cycle off a layer: off its last fold, which may end on a stall instead.
    is_last = (i == moves.row_folds - 1) & (j == moves.col_folds - 1)
    fold_cycles = _deep(folding.cycles // (folding.row_folds * folding.col_folds))
    lasting = np.maximum(fold_cycles - is_last, busy / _deep(memory.bandwidth))
    ends = moves.fetched(i[..., :1, :], j[..., :1]) + moves.written(
        moves.row_folds - 1, moves.col_folds - 1
    )
    cycles = (lasting * alike).sum(axis=(2, 3)) + ends[..., 0, 0] / memory.bandwidth
    return Traffic(np.ceil(cycles), words)


def _representatives(folds: Ints) -> tuple[Ints, Ints]:
    """Return places of folds and how many are alike, int64 (n, m, 5), none where there are few.

    The first, the second, those in the middle, the last but one and the last differ in what they
    or their neighbours move.
    """
    zero = np.zeros_like(folds)
    places = [zero, zero + 1, zero + 2, folds - 2, folds - 1]
    alike = [zero + 1, folds > 1, np.maximum(folds - 4, 0), folds > 3, folds > 2]
    return np.stack(places, axis=-1), np.stack(alike, axis=-1).astype(np.int64)


@dataclass(frozen=True)
class _Moves:
    """What each fold moves; every attribute has shape (n, m, 1, 1) or broadcasts to it."""

    rows: Ints
    cols: Ints
    over_rows: Ints
    over_cols: Ints
    streamed: Ints
    row_folds: Ints
    col_folds: Ints
    sums_in_array: NDArray[np.bool_]  # dataflow os
    row_buffer: Floats
    keeps_columns: NDArray[np.bool_]

    @staticmethod
    def of(arrays: Arrays, work: Work, folding: Folding, memory: Memory) -> _Moves:
        is_os, is_is = arrays.dataflow == OS, arrays.dataflow == IS
        row_buffer = np.where(is_is, memory.filter, memory.ifmap)
        column_buffer = np.where(is_os, memory.filter, memory.ofmap)
        keeps_columns = folding.over_cols * folding.streamed <= column_buffer
        sizes = (arrays.rows, arrays.cols, folding.over_rows, folding.over_cols, folding.streamed)
        folds = (folding.row_folds, folding.col_folds)
        parts = (*sizes, *folds, is_os, row_buffer, keeps_columns)
        return _Moves(*(_deep(part) for part in parts))

    def fetched(self, i: Ints, j: Ints) -> Floats:
        """Return the words that fold (i, j) needs and the buffers do not hold."""
        streams = self._row_words(i)
        along_rows = np.where((j == 0) | (streams > self.row_buffer), streams, 0)
        needs_columns = np.where(
            self.sums_in_array, (i == 0) | ~self.keeps_columns, (i > 0) & ~self.keeps_columns
        )
        along_columns = np.where(needs_columns, self._column_words(j), 0)
        stays = np.where(self.sums_in_array, 0, self._block_words(i, j))
        return self._if_any(i, along_rows + along_columns + stays)

    def written(self, i: Ints, j: Ints) -> Floats:
        """Return the words of the results of fold (i, j) that leave the buffers."""
        leaves = ~self.keeps_columns | (i == self.row_folds - 1)
        sums = np.where(leaves, self._column_words(j), 0)
        return self._if_any(i, np.where(self.sums_in_array, self._block_words(i, j), sums))

    def after(self, i: Ints, j: Ints) -> tuple[Ints, Ints]:
        """Return the fold that follows (i, j); its row is out of range after the last."""
        ends = j + 1 == self.col_folds
        return np.where(ends, i + 1, i), np.where(ends, 0, j + 1)

    def before(self, i: Ints, j: Ints) -> tuple[Ints, Ints]:
        """Return the fold before (i, j); its row is out of range before the first."""
        begins = j == 0
        return np.where(begins, i - 1, i), np.where(begins, self.col_folds - 1, j - 1)

    def _if_any(self, i: Ints, words: Ints) -> Floats:
        return np.where((i >= 0) & (i < self.row_folds), words, 0).astype(np.float64)

    def _row_words(self, i: Ints) -> Ints:
        return self._height(i) * self.streamed

    def _column_words(self, j: Ints) -> Ints:
        return self._width(j) * self.streamed

    def _block_words(self, i: Ints, j: Ints) -> Ints:
        return self._height(i) * self._width(j)

    def _height(self, i: Ints) -> Ints:
        return np.minimum(self.rows, self.over_rows - i * self.rows)

    def _width(self, j: Ints) -> Ints:
        return np.minimum(self.cols, self.over_cols - j * self.cols)


def _deep(values: NDArray[Any]) -> NDArray[Any]:
    return values[..., None, None]
