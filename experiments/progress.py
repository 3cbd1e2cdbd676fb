"""How an experiment goes on, for people: a live view in a terminal, otherwise a line a minute."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.errors import StoreError
from archgym.experiments.trial import Report
from archgym.results.files import read_json
from archgym.results.spec import TrialSpec
from archgym.results.store import State, Store

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_REFRESHES_PER_SECOND = 2.0
_SHOWN_ROWS = 16
_SECONDS_PER_LINE = 60.0


@dataclass
class _Tally:
    """What is known of the trials of one problem and agent."""

    trials: int = 0
    ended: int = 0
    failed: int = 0
    best: float = -np.inf


class Progress:
    """A watcher that counts, and shows what it counted in a terminal.

    How far the running trials have come is read from the small files that they rewrite with each
    flush, so the driver holds nothing of what they store.

    Args:
        name: The launch's name.
        store: Where the trials are stored.
        console: Where to write.
    """

    def __init__(self, name: str, store: Store, console: Console):
        self._name, self._store, self._console = name, store, console
        self._started = self._told = time.monotonic()
        self._pending = self._done = self._failed = self._evaluations = 0
        self._running: dict[str, TrialSpec] = {}
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._live: Any = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            from rich.live import Live

            self._live = Live(
                console=self._console,
                get_renderable=self._view,
                refresh_per_second=_REFRESHES_PER_SECOND,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live is not None:
            self._live.stop()

    # -- what the driver tells ------------------------------------------------------------------

    def began(
        self, pending: Sequence[TrialSpec], before: Sequence[tuple[TrialSpec, Report]]
    ) -> None:
        """Write the first line and take over what was finished before."""
        self._pending, self._done, self._failed = len(pending), 0, 0
        self._started = self._told = time.monotonic()
        for trial in pending:
            self._tally(trial).trials += 1
        for trial, report in before:
            self._tally(trial).trials += 1
            self._count(trial, report)
        finished = f", {len(before)} finished before" if before else ""
        self._print(f"{self._name}: {len(pending)} trials to run{finished}")

    def submitted(self, trial: TrialSpec) -> None:
        """Count a trial as running."""
        self._running[trial.run_id] = trial

    def ended(self, trial: TrialSpec, report: Report) -> None:
        """Count a trial as ended; now and then write a line where there is no live view."""
        self._running.pop(trial.run_id, None)
        self._done += report.state == State.DONE
        self._failed += report.state == State.FAILED
        self._evaluations += report.new_evaluations
        self._count(trial, report)
        if self._live is None and time.monotonic() - self._told > _SECONDS_PER_LINE:
            self._told = time.monotonic()
            self._print(self._head(0))

    def _count(self, trial: TrialSpec, report: Report) -> None:
        tally = self._tally(trial)
        tally.ended += report.state in (State.DONE, State.FAILED)
        tally.failed += report.state == State.FAILED
        tally.best = max(tally.best, report.best_reward)

    def _tally(self, trial: TrialSpec) -> _Tally:
        return self._tallies.setdefault((trial.problem_label, trial.agent), _Tally())

    # -- what people see ------------------------------------------------------------------------

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)

    def _view(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        return Group(Text(self._head(self._look_at_running())), self._table())

    def _head(self, underway: int) -> str:
        seconds = max(time.monotonic() - self._started, 1e-9)
        return (
            f"{self._name}: {self._done} of {self._pending} trials done, {len(self._running)}"
            f" submitted, {self._failed} failed, {(self._evaluations + underway) / seconds:,.0f}"
            f" evaluations/s, {self._time_left(seconds)}"
        )

    def _table(self) -> Table:
        """Return a row per problem and agent, those that are at work first."""
        from rich.table import Table
        from rich.text import Text

        table = Table(show_edge=False, pad_edge=False)
        for title in ("problem", "agent", "ended", "failed", "best reward"):
            table.add_column(title, justify="left" if title in ("problem", "agent") else "right")
        at_work = {(trial.problem_label, trial.agent) for trial in list(self._running.values())}
        rows = sorted(self._tallies.items(), key=lambda row: row[0] not in at_work)
        for (problem, agent), t in rows[:_SHOWN_ROWS]:
            best = "" if t.best == -np.inf else f"{t.best:.6g}"
            table.add_row(
                *map(Text, (problem, agent, f"{t.ended}/{t.trials}", str(t.failed), best))
            )
        if len(rows) > _SHOWN_ROWS:
            table.add_row(Text(f"and {len(rows) - _SHOWN_ROWS} more"))
        return table

    def _look_at_running(self) -> int:
        """Return the evaluations of the running trials; note the best of them."""
        underway = 0
        for trial in list(self._running.values()):
            try:
                told = read_json(self._store.folder(trial).progress_file) or {}
            except StoreError:
                continue
            underway += told.get("new_evaluations", 0)
            tally = self._tally(trial)
            tally.best = max(tally.best, told.get("best_reward") or -np.inf)
        return underway

    def _time_left(self, seconds: float) -> str:
        share = (self._done + self._failed) / max(self._pending, 1)
        if share == 0.0:
            return "time left unknown"
        return f"about {_clock(seconds * (1.0 - share) / share)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
