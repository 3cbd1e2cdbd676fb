"""The verbs of datasets: evaluations of many runs in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from archgym.cli.options import DEFAULT_STORE, FormatOption, StoreOption
from archgym.cli.tables import Format, show
from archgym.errors import UnknownNameError

if TYPE_CHECKING:
    from archgym.results.dataset import DatasetCard

dataset = typer.Typer(
    name="dataset",
    help="Gather the evaluations of runs into versioned tables, for learning and for other tools.",
    no_args_is_help=True,
)

Envs = Annotated[list[str] | None, typer.Option("--env", help="Of this environment; repeatable.")]
Workloads = Annotated[list[str] | None, typer.Option("--workload", help="Of it; repeatable.")]
Agents = Annotated[list[str] | None, typer.Option("--agent", help="By this agent; repeatable.")]
Models = Annotated[
    list[str] | None, typer.Option("--cost-model", help="Measured by this one; repeatable.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="With this setting; repeatable."),
]
Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", help="ok, infeasible, timeout or crashed; repeatable."),
]


@dataset.command()
def build(
    name: Annotated[str, typer.Argument(help="What the dataset is called.")],
    store: StoreOption = DEFAULT_STORE,
    env: Envs = None,
    workload: Workloads = None,
    agent: Agents = None,
    cost_model: Models = None,
    settings: Set = None,
    status: Statuses = None,
) -> None:
    """Gather the evaluations of a store's runs into STORE/datasets/NAME, a Parquet and a card.

    Every design of a workload stands in it once, with the run and step that it comes from. What
    is not chosen by an option is taken whatever it is; all must be of one environment, with the
    same settings and cost model. Building again what has changed makes the next version.

    Example: archgym dataset build memory --store runs --env dram --agent random --agent genetic
    """
    from archgym.cli.progress_line import progress_line
    from archgym.results.dataset_building import Selection, build_dataset
    from archgym.results.store import Store

    given = (env, workload, agent, cost_model, settings, _known(status))
    chosen = Selection(*(tuple(values or ()) for values in given))
    with progress_line("runs") as told:
        built = build_dataset(Store.open(store), name, chosen, told)
    card = built.card
    typer.echo(
        f"dataset {card.reference}: {card.rows} rows of {len(card.runs)} runs,"
        f" {card.repeats} repeats left out, in {built.folder}"
    )


@dataset.command("list")
def list_datasets(store: StoreOption = DEFAULT_STORE, form: FormatOption = Format.TABLE) -> None:
    """List the datasets of a store.

    Example: archgym dataset list --store runs --format json
    """
    from archgym.results.dataset import datasets
    from archgym.results.store import Store

    show([_row(found.card) for found in datasets(Store.open(store))], form)


def _known(statuses: list[str] | None) -> list[str]:
    from archgym.outcome import Status

    words = [status.label for status in Status]
    for word in statuses or ():
        if word not in words:
            raise UnknownNameError("status", word, words)
    return statuses or []


def _row(card: DatasetCard) -> dict[str, Any]:
    return {
        "dataset": card.reference,
        "env": f"{card.env}-v{card.env_version}",
        "cost_model": f"{card.cost_model} {card.cost_model_version}",
        "rows": card.rows,
        "workloads": list(card.workloads),
        "agents": list(card.agents),
        "statuses": [f"{word} {count}" for word, count in card.statuses.items()],
        "runs": len(card.runs),
        "data_sha256": card.data_sha256[:16],
    }
