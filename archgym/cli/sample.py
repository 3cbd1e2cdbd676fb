"""The verb that evaluates a design of experiments and gathers it into a dataset."""

from __future__ import annotations

import re
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from archgym.cli.options import (
    DEFAULT_STORE,
    CostModelOption,
    Settings,
    StoreOption,
    Workload,
    parse_values,
)
from archgym.cli.run import exit_code, tell, watcher_of
from archgym.cli.workers import AddressOption, ExecutorOption, Workers, WorkersOption


class Designer(StrEnum):
    """How the designs are chosen, see agent ``sample``."""

    SOBOL = "sobol"
    LATIN = "latin"
    RANDOM = "random"


def sample(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    count: Annotated[int, typer.Option("--n", min=1, help="Different designs.")],
    designer: Annotated[Designer, typer.Option(help="How they are chosen.")] = Designer.SOBOL,
    workload: Workload = None,
    settings: Settings = None,
    cost_model: CostModelOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the design.")] = 0,
    name: Annotated[
        str | None, typer.Option(help="Of the dataset; made of the other options otherwise.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
) -> None:
    """Evaluate n different designs, chosen beforehand, and gather them into a dataset.

    They run as trials of agent `sample`, up to 2,000 designs each; the same command again goes on
    where it was cut. The launch stands in STORE/launches, the dataset in STORE/datasets.

    Example: archgym sample dram --workload stream --designer sobol --n 5000 --workers 2
    """
    from archgym.experiments.experiment import run_experiment
    from archgym.experiments.sampling import sampling_launch, sampling_plan
    from archgym.results.dataset_building import Selection, build_dataset
    from archgym.results.store import Store

    places = Workers(workers, executor, address, None)
    chosen: dict[str, Any] = {"env": env, "settings": parse_values("--set", settings)}
    chosen |= {} if workload is None else {"workload": _absolute(workload)}
    chosen |= {} if cost_model is None else {"cost_model": cost_model}
    title = name or _title(env, workload or "", designer.value, str(count))
    opened = Store.create(store)
    plan = sampling_plan(opened, sampling_launch(title, chosen, designer.value, count, seed))

    with watcher_of(plan, opened, as_json=False) as watcher:
        result = run_experiment(plan, opened, lambda n: places.start(n, plan, opened), watcher)
    tell(result, shlex.join(["archgym", *sys.argv[1:]]), store)
    if exit_code(result):
        raise typer.Exit(exit_code(result))
    runs = tuple(trial.run_id for trial in plan.trials)
    built = build_dataset(opened, title, Selection(runs=runs))
    typer.echo(f"dataset {built.card.reference}: {built.card.rows} designs, in {built.folder}")


def _title(*words: str) -> str:
    """Return words as a name that datasets may have."""
    plain = (re.sub(r"[^a-z0-9._]+", ".", Path(word).name.lower()).strip(".") for word in words)
    return "-".join(filter(None, plain))


def _absolute(workload: str) -> str:
    """Return a file's absolute path, since launches count from their own folder."""
    path = Path(workload).expanduser()
    return str(path.absolute()) if path.is_file() else workload
