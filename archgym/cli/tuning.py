"""The verb that shows what a tuning found, and saves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from archgym.cli.options import DEFAULT_STORE, FormatOption, StoreOption
from archgym.cli.tables import Format, show
from archgym.errors import LaunchError


def tuning(
    launch: Annotated[Path, typer.Argument(help="A launch with a tune block that was run.")],
    store: StoreOption = DEFAULT_STORE,
    save: Annotated[
        Path | None, typer.Option(help="Write the tuned values and what made them (YAML).")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the best configuration of each agent that a launch tuned.

    Scores are geometric means of the best rewards over problems and seeds: 2 means designs twice
    as good as the default design. gain compares, on the held-out problems, the tuned values with
    the agent's default (95 % bootstrap interval). A launch that says `hyperparameters: FILE` uses
    the saved values.

    Example: archgym tuning experiments/launches/tune.yaml --save tuned.yaml
    """
    from archgym.experiments.launch import read_launch
    from archgym.experiments.tuned_values import write_tuned
    from archgym.experiments.tuning import finished, make_tuning
    from archgym.experiments.tuning_report import tuned_content, tuning_rows
    from archgym.results.store import Store

    content = read_launch(launch)
    if content.tune is None:
        raise LaunchError(f"{launch}: has no tune block")
    plan, opened = make_tuning(content, launch), Store.open(store)
    finished(plan, opened)
    show_tuning(tuning_rows(plan, opened), form)
    if save is not None:
        write_tuned(save, tuned_content(plan, opened))


def show_tuning(rows: Sequence[Mapping[str, Any]], form: Format) -> None:
    """Print the rows; as a table with fewer digits and the interval in one cell."""
    show([_for_people(row) for row in rows] if form is Format.TABLE else rows, form)


def _for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    short = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}
    low, high, values = (short.pop(k) for k in ("gain_low_95", "gain_high_95", "hyperparameters"))
    interval = "" if low is None else f"{low:g} .. {high:g}"
    return {**short, "gain_95": interval, "hyperparameters": values}
