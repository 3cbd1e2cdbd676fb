"""The verb of learning curves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archgym.cli.options import DEFAULT_STORE, FormatOption, parse_values
from archgym.cli.surrogate_options import (
    DatasetName,
    DatasetStore,
    KindsOption,
    MetricsOption,
    RivalSettings,
    SeedOption,
    SeedsOption,
    TableOption,
    TuneOption,
    Workloads,
    names_of,
)
from archgym.cli.surrogate_scores import check_output, show_scores, write_scores
from archgym.cli.surrogate_source import workloads_of
from archgym.cli.tables import Format
from archgym.errors import SettingError


def curve(
    dataset: DatasetName,
    sizes: Annotated[str, typer.Option(help="Numbers of rows, ascending, commas between.")],
    store: DatasetStore = Path(DEFAULT_STORE),
    workload: Workloads = None,
    kind: KindsOption = None,
    option: RivalSettings = None,
    metrics: MetricsOption = None,
    tune: TuneOption = None,
    seeds: SeedsOption = 3,
    seed: SeedOption = 0,
    score: Annotated[str, typer.Option(help="What --plot shows.")] = "rrmse",
    plot: Annotated[Path | None, typer.Option(help="A picture: .png, .svg or .pdf.")] = None,
    output: TableOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Score kinds of surrogates by how many rows of a dataset they learn.

    All are scored on the same fifth of the designs. Of one seed, more rows hold the fewer ones;
    a tenth of them calibrates. Baselines stand beside the kinds, as in compare.

    Example: archgym surrogate curve --dataset memory --sizes 100,400,1600 --plot curve.png
    """
    from archgym.cli.progress_line import progress_line
    from archgym.cost_models.learned.regressor import KINDS
    from archgym.experiments import surrogate_comparison as comparison
    from archgym.experiments import surrogate_curves as curves
    from archgym.experiments import surrogate_datasets as source
    from archgym.experiments.surrogate_plot import check_plot, draw_curves
    from archgym.results.dataset import find_dataset
    from archgym.results.store import Store
    from archgym.torch_session import torch_session

    check_output(output)
    if plot is not None:
        check_plot(plot, score)
    numbers = _numbers(sizes)
    curves.check_sizes(numbers)
    rivals = comparison.contenders(kind or KINDS, parse_values("--option", option), tune or 0)
    found = find_dataset(Store.open(store), dataset)
    problems = source.problems_of_dataset(found.card, workloads_of(workload))
    rows = source.rows_of_dataset(found, problems)
    lessons = list(curves.curve_lessons(rows, numbers, range(seed, seed + seeds), seed))
    with torch_session(), progress_line("surrogates") as told:
        scores = comparison.compared(problems[0], lessons, rivals, names_of(metrics), told)
    table = comparison.averaged(scores)
    show_scores(table, form)
    write_scores(output, table)
    if plot is not None:
        draw_curves(table, score, plot)


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise SettingError(f"--sizes {text!r}: write whole numbers, commas between") from None
