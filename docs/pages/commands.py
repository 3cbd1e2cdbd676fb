"""What each verb of the command line says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import typer

from archgym.cli import app
from docs.pages.tables import code

_WIDTH = 88


def page() -> str:
    """Return the page of the command line."""
    parts = ["# Command line\n"]
    for words, text in _helps(typer.main.get_command(app), "archgym"):
        parts.append(f"## {words}\n\n{code(text, 'text')}")
    return "\n".join(parts)


def _helps(command: Any, words: str) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command, info_name=words, max_content_width=_WIDTH, terminal_width=_WIDTH
    )
    yield words, command.get_help(context)
    for name, sub in getattr(command, "commands", {}).items():
        yield from _helps(sub, f"{words} {name}")
