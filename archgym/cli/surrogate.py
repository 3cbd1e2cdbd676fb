"""The verbs of surrogates: learned models that stand in for a cost model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archgym.cli.options import (
    CostModelOption,
    FormatOption,
    Settings,
    parse_settings,
    parse_values,
)
from archgym.cli.surrogate_compare import compare
from archgym.cli.surrogate_curve import curve
from archgym.cli.surrogate_options import (
    KindSettings,
    MetricsOption,
    SeedOption,
    TuneOption,
    names_of,
)
from archgym.cli.surrogate_scores import tuning_line
from archgym.cli.surrogate_source import Source, workloads_of
from archgym.cli.tables import Format, show
from archgym.objective import find_metric

if TYPE_CHECKING:
    from archgym.cost_models.learned.model import LearnedModel
    from archgym.cost_models.learned.rows import Rows

Scores = Mapping[str, Mapping[str, float | None]]

surrogate = typer.Typer(
    name="surrogate",
    help="Learn cost models from evaluations, and use them as --cost-model surrogate:NAME.",
    no_args_is_help=True,
)


RowsOption = Annotated[
    Path | None, typer.Option(help="CSV or Parquet of designs and metrics, as evaluate writes.")
]
StoreOption = Annotated[
    Path | None,
    typer.Option(help="A store of runs: all their evaluations; with --dataset where that is."),
]
DatasetOption = Annotated[
    str | None,
    typer.Option(metavar="NAME[:VERSION]", help="A dataset of the store, the newest otherwise."),
]
DesignsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Random designs, evaluated for the purpose, on each workload."),
]
TrainWorkloads = Annotated[
    str | None,
    typer.Option(
        help="A registered workload or a file; several with commas between make one surrogate of"
        " all; all: those of a dataset. The default one otherwise."
    ),
]
LearntWorkloads = Annotated[
    str | None,
    typer.Option(help="Of a surrogate of several: some, or others. All that it learnt otherwise."),
]


@surrogate.command()
def train(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    output: Annotated[str, typer.Option(help="Its name, in the folder surrogates; or a folder.")],
    workload: TrainWorkloads = None,
    settings: Settings = None,
    cost_model: CostModelOption = None,
    dataset: DatasetOption = None,
    store: StoreOption = None,
    rows: RowsOption = None,
    designs: DesignsOption = None,
    kind: Annotated[str, typer.Option(help="What learns.")] = "transformer",
    metrics: MetricsOption = None,
    option: KindSettings = None,
    tune: TuneOption = None,
    seed: SeedOption = 0,
) -> None:
    """Train a surrogate from stored evaluations, a table, or designs evaluated now.

    A tenth of the designs calibrates intervals, and another is kept out: what is printed was
    measured on that.

    Example: archgym surrogate train analog.sizing --workload miller2 --designs 5000 --output m2
    """
    from archgym.cli.progress_line import progress_line
    from archgym.cost_models.learned.card import check_place
    from archgym.cost_models.learned.defaults import true_defaults
    from archgym.cost_models.learned.folders import home_of
    from archgym.cost_models.learned.learning import learn
    from archgym.cost_models.learned.regressor import find_kind
    from archgym.experiments.surrogate_tuning import Tuner
    from archgym.torch_session import torch_session

    source, names = Source(dataset, store, rows, designs, seed), workloads_of(workload)
    problems = source.problems(env, names, cost_model, parse_settings(settings))
    problem, chosen, given = problems[0], names_of(metrics), parse_values("--option", option)
    # What is wrong is told before anything is evaluated.
    check_place(home_of(output))
    find_kind(kind)(given)
    for name in chosen or ():
        find_metric(name, problem.cost_model.metrics)
    data = source.rows_of(env, problems, cost_model)
    defaults = true_defaults(problems, data)
    what = "steps of training" if tune is None else "trials, then steps of training"
    with torch_session(), progress_line(what) as told:
        tuner = None if tune is None else Tuner(problem, kind, chosen, given, tune, seed, told)
        model = learn(
            problem, data, kind, chosen, given, seed, tune=tuner, defaults=defaults, told=told
        )
    model.save(home_of(output))
    for name, why in defaults.failed.items():
        typer.echo(f"archgym: the default design has no metrics on {name}: {why}", err=True)
    _show_scores(model.card.scores, Format.TABLE)
    if model.card.tuning is not None:
        typer.echo(tuning_line(model.card.tuning))
    typer.echo(f"wrote {home_of(output)}; use it as --cost-model surrogate:{output}")


@surrogate.command()
def evaluate(
    name: Annotated[str, typer.Argument(help="A surrogate's name or folder.")],
    workload: LearntWorkloads = None,
    dataset: DatasetOption = None,
    store: StoreOption = None,
    rows: RowsOption = None,
    designs: DesignsOption = None,
    seed: SeedOption = 1,
    form: FormatOption = Format.TABLE,
) -> None:
    """Score a surrogate on evaluations that it has not seen, each workload by itself.

    Example: archgym surrogate evaluate m2 --designs 1000
    """
    from archgym.cost_models.learned.scoring import scores
    from archgym.torch_session import torch_session

    source = Source(dataset, store, rows, designs, seed)
    model, data = _opened(name, workloads_of(workload), source)
    if data.digest == model.card.data_sha256:
        typer.echo("archgym: it was trained from these very rows: scores flatter", err=True)
    with torch_session():
        found = {which: scores(model, part) for which, part in data.by_workload().items()}
    show([row for which, part in found.items() for row in _lines(part, which)], form)


surrogate.command()(compare)
surrogate.command()(curve)


@surrogate.command("list")
def list_surrogates(form: FormatOption = Format.TABLE) -> None:
    """List the surrogates of the folder surrogates, and those that come along.

    Example: archgym surrogate list --format csv
    """
    from archgym.cost_models.learned.card import card_of, read_content
    from archgym.cost_models.learned.folders import folders

    show([_listed(folder.name, card_of(read_content(folder))) for folder in folders()], form)


def _listed(name: str, card: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": card.kind,
        "env": card.env,
        "workload": list(card.workloads) or card.workload,
        "cost_model": card.cost_model,
        "rows": card.rows,
        "metrics": len(card.scales),
        "settings": " ".join(f"{key}={value}" for key, value in card.settings.items()),
    }


def _opened(name: str, workloads: Sequence[str], source: Source) -> tuple[LearnedModel, Rows]:
    """Return a surrogate, and rows of what it was trained for."""
    from archgym.cost_models.learned.card import card_of, read_content
    from archgym.cost_models.learned.folders import find
    from archgym.cost_models.learned.model import surrogate_of
    from archgym.cost_models.learned.rows import Rows

    folder = find(name)
    card = card_of(read_content(folder))
    env = card.env.rpartition("-v")[0]
    wanted = list(workloads) or list(card.workloads) or [card.workload]
    said = (None, {}) if source.dataset else (card.cost_model, card.settings)
    problems = source.problems(env, wanted, *said)
    model = surrogate_of(folder, problems[0])
    for problem in problems[1:]:
        model.at(problem)
    data = source.rows_of(env, problems, card.cost_model)
    alone = card.workloads and data.workloads is None
    return model, Rows.mixed(problems, [data]) if alone else data


def _show_scores(scores: Scores, form: Format) -> None:
    show(_lines(scores), form)


def _lines(scores: Scores, workload: str = "") -> list[dict[str, Any]]:
    """Return a line per metric; it begins with the workload where there are several."""
    which = {"workload": workload} if workload else {}
    return [{**which, "metric": name, **found} for name, found in scores.items()]
