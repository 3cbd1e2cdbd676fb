"""A run whose rows are complete keeps them in one small file, ``data.parquet``.

Rows that measure alike are put side by side, since many designs behave alike: so a run of the
memory controller takes 26 bytes per evaluation, 52 in the order of steps. Readers sort by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.results.files import remove, write_parquet
from archgym.results.schema import COMMON_PACKING, TIMINGS, Columns
from archgym.results.store import RunFolder

if TYPE_CHECKING:
    import pyarrow as pa

_LEVEL = 3
_SAMPLE = 2_000
_UNLIKE = 0.9  # share of different values from which on a column does not repeat


def compact(folder: RunFolder, columns: Columns, rows: pa.Table) -> None:
    """Write all rows of a run as ``data.parquet``, then remove what it replaces.

    A kill between the two leaves both; readers count each step once.

    Raises:
        StoreError: The store cannot be written.
    """
    replaced = [part for part in folder.parts() if part != folder.data_file]
    varied = _distinct(rows, (*columns.metrics, "violation", "reward"))
    order = _alike_together(rows, varied)
    packing = _packing(rows, columns, varied)
    write_parquet(folder.data_file, rows.take(order), packing)
    for part in replaced:
        remove(part)


def _distinct(rows: pa.Table, names: Sequence[str]) -> dict[str, int]:
    """Return how many different values each column has among the first rows, fewest first."""
    import pyarrow.compute as pc

    first = rows.slice(0, _SAMPLE)
    counts = {name: pc.count_distinct(first[name]).as_py() for name in names}
    return dict(sorted(counts.items(), key=lambda item: item[1]))


def _alike_together(rows: pa.Table, varied: dict[str, int]) -> Any:
    """Return an order of the rows by their metrics, those with the fewest values first."""
    keys = [rows[name].to_numpy() for name, count in varied.items() if count > 1]
    return np.lexsort(keys[::-1]) if keys else np.arange(len(rows))


def _packing(rows: pa.Table, columns: Columns, varied: dict[str, int]) -> dict[str, Any]:
    """Return how each column is encoded: values that repeat plain or by dictionary, others split.

    Plain means that zstd sees equal values side by side. The times are shared by a batch's rows.
    """
    many = _UNLIKE * min(len(rows), _SAMPLE)
    unlike = [name for name, count in varied.items() if count > many]
    shared = ["batch", *TIMINGS] if _distinct(rows, ["batch"])["batch"] <= many else []
    return {
        **COMMON_PACKING,
        "compression_level": _LEVEL,
        "use_dictionary": ["status", "error", *columns.grid, *shared],
        "use_byte_stream_split": [*columns.real, *unlike, *(() if shared else TIMINGS)],
        "column_encoding": dict.fromkeys(
            ("step",) if shared else ("step", "batch"), "DELTA_BINARY_PACKED"
        ),
    }
