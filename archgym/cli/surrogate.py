"""The verbs of surrogates: learned models that stand in for a cost model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archgym import registry
from archgym.cli.options import (
    DEFAULT_STORE,
    CostModelOption,
    FormatOption,
    Settings,
    Workload,
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
from archgym.cli.tables import Format, show
from archgym.errors import SettingError

if TYPE_CHECKING:
    from archgym.cost_models.learned.model import LearnedModel
    from archgym.cost_models.learned.rows import Rows
    from archgym.problem import Problem

surrogate = typer.Typer(
    name="surrogate",
    help="Learn cost models from evaluations, and use them as --cost-model surrogate:NAME.",
    no_args_is_help=True,
)

surrogate.command()(compare)
surrogate.command()(curve)

_ONE_SOURCE = "give exactly one of --dataset, --store, --rows and --designs"


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
    int | None, typer.Option(min=1, help="Random designs, evaluated for the purpose.")
]


@surrogate.command()
def train(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    output: Annotated[str, typer.Option(help="Its name, in the folder surrogates; or a folder.")],
    workload: Workload = None,
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
    from archgym.cost_models.learned.learning import learn
    from archgym.cost_models.learned.model import home_of
    from archgym.experiments.surrogate_tuning import Tuner
    from archgym.torch_session import torch_session

    if dataset is not None:
        if settings or cost_model is not None:
            raise SettingError("a dataset has its own settings and cost model: leave them out")
        problem, data = _dataset_rows(env, dataset, workload, store, rows, designs)
    else:
        environment = registry.environments.get(env)
        problem = environment.make_problem(workload, None, cost_model, **parse_settings(settings))
        name = cost_model or next(iter(environment.cost_models))
        data = _rows(env, problem, name, store, rows, designs, seed)
    chosen, given = names_of(metrics), parse_values("--option", option)
    with torch_session(), progress_line("trials") as told:
        tuner = None if tune is None else Tuner(problem, kind, chosen, given, tune, seed, told)
        model = learn(problem, data, kind, chosen, given, seed, tune=tuner)
    model.save(home_of(output))
    _show_scores(model.card.scores, Format.TABLE)
    typer.echo(f"wrote {home_of(output)}; use it as --cost-model surrogate:{output}")


@surrogate.command()
def evaluate(
    name: Annotated[str, typer.Argument(help="A surrogate's name or folder.")],
    dataset: DatasetOption = None,
    store: StoreOption = None,
    rows: RowsOption = None,
    designs: DesignsOption = None,
    seed: SeedOption = 1,
    form: FormatOption = Format.TABLE,
) -> None:
    """Score a surrogate on evaluations that it has not seen.

    Example: archgym surrogate evaluate m2 --designs 1000
    """
    from archgym.cost_models.learned.scoring import scores
    from archgym.torch_session import torch_session

    model, problem = _open(name)
    env = problem.env.rpartition("-v")[0]
    if dataset is not None:
        _, data = _dataset_rows(env, dataset, problem.workload_name, store, rows, designs, model)
    else:
        data = _rows(env, problem, model.card.cost_model, store, rows, designs, seed)
    if data.digest == model.card.data_sha256:
        typer.echo("archgym: it was trained from these very rows: scores flatter", err=True)
    with torch_session():
        _show_scores(scores(model, data), form)


@surrogate.command("list")
def list_surrogates(form: FormatOption = Format.TABLE) -> None:
    """List the surrogates of the folder surrogates, and those that come along.

    Example: archgym surrogate list --format csv
    """
    from archgym.cost_models.learned.card import card_of, read_content
    from archgym.cost_models.learned.model import folders

    show([_listed(folder.name, card_of(read_content(folder))) for folder in folders()], form)


def _listed(name: str, card: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": card.kind,
        "env": card.env,
        "workload": card.workload,
        "cost_model": card.cost_model,
        "rows": card.rows,
        "metrics": len(card.scales),
        "settings": " ".join(f"{key}={value}" for key, value in card.settings.items()),
    }


def _open(name: str) -> tuple[LearnedModel, Problem]:
    """Return a surrogate and the problem that it was trained for."""
    from archgym.cost_models.learned.card import card_of, read_content
    from archgym.cost_models.learned.model import find, surrogate_of

    folder = find(name)
    card = card_of(read_content(folder))
    environment = registry.environments.get(card.env.rpartition("-v")[0])
    problem = environment.make_problem(card.workload, None, **card.settings)
    return surrogate_of(folder, problem), problem


def _dataset_rows(
    env: str,
    reference: str,
    workload: str | None,
    store: Path | None,
    rows: Path | None,
    designs: int | None,
    model: LearnedModel | None = None,
) -> tuple[Problem, Rows]:
    """Return a dataset's problem and rows, after checking that they are what is asked for."""
    from archgym.cost_models.learned.model import mismatch
    from archgym.experiments import surrogate_datasets as source
    from archgym.results.dataset import find_dataset
    from archgym.results.store import Store

    if rows is not None or designs is not None:
        raise SettingError(_ONE_SOURCE)
    found = find_dataset(Store.open(store or DEFAULT_STORE), reference)
    if found.card.env != env:
        raise SettingError(f"dataset {found.card.reference}: is of {found.card.env}, not of {env}")
    problem = source.problem_of_dataset(found.card, workload)
    unfit = "" if model is None else mismatch(model.card, problem)
    if unfit:
        raise SettingError(f"dataset {found.card.reference}: the surrogate {unfit}")
    return problem, source.rows_of_dataset(found, problem)


def _rows(
    env: str,
    problem: Problem,
    cost_model: str,
    store: Path | None,
    rows: Path | None,
    designs: int | None,
    seed: int,
) -> Rows:
    from archgym.cost_models.learned.table_rows import rows_of_table
    from archgym.experiments import surrogate_rows as source
    from archgym.results.store import Store

    if sum(given is not None for given in (store, rows, designs)) != 1:
        raise SettingError(_ONE_SOURCE)
    if store is not None:
        return source.rows_of_store(Store.open(store), env, problem, cost_model)
    if rows is not None:
        return rows_of_table(rows, problem)
    assert designs is not None
    return source.measured_rows(problem, designs, seed)


def _show_scores(scores: Mapping[str, Mapping[str, float | None]], form: Format) -> None:
    show([{"metric": name, **found} for name, found in scores.items()], form)
