"""Where enumerated design spaces lie: ``STORE/env=E/table=<key>/``, one folder per table.

While a space is being enumerated the folder holds ``table.json`` and one ``slice-<first
index>.parquet`` per finished slice of the space; in the end ``table.parquet``, which replaces the
slices, and ``optima.json``. What a table is good for says `archgym.cost_models.table`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym import registry
from archgym.cost_models.table import (
    HEAD,
    ROWS,
    TabledModel,
    load_table,
    read_head,
    read_rows,
)
from archgym.errors import StoreError
from archgym.outcome import Measurements
from archgym.problem import Problem
from archgym.results.files import (
    make_folder,
    read_json,
    remove_temporaries,
    write_json,
    write_parquet,
)
from archgym.results.spec import TABLE_MODEL, TrialSpec
from archgym.results.store import Store

SCHEMA_VERSION = 1
_PREFIX = "table="
_PACKING = {
    "compression": "zstd",
    "use_dictionary": ["status", "error"],
    "column_encoding": {"index": "DELTA_BINARY_PACKED"},
    "write_statistics": False,
}
_SLICE_NAME = re.compile(r"slice-(\d+)\.parquet")


@dataclass(frozen=True)
class TableFolder:
    """The folder of one enumerated space; on a local disk."""

    path: Path

    @staticmethod
    def of(store: Store, spec: TrialSpec) -> TableFolder:
        """Return where the table of a problem lies; the folder need not exist yet.

        Raises:
            StoreError: The store is no local folder.
        """
        if not isinstance(store.path, Path):
            raise StoreError(f"{store.path}: spaces are enumerated into local stores only")
        return TableFolder(store.path / f"env={spec.env_folder}" / f"{_PREFIX}{spec.table_key}")

    @property
    def key(self) -> str:
        """Says what is enumerated; see `TrialSpec.table_key`."""
        return self.path.name.removeprefix(_PREFIX)

    @property
    def finished(self) -> bool:
        """Whether all rows are there, in one file."""
        return (self.path / ROWS).exists()

    @property
    def begun(self) -> bool:
        """Whether anything was enumerated."""
        return (self.path / HEAD).exists()

    def begin(
        self, env: str, spec: TrialSpec, size: int, slice_size: int, default: Measurements
    ) -> None:
        """Write the head of a table that will hold the designs of a space.

        Args:
            env: Versioned id of the environment.
            spec: The problem; agent, seed and budget do not count.
            size: Number of flat indices of the space.
            slice_size: How many of them are one unit of work.
            default: Measurements of the default design.

        Raises:
            StoreError: The store cannot be written.
        """
        make_folder(self.path)
        remove_temporaries(self.path)
        first = {
            "metrics": {name: float(values[0]) for name, values in default.metrics.items()},
            "violation": float(default.violation[0]),
            "status": int(default.status[0]),
            "error": default.error.get(0, ""),
        }
        head = {
            "schema_version": SCHEMA_VERSION,
            "key": spec.table_key,
            "env": env,
            "spec": spec.data,
            "size": size,
            "slice_size": slice_size,
            "default": first,
        }
        write_json(self.path / HEAD, head)

    def read_head(self) -> dict[str, Any]:
        """Return what is enumerated.

        Raises:
            StoreError: It is damaged or of another schema.
        """
        head = read_head(self.path)
        if head.get("schema_version") != SCHEMA_VERSION:
            version = head.get("schema_version")
            raise StoreError(f"{self.path}: schema version {version!r} is not {SCHEMA_VERSION}")
        return head

    def slices(self) -> list[int]:
        """Return the first indices of the slices that are done, ascending."""
        found = [_SLICE_NAME.fullmatch(path.name) for path in self.path.glob("slice-*")]
        return sorted(int(match[1]) for match in found if match)

    def _slice_file(self, start: int) -> Path:
        return self.path / f"slice-{start:012d}.parquet"

    def write_slice(self, start: int, index: NDArray[np.int64], measured: Measurements) -> None:
        """Write the designs of one slice; appears whole or not at all.

        Raises:
            StoreError: The store cannot be written.
        """
        write_parquet(self._slice_file(start), _table(index, measured), _PACKING)

    def finish(self) -> None:
        """Put all slices into one file.

        Raises:
            StoreError: A slice is damaged, or the store cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        paths = [self._slice_file(start) for start in self.slices()]
        try:
            whole = pa.concat_tables([pq.read_table(path) for path in paths])
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"{self.path}: a slice is damaged: {error}") from None
        write_parquet(self.path / ROWS, whole, _PACKING)
        for path in paths:
            path.unlink()

    def read_rows(self) -> tuple[NDArray[np.int64], Measurements]:
        """Return flat indices and measurements of all designs; see `TableModel`."""
        return read_rows(self.path)

    def read_optima(self) -> dict[str, Any]:
        """Return the optima that were found, by the digest of their objective."""
        return read_json(self.path / "optima.json") or {}

    def write_optima(self, optima: dict[str, Any]) -> None:
        """Write the optima, replacing those that were there."""
        write_json(self.path / "optima.json", optima)


def with_table(problem: Problem, spec: TrialSpec, store: Store) -> Problem:
    """Return the problem with its cost model spared by a table, if the store has a finished one.

    Raises:
        StoreError: The table is damaged.
    """
    if not isinstance(store.path, Path):
        return problem
    folder = TableFolder.of(store, spec)
    if not folder.finished or spec.cost_model.startswith(TABLE_MODEL):
        return problem
    environment = registry.environments.get(spec.env)
    table = load_table(str(folder.path), environment, problem.settings, problem.workload_name)
    return replace(problem, cost_model=TabledModel(problem.cost_model, table))


def tables(store: Store) -> list[TableFolder]:
    """Return the tables of a store, sorted by path."""
    if not isinstance(store.path, Path):
        return []
    return [TableFolder(path) for path in sorted(store.path.glob(f"env=*/{_PREFIX}*"))]


def _table(index: NDArray[np.int64], measured: Measurements) -> Any:
    import pyarrow as pa

    errors = [measured.error.get(row) for row in range(len(measured))]
    return pa.table(
        {
            "index": index,
            **measured.metrics,
            "violation": measured.violation,
            "status": measured.status,
            "error": pa.array(errors, pa.string()),
        }
    )
