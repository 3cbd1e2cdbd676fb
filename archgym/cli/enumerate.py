"""The verb that measures a whole design space."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archgym import registry
from archgym.cli.options import (
    DEFAULT_STORE,
    INTERRUPTED,
    CostModelOption,
    FormatOption,
    Settings,
    StoreOption,
    Workload,
    parse_objective_option,
    parse_settings,
)
from archgym.cli.tables import Format, show

if TYPE_CHECKING:
    from archgym.experiments.enumeration import Enumeration, Told

_PLAIN_LINE_SECONDS = 30.0


def enumerate_space(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    workload: Workload = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(help="An objective besides the named ones, as a mapping; repeatable."),
    ] = None,
    settings: Settings = None,
    cost_model: CostModelOption = None,
    store: StoreOption = DEFAULT_STORE,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes at the same time; all cores otherwise.")
    ] = None,
    timeout_s: Annotated[
        float | None,
        typer.Option(min=0.0, help="Limit of one evaluation in seconds, each in a process apart."),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Measure every design of a space, and find the true optimum of each objective.

    The same command again goes on where it was cut. Afterwards leaderboards of the store tell the
    regret, and --cost-model table:FOLDER answers from the table.

    Example: archgym enumerate dram --workload stream --set space=archgym
    """
    from archgym.results.optima import find_optima

    environment = registry.environments.get(env)
    own = [parse_objective_option(text) for text in objective or []]
    for spec in own:
        environment.make_problem(workload, spec, cost_model, **parse_settings(settings))
    enumeration = _enumeration(env, workload, settings, cost_model, store, timeout_s)
    again = _command(env, workload, objective, settings, cost_model, store, workers, timeout_s)
    _run(enumeration, workers or len(os.sched_getaffinity(0)), again)
    named = dict(environment.objectives)
    objectives = [*named, *own]
    found = find_optima(enumeration.folder, enumeration.problem, objectives, named)
    enumeration.folder.write_optima(enumeration.folder.read_optima() | found)
    _tell(list(found.values()), enumeration.folder.path, form)


def _enumeration(
    env: str,
    workload: str | None,
    settings: Sequence[str] | None,
    cost_model: str | None,
    store: str,
    timeout_s: float | None,
) -> Enumeration:
    from archgym.experiments.enumeration import Enumeration
    from archgym.experiments.plan import open_spec
    from archgym.experiments.user_files import located
    from archgym.results.store import Store
    from archgym.results.table import TableFolder

    environment = registry.environments.get(env)
    path = None if workload is None else located(workload, environment.workloads, Path())
    model = cost_model or next(iter(environment.cost_models))
    problem = environment.make_problem(path, None, model, **parse_settings(settings))
    spec = open_spec(env, problem, model)
    return Enumeration(problem, spec, TableFolder.of(Store.create(store), spec), timeout_s)


def _run(enumeration: Enumeration, workers: int, again: str) -> None:
    from archgym.experiments.interruption import Interruption

    slices = enumeration.prepare()
    try:
        with Interruption(), _progress(enumeration, slices) as told:
            enumeration.run(workers, told)
    except KeyboardInterrupt:
        typer.echo(f"interrupted; go on with: {again}", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _progress(enumeration: Enumeration, slices: int) -> Iterator[Told]:
    """Show a bar in a terminal, a line now and then elsewhere; both on standard error."""
    done = len(enumeration.folder.slices())
    if enumeration.folder.finished:
        yield lambda finished, measured: None
        return
    size = int(enumeration.problem.space.size)
    head = f"{enumeration.spec.env} {enumeration.spec.workload}: {size:,} designs"
    typer.echo(f"{head}, {done} of {slices} slices done before", err=True)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(enumeration.spec.env, total=slices, completed=done)
            yield lambda finished, measured: bar.update(task, completed=finished)
        return
    yield _Lines(slices)


class _Lines:
    """Prints how far it is, not more often than twice a minute, and at the end."""

    def __init__(self, slices: int):
        self._slices, self._began = slices, time.monotonic()
        self._due = self._began + _PLAIN_LINE_SECONDS

    def __call__(self, finished: int, measured: int) -> None:
        now = time.monotonic()
        if now < self._due and finished < self._slices:
            return
        self._due = now + _PLAIN_LINE_SECONDS
        rate = measured / max(now - self._began, 1e-9)
        line = f"{finished} of {self._slices} slices, {measured:,} designs measured"
        typer.echo(f"{line}, {rate:,.0f} designs/s", err=True)


def _tell(optima: Sequence[dict[str, Any]], folder: Path, form: Format) -> None:
    if form is Format.JSON:
        show(optima, form)
        return
    rows = [
        {
            "objective": str(found["objective"]),
            "reward": found["reward"],
            "ties": found["ties"],
            "front": len(found["front"]),
            "metrics": _text(found["metrics"]),
            "design": _text(found["design"]),
        }
        for found in optima
    ]
    show(rows, form)
    if form is Format.TABLE:
        typer.echo(f"table: {folder}")


def _text(values: dict[str, Any]) -> str:
    return " ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
    )


def _command(
    env: str,
    workload: str | None,
    objective: Sequence[str] | None,
    settings: Sequence[str] | None,
    cost_model: str | None,
    store: str,
    workers: int | None,
    timeout_s: float | None,
) -> str:
    words = ["archgym", "enumerate", env]
    single = {
        "workload": workload,
        "cost-model": cost_model,
        "store": store,
        "workers": workers,
        "timeout-s": timeout_s,
    }
    for option, value in single.items():
        words += [] if value is None else [f"--{option}", str(value)]
    for option, values in (("objective", objective), ("set", settings)):
        words += [word for value in values or [] for word in (f"--{option}", value)]
    return shlex.join(words)
