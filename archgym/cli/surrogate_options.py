"""Options that several verbs of surrogates share."""

from __future__ import annotations

from typing import Annotated

import typer

MetricsOption = Annotated[
    str | None,
    typer.Option(
        help="Metrics to learn, separated by commas, cheap ones first: a transformer predicts"
        " each given those before it. All otherwise."
    ),
]
KindSettings = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="A setting of what learns; repeatable."),
]
SeedOption = Annotated[int, typer.Option(min=0, help="Of everything random.")]


def names_of(metrics: str | None) -> list[str] | None:
    """Return the names of a text that separates them by commas, None where all are meant."""
    return None if metrics is None else [part.strip() for part in metrics.split(",")]
