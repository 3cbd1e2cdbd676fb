"""Verbs that read a store: status, compare, replay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from archgym.cli import watching
from archgym.cli.options import DEFAULT_STORE, SOME_FAILED, FormatOption, StoreOption
from archgym.cli.tables import Format, show, warn
from archgym.errors import SettingError, StoreError

if TYPE_CHECKING:
    from archgym.results.replay import Replayed


def status(
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.TABLE,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again until nothing runs any more, or Ctrl-C.")
    ] = False,
) -> None:
    """Show how many runs are done, failed, running or interrupted, why, and who is at work.

    Example: archgym status --store runs --watch
    """
    from archgym.results.store import Store

    opened = Store.open(store)
    if watch:
        watching.watch(lambda: watching.status_content(opened), form)
        return
    content = watching.status_content(opened)
    if not content["runs"]:
        raise StoreError(f"no runs in {opened.path}")
    watching.show_status(content, form)


def compare(store: StoreOption = DEFAULT_STORE, form: FormatOption = Format.TABLE) -> None:
    """Compare agents over all problems of a store, budget by budget.

    regret is 1 - best reward found / best there is; missed is the share of the possible
    improvement over the default design that was not found. Best is the true optimum where `archgym
    enumerate` measured the space, else the best that any run found. Re-checked trials are compared
    by their true rewards with those of the true cost model; true_evaluations is what either asked
    of it. Intervals are 95 %, by stratified bootstrap over seeds.

    Example: archgym compare --store runs --format csv
    """
    from archgym.results.comparison import compare as side_by_side
    from archgym.results.leaderboard import load_runs
    from archgym.results.optima import load_optima
    from archgym.results.store import Store

    opened = Store.open(store)
    rows = side_by_side(load_runs(opened, warn), load_optima(opened))
    if not rows:
        raise StoreError(f"no finished runs in {opened.path}")
    show(rows, form)


def replay(
    run_id: Annotated[
        str | None, typer.Argument(help="A run's id; its first letters do if they are clear.")
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="Replay the best design of each problem.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Evaluate stored designs again and check that the stored outcome is met to the last bit.

    Designs that were re-checked are evaluated by the true cost model, too. Exit code 0 when it is
    met, 1 when it is not. Example: archgym replay --best --store runs
    """
    from archgym.results.replay import replay_best, replay_recheck, replay_run
    from archgym.results.store import Store

    if (run_id is None) != best:
        raise SettingError("replay needs a run's id or --best, one of them")
    opened = Store.open(store)
    if best:
        replayed = list(replay_best(opened, warn))
    else:
        run = opened.find(str(run_id))
        replayed = [one for one in (replay_run(run), replay_recheck(run)) if one is not None]
    if not replayed:
        raise StoreError(f"no finished runs in {opened.path}")
    _tell_replayed(replayed)
    if not all(run.ok for run in replayed):
        raise typer.Exit(SOME_FAILED)


def _tell_replayed(replayed: Sequence[Replayed]) -> None:
    for run in replayed:
        verdict = "ok" if run.ok else "DIFFERS"
        skipped = f", {run.skipped} time-outs not repeated" if run.skipped else ""
        counted = f"{run.evaluations} evaluations{skipped}"
        typer.echo(f"{run.run_id} {run.problem}: {verdict}, {counted}")
        if not run.ok:
            typer.echo(f"  {run.difference}")
