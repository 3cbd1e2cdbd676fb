"""Looking at something again and again until it has ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from archgym.cli.tables import Format, show

if TYPE_CHECKING:
    from archgym.results.store import Store

PAUSE_SECONDS = 2.0
# A large store takes long to look through: looking must stay a small share of the time.
_PAUSES_PER_LOOK = 4.0


def status_content(store: Store) -> dict[str, Sequence[Any]]:
    """Return what `archgym status` shows: runs by state, failures, and who is at work."""
    from archgym.experiments.driver_lock import drivers_at_work
    from archgym.results.status import failures, status_rows

    told = ("launch", "host", "pid", "renewed")
    drivers = [{name: driver[name] for name in told} for driver in drivers_at_work(store)]
    return {"runs": status_rows(store), "failures": failures(store), "drivers": drivers}


def show_status(content: dict[str, Sequence[Any]], form: Format) -> None:
    """Print it; as CSV the runs alone."""
    if form is Format.JSON:
        show([content], form)
        return
    show(content["runs"], form)
    for title in ("failures", "drivers") if form is Format.TABLE else ():
        if content[title]:
            typer.echo()
            show(content[title], form, title)


def watch(look: Callable[[], dict[str, Sequence[Any]]], form: Format) -> None:
    """Show what a look returns whenever it changed, until nobody is at work; Ctrl-C ends it too.

    A terminal shows the latest alone, anything else one after the other.
    """
    from rich.console import Console

    shown: object = None
    try:
        while True:
            began = time.monotonic()
            content = look()
            if content != shown:
                Console().clear()
                show_status(content, form)
                sys.stdout.flush()
                shown = content
            if not content["drivers"] and not any(row["running"] for row in content["runs"]):
                return
            time.sleep(max(PAUSE_SECONDS, _PAUSES_PER_LOOK * (time.monotonic() - began)))
    except KeyboardInterrupt:
        typer.echo()
