"""Rows of data as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows that share their keys as a Markdown table, without its empty columns."""
    names = [name for name in (rows[0] if rows else ()) if any(_cell(row[name]) for row in rows)]
    if not names:
        return ""
    lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def section(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a heading and a table below it; empty where there are no rows."""
    body = table(rows)
    return f"## {title}\n\n{body}\n" if body else ""


def code(text: str, language: str) -> str:
    """Return a fenced block of code, whatever fences it holds itself."""
    return f"~~~~{language}\n{text.rstrip()}\n~~~~\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    for character in "\\`*_<>|[]":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
