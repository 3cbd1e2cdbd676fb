"""How an experiment goes on, for people: a live view in a terminal, otherwise two lines."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.errors import StoreError
from archgym.experiments.trial import Report
from archgym.results.files import read_json
from archgym.results.spec import TrialSpec
from archgym.results.store import State, Store

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_REFRESHES_PER_SECOND = 2.0
_SHOWN_PROBLEMS = 12


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
        self._started = time.monotonic()
        self._pending = self._done = self._failed = 0
        self._evaluations = self._budget_left = 0
        self._running: dict[str, TrialSpec] = {}
        self._best: dict[str, tuple[float, str]] = {}
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

    def began(self, pending: int, before: Iterable[tuple[TrialSpec, Report]]) -> None:
        """Write the first line and take over what was finished before."""
        ended = list(before)
        self._pending, self._started = pending, time.monotonic()
        for trial, report in ended:
            self._improve(trial, report.best_reward)
        finished = f", {len(ended)} finished before" if ended else ""
        line = f"{self._name}: {pending} trials to run{finished}"
        self._console.print(line, markup=False, highlight=False)

    def submitted(self, trial: TrialSpec) -> None:
        """Count a trial as running."""
        self._running[trial.run_id] = trial

    def ended(self, trial: TrialSpec, report: Report) -> None:
        """Count a trial as ended."""
        self._running.pop(trial.run_id, None)
        self._done += report.state == State.DONE
        self._failed += report.state == State.FAILED
        self._evaluations += report.new_evaluations
        self._improve(trial, report.best_reward)

    # -- what people see ------------------------------------------------------------------------

    def _view(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        underway = self._look_at_running()
        seconds = max(time.monotonic() - self._started, 1e-9)
        head = (
            f"{self._name}: {self._done} of {self._pending} trials done, {len(self._running)}"
            f" submitted, {self._failed} failed, {(self._evaluations + underway) / seconds:,.0f}"
            f" evaluations/s, {self._time_left(underway, seconds)}"
        )
        table = Table(show_edge=False, pad_edge=False)
        for title in ("problem", "best reward", "by"):
            table.add_column(title, justify="right" if title == "best reward" else "left")
        for label, (best, agent) in list(self._best.items())[:_SHOWN_PROBLEMS]:
            table.add_row(*map(Text, (label, f"{best:.6g}", agent)))
        return Group(Text(head), table)

    def _look_at_running(self) -> int:
        """Return the evaluations of the running trials; note the best of them."""
        underway = 0
        for trial in list(self._running.values()):
            try:
                told = read_json(self._store.folder(trial).progress_file) or {}
            except StoreError:
                continue
            underway += told.get("new_evaluations", 0)
            self._improve(trial, told.get("best_reward") or -np.inf)
        return underway

    def _time_left(self, underway: int, seconds: float) -> str:
        share = (self._done + self._failed) / max(self._pending, 1)
        if share == 0.0:
            return "time left unknown"
        return f"about {_clock(seconds * (1.0 - share) / share)} left"

    def _improve(self, trial: TrialSpec, reward: float) -> None:
        label = trial.problem_label
        if reward > self._best.get(label, (-np.inf, ""))[0]:
            self._best[label] = (reward, trial.agent)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
