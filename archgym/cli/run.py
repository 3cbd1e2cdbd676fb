"""The verb that runs experiments."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archgym.cli.options import DEFAULT_STORE, INTERRUPTED, SOME_FAILED, StoreOption
from archgym.cli.tables import Format
from archgym.cli.workers import (
    AddressOption,
    ExecutorOption,
    TablesOption,
    Workers,
    WorkersOption,
)

if TYPE_CHECKING:
    from archgym.experiments.executors.base import Executor
    from archgym.experiments.experiment import Result
    from archgym.experiments.json_progress import JsonProgress
    from archgym.experiments.plan import Rounds
    from archgym.experiments.progress import Progress
    from archgym.results.store import Store

_NAMED_FAILURES = 10


def run(
    launch: Annotated[Path, typer.Argument(help="The launch file (YAML).")],
    store: StoreOption = DEFAULT_STORE,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try trials again that failed before.")
    ] = False,
    tables: TablesOption = False,
    working_dir: Annotated[
        Path | None,
        typer.Option(help="A folder that is sent to the cluster: modules and files of yours."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another process runs this launch.")
    ] = False,
    json_progress: Annotated[
        bool,
        typer.Option("--json-progress", help="Print one JSON object per event, for programs."),
    ] = False,
) -> None:
    """Run the trials of a launch. The same command again goes on where it was cut.

    Exit code 0 when all trials are done, 1 when some failed, 2 on bad input, 130 after Ctrl-C.

    Example: archgym run experiments/launches/quickstart.yaml --workers 2
    """
    from archgym.experiments.experiment import run_experiment
    from archgym.experiments.json_progress import JsonProgress
    from archgym.experiments.plan import read_plan
    from archgym.results.store import Store

    places = Workers(workers, executor, address, working_dir)
    places.import_from_folder()
    plan = read_plan(launch)
    opened = Store.create(store)

    def start(pending: int) -> Executor:
        return places.start(pending, plan, opened)

    with watcher_of(plan, opened, json_progress) as watcher:
        result = run_experiment(plan, opened, start, watcher, retry_failed, tables, wait)
    words = ["archgym", "run", str(launch), "--store", store, *places.words]
    again = shlex.join([*words, "--tables"] if tables else words)
    if isinstance(watcher, JsonProgress):
        watcher.finished(result, exit_code(result), again)
    else:
        tell(result, again, store)
        _show_tuning(plan, opened, result)
    raise typer.Exit(exit_code(result))


def watcher_of(plan: Rounds, store: Store, as_json: bool) -> Progress | JsonProgress:
    """Return what shows how an experiment goes on."""
    from rich.console import Console

    from archgym.experiments.json_progress import JsonProgress
    from archgym.experiments.progress import Progress

    if as_json:
        return JsonProgress(plan.launch.name, sys.stdout)
    return Progress(plan.launch.name, store, Console(soft_wrap=True))


def _show_tuning(plan: Rounds, store: Store, result: Result) -> None:
    from archgym.cli.tuning import show_tuning
    from archgym.experiments.tuning import Tuning
    from archgym.experiments.tuning_report import tuning_rows

    if isinstance(plan, Tuning) and result.complete:
        show_tuning(tuning_rows(plan, store), Format.TABLE)


def tell(result: Result, again: str, store: str) -> None:
    """Print the last line, and what did not go well with the command that mends it."""
    from archgym.results.store import State

    failed = [report for report in result.not_done if report.state == State.FAILED]
    cut = result.total - result.done - len(failed)
    parts = [f"{result.done} of {result.total} trials done", f"{len(failed)} failed"]
    parts += [f"{cut} unfinished"] if cut else []
    made, true_ones = result.new_evaluations, result.new_true_evaluations
    told = f"{made} evaluations" + (f" and {true_ones} true ones" if true_ones else "")
    typer.echo(f"{', '.join(parts)}, {told} in {result.seconds:.1f} s")
    for report in failed[:_NAMED_FAILURES]:
        typer.echo(f"failed: {report.run_id} {report.label}: {report.reason}", err=True)
    if len(failed) > _NAMED_FAILURES:
        rest = len(failed) - _NAMED_FAILURES
        typer.echo(f"and {rest} more: archgym status --store {shlex.quote(str(store))}", err=True)
    if failed:
        typer.echo(f"try them again: {again} --retry-failed", err=True)
    if cut or not result.complete:
        typer.echo(f"go on with: {again}", err=True)


def exit_code(result: Result) -> int:
    """Return what the process ends with."""
    if result.interrupted and not result.complete:
        return INTERRUPTED
    return SOME_FAILED if result.done < result.total else 0
