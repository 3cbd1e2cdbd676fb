"""Counts of sparse products on their index sets, compiled by Numba.

Rows of C = A B are computed one after another, as Gustavson's algorithm does: row i gathers row k
of B for every entry (i, k) of A. Matrices are compressed rows: starts int64 (rows + 1,), columns
int64 (entries,), ascending within a row.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archgym.cost_models.compiled import Array, Compiler

COMPILER = Compiler("dnn-spgemm", Path(__file__).parent)
kernel, helper = COMPILER.kernel, COMPILER.helper

ATOMICS, SPILLED_PRODUCTS, SPILLED_ROWS = range(3)
_MULTIPLIER = 2654435769  # Knuth's: 2^32 / golden ratio
_BITS = 32


@kernel
def count_rows(
    a_starts: Array,
    a_columns: Array,
    b_starts: Array,
    b_columns: Array,
    seen: Array,
    counts: Array,
) -> None:
    """Write multiplications and entries of each row of C.

    Args:
        a_starts: A, with `a_columns`.
        a_columns: A, with `a_starts`.
        b_starts: B, with `b_columns`.
        b_columns: B, with `b_starts`.
        seen: int64 (columns of B,), scratch.
        counts: int64 (2, rows of A), out.
    """
    seen[:] = -1
    for row in range(len(a_starts) - 1):
        products, entries = 0, 0
        for at in range(a_starts[row], a_starts[row + 1]):
            inner = a_columns[at]
            products += b_starts[inner + 1] - b_starts[inner]
            for place in range(b_starts[inner], b_starts[inner + 1]):
                if seen[b_columns[place]] != row:
                    seen[b_columns[place]] = row
                    entries += 1
        counts[0, row], counts[1, row] = products, entries


@helper
def _probe(table: Array, slots: int, column: int) -> tuple[int, int]:
    """Return the slot of a column, or the free one where it belongs, and the slots looked at."""
    slot = (((column * _MULTIPLIER) & ((1 << _BITS) - 1)) * slots) >> _BITS
    probes = 1
    while table[slot] >= 0 and table[slot] != column:
        slot = slot + 1 if slot + 1 < slots else 0
        probes += 1
    return slot, probes


@kernel
def fill_tables(
    a_starts: Array,
    a_columns: Array,
    b_starts: Array,
    b_columns: Array,
    entries: Array,
    load_factor: float,
    table: Array,
    found: Array,
) -> None:
    """Write what hash tables with linear probing do while each row of C is gathered.

    A row's table has entries / load_factor slots. Where these do not fit, it has as many as fit
    and takes columns until they fill the load factor; products of further columns spill.

    Args:
        a_starts: A, with `a_columns`.
        a_columns: A, with `a_starts`.
        b_starts: B, with `b_columns`.
        b_columns: B, with `b_starts`.
        entries: int64 (rows of A,), entries of each row of C.
        load_factor: Share of the slots that may be filled, below 1.
        table: int64 (slots that fit,), scratch.
        found: int64 (3,), out: slots looked at, spilled products, rows that spill.
    """
    found[:] = 0
    for row in range(len(a_starts) - 1):
        slots = int(np.ceil(entries[row] / load_factor))
        fits = slots <= len(table)
        free = entries[row] if fits else int(load_factor * len(table))
        slots = min(slots, len(table))
        table[:slots] = -1
        found[SPILLED_ROWS] += not fits
        for at in range(a_starts[row], a_starts[row + 1]):
            inner = a_columns[at]
            for place in range(b_starts[inner], b_starts[inner + 1]):
                column = b_columns[place]
                slot, probes = _probe(table, slots, column)
                found[ATOMICS] += probes
                if table[slot] != column:
                    if free:
                        table[slot] = column
                        free -= 1
                    else:
                        found[SPILLED_PRODUCTS] += 1
