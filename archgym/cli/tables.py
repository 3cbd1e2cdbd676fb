"""Rows of data as a table for people, CSV or JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]
_MOST_LISTED = 8


class Format(StrEnum):
    """How a listing is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(rows: Sequence[Row], form: Format, title: str = "") -> None:
    """Print rows that share their keys to standard output."""
    if form is Format.JSON:
        json.dump(list(rows), sys.stdout, indent=2, default=str)
        print()
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows[0].keys() if rows else [])
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    else:
        _show_table(rows, title)


def warn(text: str) -> None:
    """Tell of something that is left out, on standard error."""
    print(f"archgym: left out: {text}", file=sys.stderr)


def _show_table(rows: Sequence[Row], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for name in rows[0] if rows else []:
        numeric = all(isinstance(row[name], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_short_cell(value)) for value in row.values()))
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)


def _short_cell(value: Any) -> str:
    """Return a cell for people: of a long list the beginning and the length."""
    if isinstance(value, list | tuple) and len(value) > _MOST_LISTED:
        return f"{_cell(value[:_MOST_LISTED])}, ... {len(value)} in all"
    return _cell(value)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e9 else f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
