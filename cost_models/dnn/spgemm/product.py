"""Two sparse matrices that are multiplied, and what their index sets say."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

Ints = NDArray[np.int64]

MOST_FLOPS = 10**9
_MOST_KEPT = 4096


@dataclass(frozen=True, eq=False)
class Pattern:
    """The index set of a sparse matrix, in compressed rows.

    Attributes:
        columns: Number of columns.
        starts: int64 (rows + 1,), where each row begins.
        indices: int64 (entries,), columns of the entries, ascending within a row.
    """

    columns: int
    starts: Ints
    indices: Ints

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.starts) - 1

    @property
    def entries(self) -> int:
        """Number of entries."""
        return len(self.indices)


@dataclass(frozen=True)
class HashCounts:
    """What the hash tables of all rows do.

    Attributes:
        atomics: Slots looked at; the last one for a product takes it.
        spilled_products: Products whose column found no room.
        spilled_rows: Rows whose table does not fit.
    """

    atomics: int
    spilled_products: int
    spilled_rows: int


@dataclass(frozen=True, eq=False)
class Product:
    """C = A B. Counts are made when first asked for, and kept.

    Raises:
        WorkloadError: The sizes do not fit, a matrix is empty, or the product is too large.
    """

    name: str
    a: Pattern
    b: Pattern
    _hashed: dict[tuple[int, float], HashCounts] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.a.columns != self.b.rows:
            raise WorkloadError(
                f"{self.name}: A is {self.a.rows} x {self.a.columns} and B {self.b.rows} x"
                f" {self.b.columns}, which cannot be multiplied"
            )
        if not self.a.entries or not self.b.entries:
            raise WorkloadError(f"{self.name}: a matrix without entries")
        if self.flops > MOST_FLOPS:
            raise WorkloadError(
                f"{self.name}: {self.flops:,} multiplications; at most {MOST_FLOPS:,} are counted"
            )

    @cached_property
    def flops(self) -> int:
        """Multiplications, each with an addition: entries of row k of B for each (i, k) of A."""
        return int(np.diff(self.b.starts)[self.a.indices].sum())

    @cached_property
    def row_entries(self) -> Ints:
        """Entries of each row of C, int64 (rows,)."""
        from archgym.cost_models.dnn.spgemm.kernels import count_rows

        counts = np.empty((2, self.a.rows), dtype=np.int64)
        count_rows(*self._arrays, np.empty(self.b.columns, dtype=np.int64), counts)
        return np.asarray(counts[1])

    @cached_property
    def nnz_c(self) -> int:
        """Entries of C."""
        return int(self.row_entries.sum())

    def hash_counts(self, slots: int, load_factor: float) -> HashCounts:
        """Return what hash tables do in a scratchpad with that many slots."""
        from archgym.cost_models.dnn.spgemm.kernels import fill_tables

        largest = math.ceil(int(self.row_entries.max()) / load_factor)
        key = min(slots, largest), load_factor
        if key not in self._hashed:
            found, table = np.empty(3, dtype=np.int64), np.empty(key[0], dtype=np.int64)
            fill_tables(*self._arrays, self.row_entries, load_factor, table, found)
            if len(self._hashed) >= _MOST_KEPT:
                self._hashed.clear()
            self._hashed[key] = HashCounts(*found.tolist())
        return self._hashed[key]

    def blocks(self, threads: int) -> tuple[int, int]:
        """Return how many blocks of rows of A and of columns of B hold entries.

        A block of C has as many elements as there are threads, as square as can be.
        """
        height = math.isqrt(threads)
        rows = np.flatnonzero(np.diff(self.a.starts)) // height
        columns = self._used_columns // (threads // height)
        return len(np.unique(rows)), len(np.unique(columns))

    def content_hash(self) -> str:
        """Return a hash of both index sets, which tells runs on different files apart."""
        digest = hashlib.sha256()
        for matrix in (self.a, self.b):
            digest.update(np.int64(matrix.columns).tobytes())
            digest.update(matrix.starts.tobytes() + matrix.indices.tobytes())
        return digest.hexdigest()

    @cached_property
    def _used_columns(self) -> Ints:
        return np.unique(self.b.indices)

    @property
    def _arrays(self) -> tuple[Ints, Ints, Ints, Ints]:
        return self.a.starts, self.a.indices, self.b.starts, self.b.indices


def pattern_of(rows: Ints, columns: Ints, shape: tuple[int, int]) -> Pattern:
    """Return the index set of entries, given in any order; repeated ones count once."""
    flat = np.unique(rows.astype(np.int64) * shape[1] + columns)
    starts = np.searchsorted(flat, np.arange(shape[0] + 1, dtype=np.int64) * shape[1])
    return Pattern(shape[1], starts.astype(np.int64), flat % shape[1])
