"""One HTML file that holds everything it shows: no network, no other file."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

SCRIPTS = ("drawing.js", "plots.js", "tables.js", "page.js")


def render(document: Mapping[str, Any], live_seconds: float = 0) -> str:
    """Return the page of a report.

    Args:
        document: See `archgym.results.report.document.report_document`.
        live_seconds: How often the page asks its server for news, 0 for a page on its own.
    """
    parts = {
        "title": html.escape(f"archgym report: {document['store']}"),
        "live": f"{live_seconds:g}",
        "style": _read("style.css"),
        "script": "\n".join(map(_read, SCRIPTS)),
        "data": to_text(document).replace("<", "\\u003c"),
    }
    before, *rest = _read("page.html").split("{{")
    pieces = (piece.partition("}}") for piece in rest)
    return before + "".join(parts[name] + after for name, _, after in pieces)


def to_text(document: Mapping[str, Any]) -> str:
    """Return compact JSON."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _read(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")
