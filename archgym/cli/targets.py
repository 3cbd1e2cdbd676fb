"""The verb that counts the evaluations an agent needs to meet goal specifications."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archgym import registry
from archgym.cli.options import Settings, parse_settings, parse_values
from archgym.errors import SettingError, StoreError
from archgym.whole_file import write_csv

if TYPE_CHECKING:
    from archgym.experiments.targets import Attempt

COLUMNS = ("target_id", "seed", "solved", "n_evals", "offline_evals")


def targets(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    targets: Annotated[
        Path, typer.Option(help="CSV: target_id, workload, settings, min_METRIC, max_METRIC.")
    ],
    agent: Annotated[str, typer.Option(help="An agent, see `archgym agents`.")],
    output: Annotated[Path, typer.Option(help="CSV to write; appears whole or not at all.")],
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0",
    budget: Annotated[int, typer.Option(min=1, help="Most evaluations for each target.")] = 300,
    settings: Settings = None,
    hyperparameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Of the agent, see describe-agent; repeatable."),
    ] = None,
) -> None:
    """Let an agent meet each of many goal specifications, and count its evaluations.

    n_evals counts different designs up to and including the first that is feasible and keeps all
    bounds; offline_evals those that went before, into a policy or a simulator. The design is the
    one that met the target, confirmed by another evaluation, else the best one found.

    Example: archgym targets analog.sizing --targets T.csv --agent genetic --output out.csv
    """
    from archgym.experiments.targets import attempts, read_targets

    environment = registry.environments.get(env)
    if not output.resolve().parent.is_dir():
        raise StoreError(f"{output}: the folder {output.parent} does not exist")
    numbers, wanted = _seeds(seeds), read_targets(targets, environment)
    given = parse_settings(settings)
    chosen = parse_values("--hyperparameter", hyperparameter)
    done = list(attempts(environment, wanted, agent, numbers, budget, given, chosen))
    names = list(dict.fromkeys(name for made in done for name in made.best))
    write_csv(output, [*COLUMNS, *names], [_row(made, names) for made in done])
    print(_summary(done, budget))


def _row(made: Attempt, names: Sequence[str]) -> list[Any]:
    head = [made.target.id, made.seed, int(made.solved), made.evaluations]
    return [*head, made.offline_evaluations, *(made.best.get(name) for name in names)]


def _summary(done: Sequence[Attempt], budget: int) -> str:
    solved = [made.evaluations for made in done if made.solved]
    usual = f", median of those {median(solved):g} evaluations" if solved else ""
    return f"{len(solved)} of {len(done)} met within {budget} evaluations{usual}"


def _seeds(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts) or len(set(parts)) != len(parts):
        raise SettingError(f"--seeds {text!r}: write different whole numbers, as 0,1,2")
    return [int(part) for part in parts]
