"""The verb that compares kinds of surrogates."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archgym.cli.options import DEFAULT_STORE, FormatOption, Workload
from archgym.cli.surrogate_options import MetricsOption, SeedOption, names_of
from archgym.cli.tables import Format, show


class Split(StrEnum):
    """What is kept out when kinds are compared."""

    DESIGN = "design"
    AGENT = "agent"


def compare(
    dataset: Annotated[
        str, typer.Option(metavar="NAME[:VERSION]", help="The newest version otherwise.")
    ],
    store: Annotated[Path, typer.Option(help="Where the dataset is.")] = Path(DEFAULT_STORE),
    workload: Workload = None,
    kind: Annotated[list[str] | None, typer.Option(help="All otherwise; repeatable.")] = None,
    split: Annotated[Split, typer.Option(help="What is kept out.")] = Split.DESIGN,
    metrics: MetricsOption = None,
    seed: SeedOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Train kinds of surrogates on equal rows of a dataset, and score them on equal other rows.

    Kept out is a random fifth of the designs, or, in turn, all rows of each agent.

    Example: archgym surrogate compare --dataset memory --store runs --kind gp --split agent
    """
    from archgym.cost_models.learned.regressor import KINDS, find_kind
    from archgym.experiments import surrogate_datasets as source
    from archgym.results.dataset import find_dataset
    from archgym.results.store import Store
    from archgym.torch_session import torch_session

    found = find_dataset(Store.open(store), dataset)
    problem, kinds = source.problem_of_dataset(found.card, workload), kind or list(KINDS)
    for name in kinds:
        find_kind(name)
    with torch_session():
        table = [
            row
            for lesson in source.lessons(found, problem, split.value, seed)
            for name in kinds
            for row in source.compared(problem, lesson, name, names_of(metrics), None, seed)
        ]
    show(table, form)
