"""Options that several verbs of surrogates share."""

from __future__ import annotations

from pathlib import Path
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
TuneOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Settings that Optuna tries on the rows that are learnt, by cross-validation."
    ),
]
DatasetName = Annotated[
    str, typer.Option(metavar="NAME[:VERSION]", help="The newest version otherwise.")
]
DatasetStore = Annotated[Path, typer.Option(help="Where the dataset is.")]
Workloads = Annotated[
    str | None,
    typer.Option(help="A workload of the dataset, several with commas between, or all."),
]
KindsOption = Annotated[list[str] | None, typer.Option(help="All otherwise; repeatable.")]
RivalSettings = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[KIND.]KEY=VALUE", help="A setting of all kinds, or of one; repeatable."
    ),
]
SeedsOption = Annotated[int, typer.Option(min=1, help="How often, from --seed on.")]
TableOption = Annotated[Path | None, typer.Option(help="A CSV to write, with all digits.")]


def names_of(metrics: str | None) -> list[str] | None:
    """Return the names of a text that separates them by commas, None where all are meant."""
    return None if metrics is None else [part.strip() for part in metrics.split(",")]
