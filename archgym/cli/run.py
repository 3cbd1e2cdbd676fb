"""The verb that runs experiments."""

from __future__ import annotations

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archgym.cli.tables import Format
from archgym.errors import SettingError

if TYPE_CHECKING:
    from archgym.experiments.executors.base import Executor
    from archgym.experiments.experiment import Result

DEFAULT_STORE = "runs"
SOME_FAILED, INTERRUPTED = 1, 130
_NAMED_FAILURES = 10

StoreOption = Annotated[
    str,
    typer.Option(help="The folder in which runs are stored, or a URL such as s3://BUCKET/PATH."),
]


class ExecutorName(StrEnum):
    """Where trials run."""

    LOCAL = "local"
    RAY = "ray"


def run(
    launch: Annotated[Path, typer.Argument(help="The launch file (YAML).")],
    store: StoreOption = DEFAULT_STORE,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trials at the same time; all cores otherwise.")
    ] = None,
    executor: Annotated[
        ExecutorName | None, typer.Option(help="This process alone, or workers of Ray.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="A running Ray cluster to join, host:port or auto.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try trials again that failed before.")
    ] = False,
    tables: Annotated[
        bool,
        typer.Option("--tables", help="Look designs up where the store has a table of the space."),
    ] = False,
) -> None:
    """Run the trials of a launch. The same command again goes on where it was cut.

    Exit code 0 when all trials are done, 1 when some failed, 2 on bad input, 130 after Ctrl-C.

    Example: archgym run experiments/launches/quickstart.yaml --workers 2
    """
    from rich.console import Console

    from archgym.cli.tuning import show_tuning
    from archgym.experiments.experiment import run_experiment
    from archgym.experiments.plan import read_plan
    from archgym.experiments.progress import Progress
    from archgym.experiments.tuning import Tuning
    from archgym.experiments.tuning_report import tuning_rows
    from archgym.results.store import Store

    _check_options(workers, executor, address)
    plan = read_plan(launch)
    opened = Store.create(store)

    def start(pending: int) -> Executor:
        return _start(pending, workers, executor, address)

    console = Console(soft_wrap=True)
    with Progress(plan.launch.name, opened, console) as progress:
        result = run_experiment(plan, opened, start, progress, retry_failed, tables)
    again = _command(launch, store, workers, executor, address, tables)
    _tell(result, again, store)
    if isinstance(plan, Tuning) and result.complete:
        show_tuning(tuning_rows(plan, opened), Format.TABLE)
    raise typer.Exit(_exit_code(result))


def _check_options(
    workers: int | None, executor: ExecutorName | None, address: str | None
) -> None:
    if executor is ExecutorName.LOCAL and (address is not None or (workers or 1) > 1):
        other = "--address" if address is not None else f"--workers {workers}"
        raise SettingError(f"--executor local runs one trial at a time; it excludes {other}")


def _start(
    pending: int, workers: int | None, executor: ExecutorName | None, address: str | None
) -> Executor:
    """Return the executor; Ray is started for more than one worker only, or where asked for."""
    from archgym.experiments.executors.local import LocalExecutor

    if address is None:
        workers = min(workers or len(os.sched_getaffinity(0)), pending)
    wants_ray = executor is ExecutorName.RAY or address is not None
    if executor is ExecutorName.LOCAL or (workers == 1 and not wants_ray):
        return LocalExecutor()
    from archgym.experiments.executors.ray import RayExecutor

    return RayExecutor(workers, address)


def _command(
    launch: Path,
    store: str,
    workers: int | None,
    executor: ExecutorName | None,
    address: str | None,
    tables: bool,
) -> str:
    words = ["archgym", "run", str(launch), "--store", str(store)]
    for option, value in (("workers", workers), ("executor", executor), ("address", address)):
        words += [] if value is None else [f"--{option}", str(value)]
    words += ["--tables"] if tables else []
    return shlex.join(words)


def _tell(result: Result, again: str, store: str) -> None:
    """Print the last line, and what did not go well with the command that mends it."""
    from archgym.results.store import State

    failed = [report for report in result.not_done if report.state == State.FAILED]
    cut = result.total - result.done - len(failed)
    parts = [f"{result.done} of {result.total} trials done", f"{len(failed)} failed"]
    parts += [f"{cut} unfinished"] if cut else []
    made = sum(report.new_evaluations for report in result.reports.values())
    typer.echo(f"{', '.join(parts)}, {made} evaluations in {result.seconds:.1f} s")
    for report in failed[:_NAMED_FAILURES]:
        typer.echo(f"failed: {report.run_id} {report.label}: {report.reason}", err=True)
    if len(failed) > _NAMED_FAILURES:
        rest = len(failed) - _NAMED_FAILURES
        typer.echo(f"and {rest} more: archgym status --store {shlex.quote(str(store))}", err=True)
    if failed:
        typer.echo(f"try them again: {again} --retry-failed", err=True)
    if cut or not result.complete:
        typer.echo(f"go on with: {again}", err=True)


def _exit_code(result: Result) -> int:
    if result.interrupted and not result.complete:
        return INTERRUPTED
    return SOME_FAILED if result.done < result.total else 0
