"""The verb that compares kinds of surrogates."""

from __future__ import annotations

from enum import StrEnum
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


class Split(StrEnum):
    """What is kept out when kinds are compared."""

    DESIGN = "design"
    AGENT = "agent"
    WORKLOAD = "workload"


def compare(
    dataset: DatasetName,
    store: DatasetStore = Path(DEFAULT_STORE),
    workload: Workloads = None,
    kind: KindsOption = None,
    option: RivalSettings = None,
    split: Annotated[Split, typer.Option(help="What is kept out.")] = Split.DESIGN,
    metrics: MetricsOption = None,
    tune: TuneOption = None,
    seeds: SeedsOption = 1,
    seed: SeedOption = 0,
    output: TableOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Train kinds of surrogates on equal rows of a dataset, and score them on equal other rows.

    Kept out is a random fifth of the designs, or, in turn, all rows of each agent or workload.
    Two baselines stand beside the kinds: the mean of what is learnt, and the nearest design
    learnt. With several seeds a score is the mean over them, its standard deviation follows.

    Example: archgym surrogate compare --dataset memory --kind gp --split agent --seeds 3
    """
    from archgym.cli.progress_line import progress_line
    from archgym.cost_models.learned.regressor import KINDS
    from archgym.experiments import surrogate_comparison as comparison
    from archgym.experiments import surrogate_datasets as source
    from archgym.results.dataset import find_dataset
    from archgym.results.store import Store
    from archgym.torch_session import torch_session

    check_output(output)
    found = find_dataset(Store.open(store), dataset)
    wanted = workloads_of(workload) or ([source.ALL] if split is Split.WORKLOAD else [])
    problems = source.problems_of_dataset(found.card, wanted)
    rivals = comparison.contenders(
        kind or KINDS, parse_values("--option", option), trials=tune or 0
    )
    lessons = [
        (number, lesson)
        for number in range(seed, seed + seeds)
        for lesson in source.lessons(found, problems, split.value, number)
    ]
    with torch_session(), progress_line("surrogates") as told:
        rows = comparison.compared(problems[0], lessons, rivals, names_of(metrics), told)
    table = comparison.averaged(rows)
    show_scores(table, form)
    write_scores(output, table)
