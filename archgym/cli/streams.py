"""Answers that may be too large to hold: printed or written table by table."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

from archgym.cli.tables import Format, show
from archgym.results.files import new_temporary, plain, publish

if TYPE_CHECKING:
    import pyarrow as pa

Write = Callable[["pa.Table"], None]


def print_stream(tables: Iterator[pa.Table], form: Format, shown: int) -> None:
    """Print rows; as a table for people only the first of them."""
    if form is Format.CSV:
        _csv(tables, sys.stdout.buffer)
    elif form is Format.JSON:
        _json(tables, sys.stdout)
    else:
        rows, more = _first(tables, shown)
        show(rows, form)
        if more:
            typer.echo(f"the first {shown} rows; all: --format csv, or --output FILE", err=True)


def write_stream(tables: Iterator[pa.Table], path: Path) -> int:
    """Write rows as CSV, Parquet or JSON, whole or not at all; return how many.

    Raises:
        StoreError: The file cannot be written.
    """
    counted = _Counted(tables)
    with new_temporary(path) as temporary:
        if path.suffix == ".parquet":
            _parquet(counted, temporary)
        elif path.suffix == ".csv":
            with temporary.open("wb") as file:
                _csv(counted, file)
        else:
            with temporary.open("w") as file:
                _json(counted, file)
    publish(temporary, path)
    return counted.rows


class _Counted:
    def __init__(self, tables: Iterator[pa.Table]):
        self._tables, self.rows = tables, 0

    def __iter__(self) -> Iterator[pa.Table]:
        for table in self._tables:
            self.rows += len(table)
            yield table


def _first(tables: Iterator[pa.Table], count: int) -> tuple[list[dict[str, Any]], bool]:
    rows: list[dict[str, Any]] = []
    for table in tables:
        rows += table.slice(0, count + 1 - len(rows)).to_pylist()
        if len(rows) > count:
            return rows[:count], True
    return rows, False


def _csv(tables: Any, file: IO[bytes]) -> None:
    from pyarrow import csv

    head = True
    for table in tables:
        csv.write_csv(table, file, csv.WriteOptions(include_header=head, quoting_style="needed"))
        head = False


def _json(tables: Any, file: IO[str]) -> None:
    start = "[\n"
    for table in tables:
        for row in table.to_pylist():
            file.write(start + json.dumps(plain(row)))
            start = ",\n"
    file.write("\n]\n" if start != "[\n" else "[]\n")


def _parquet(tables: Any, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for table in tables:
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
    if writer is None:
        pq.write_table(pa.table({}), path)
    else:
        writer.close()
