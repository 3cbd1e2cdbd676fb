"""Verbs that show a store as a page: report, dashboard."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from archgym.cli.options import DEFAULT_STORE, StoreOption
from archgym.cli.tables import warn
from archgym.errors import StoreError

DEFAULT_PAGE = Path("report.html")
DEFAULT_PORT = 8420

WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Only runs with this in their spec, such as agent=tpe or settings.memory=ddr5;"
        " repeatable, the same key twice takes both.",
    ),
]


def report(
    store: StoreOption = DEFAULT_STORE,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page to write (HTML).")
    ] = DEFAULT_PAGE,
    where: WhereOption = None,
    figures: Annotated[
        Path | None,
        typer.Option(help="Also write each figure here, as PNG and SVG (extra plots)."),
    ] = None,
) -> None:
    """Write one HTML page about a store, with plots and tables; it needs no network.

    Example: archgym report --store runs -o report.html --where env=dram
    """
    from archgym.results.files import make_folder
    from archgym.results.report.document import report_document
    from archgym.results.report.page import render
    from archgym.results.store import Store
    from archgym.whole_file import write_whole

    opened = Store.open(store)
    document = report_document(opened, where or (), warn)
    if not document["states"]:
        raise StoreError(f"{opened.address}: no runs")
    write_whole(output, render(document).encode())
    typer.echo(f"{output}: {len(document['problems'])} problems, {output.stat().st_size:,} bytes")
    if figures is not None:
        from archgym.results.report.figures import write_figures

        make_folder(figures)
        typer.echo(f"{figures}: {write_figures(document, figures)} figures")


def dashboard(
    store: StoreOption = DEFAULT_STORE,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to serve; 0 takes a free one.")
    ] = DEFAULT_PORT,
    where: WhereOption = None,
) -> None:
    """Serve the page of a store on this machine only, with news while an experiment runs.

    Example: archgym dashboard --store runs --port 8420
    """
    from archgym.results.report.server import serve
    from archgym.results.store import Store

    def tell(url: str) -> None:
        typer.echo(f"{url}  (Ctrl-C ends)")

    serve(Store.open(store), where or (), port, tell, cache(warn))
