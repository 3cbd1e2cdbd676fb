"""Running all trials of a plan: what is finished is skipped, what was cut goes on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from archgym.errors import StoreError
from archgym.experiments.driver_lock import DriverLock
from archgym.experiments.executors.base import Executor
from archgym.experiments.interruption import Interruption
from archgym.experiments.plan import Rounds
from archgym.experiments.trial import Job, Report, finished_report
from archgym.results.attempts import forget_failure
from archgym.results.spec import TrialSpec
from archgym.results.store import State, Store

# Called with the number of trials there may be.
StartExecutor = Callable[[int], Executor]
# Summaries asked for at the same time where each takes a while.
READERS = 32


class Watcher(Protocol):
    """Is told how an experiment goes on; a round at a time, where it has several."""

    def began(
        self, pending: Sequence[TrialSpec], before: Sequence[tuple[TrialSpec, Report]]
    ) -> None:
        """Hear which trials of a round are to run, and what was finished before."""

    def submitted(self, trial: TrialSpec) -> None:
        """Hear that a trial was handed to the executor."""

    def ended(self, trial: TrialSpec, report: Report) -> None:
        """Hear how a trial ended."""


@dataclass
class Result:
    """How an experiment went.

    Attributes:
        total: Trials of the plan, or of the rounds that were begun.
        before: Those that were done before.
        reports: Run id -> the trials that ended now, or were given up before.
        interrupted: True after Ctrl-C.
        complete: True where every trial ended, done or failed.
        seconds: Wall-clock time.
    """

    total: int = 0
    before: int = 0
    reports: dict[str, Report] = field(default_factory=dict)
    interrupted: bool = False
    complete: bool = False
    seconds: float = 0.0

    def count(self, state: State) -> int:
        """Return how many trials ended so now."""
        return sum(report.state == state for report in self.reports.values())

    @property
    def done(self) -> int:
        """Trials that are done, now or before."""
        return self.before + self.count(State.DONE)

    @property
    def new_evaluations(self) -> int:
        """Evaluations made now."""
        return sum(report.new_evaluations for report in self.reports.values())

    @property
    def new_true_evaluations(self) -> int:
        """Evaluations made now by true cost models, where trials ended with a re-check."""
        return sum(report.new_true_evaluations for report in self.reports.values())

    @property
    def not_done(self) -> list[Report]:
        """Trials that ended without being done."""
        return [report for report in self.reports.values() if report.state != State.DONE]


def run_experiment(
    plan: Rounds,
    store: Store,
    start_executor: StartExecutor,
    watcher: Watcher,
    retry_failed: bool = False,
    tables: bool = False,
    wait: bool = False,
) -> Result:
    """Run the trials of a plan that are not finished yet and return how they went.

    Args:
        plan: What to run.
        store: Where rows and summaries go.
        start_executor: Starts what trials run on, unless all are finished.
        watcher: Is told of every trial.
        retry_failed: Whether trials that failed before are tried again.
        tables: Whether trials look designs up in tables of the store where there is one.
        wait: Whether to wait where another driver runs this launch in this store.

    Raises:
        StoreError: Another driver is at work, or the store cannot be written any more; the same
            call goes on later.
    """
    started = time.monotonic()
    result = Result()
    with Interruption() as interruption:
        try:
            with (
                DriverLock(store, plan.launch.name, wait),
                _Drive(
                    plan, store, start_executor, watcher, result, interruption, tables
                ) as drive,
            ):
                result.complete = drive.run_rounds(retry_failed)
        except KeyboardInterrupt:
            result.complete = False
    result.interrupted = interruption.requested
    result.seconds = time.monotonic() - started
    return result


class _Drive:
    """Hands the trials of each round to one executor, which is started when one is to run."""

    def __init__(
        self,
        plan: Rounds,
        store: Store,
        start_executor: StartExecutor,
        watcher: Watcher,
        result: Result,
        interruption: Interruption,
        tables: bool,
    ):
        self._tables = tables
        self._plan, self._store, self._watcher = plan, store, watcher
        self._start, self._result, self._interruption = start_executor, result, interruption
        self._executor: Executor | None = None
        self._known: set[str] = set()

    def run_rounds(self, retry_failed: bool) -> bool:
        """Run round after round; return False where one was cut."""
        for trials in self._plan.rounds(self._store):
            pending = self._pending(trials, retry_failed)
            self._run(pending)
            if not all(map(self._ended, pending)):
                return False
        return True

    def _ended(self, run: str) -> bool:
        report = self._result.reports.get(run)
        return report is not None and report.state != State.INTERRUPTED

    def _pending(self, trials: Sequence[TrialSpec], retry_failed: bool) -> dict[str, TrialSpec]:
        """Return the trials of a round that must run; note the others in the result."""
        new = {t.run_id: t for t in trials if t.run_id not in self._known}
        self._known |= new.keys()
        pending, before = {}, []
        for trial, report in zip(new.values(), self._look_up(new, retry_failed), strict=True):
            if report is None:
                pending[trial.run_id] = trial
            else:
                before.append((trial, report))
        result = self._result
        result.total += len(new)
        result.before += sum(report.state == State.DONE for _, report in before)
        result.reports |= {t.run_id: r for t, r in before if r.state != State.DONE}
        self._watcher.began(list(pending.values()), before)
        return pending

    def _look_up(
        self, trials: Mapping[str, TrialSpec], retry_failed: bool
    ) -> Iterable[Report | None]:
        """Return the report of each finished trial; elsewhere than on a disk in threads."""
        finished = partial(self._finished, retry_failed=retry_failed)
        if isinstance(self._store.path, Path):
            return map(finished, trials.values())
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(finished, trials.values()))

    def _finished(self, trial: TrialSpec, retry_failed: bool) -> Report | None:
        folder = self._store.folder(trial)
        report = finished_report(trial, folder)
        if report is not None and report.state == State.FAILED and retry_failed:
            forget_failure(folder)
            return None
        return report

    def _run(self, pending: Mapping[str, TrialSpec]) -> None:
        """Run the trials of a round until all ended or Ctrl-C was pressed."""
        if not pending:
            return
        try:
            executor = self._started(len(pending))
            self._interruption.install()
            waiting, running = deque(pending.values()), 0
            while (waiting or running) and not self._interruption.requested:
                while waiting and executor.room > 0:
                    trial = waiting.popleft()
                    executor.submit(_job(trial, self._plan, self._store, self._tables))
                    self._watcher.submitted(trial)
                    running += 1
                reports = executor.wait()
                running -= len(reports)
                self._note(reports, pending)
        except KeyboardInterrupt:
            if self._executor is not None:
                self._note(self._executor.stop(), pending)

    def __enter__(self) -> _Drive:
        return self

    def __exit__(self, *exception: object) -> None:
        """End the executor where one was started."""
        if self._executor is not None:
            self._executor.close()

    def _started(self, pending: int) -> Executor:
        if self._executor is None:
            self._executor = self._start(max(pending, self._plan.size - len(self._known)))
        return self._executor

    def _note(self, reports: Iterable[Report], pending: Mapping[str, TrialSpec]) -> None:
        for report in reports:
            self._result.reports[report.run_id] = report
            self._watcher.ended(pending[report.run_id], report)
            if report.store_lost:
                raise StoreError(report.reason)


def _job(trial: TrialSpec, plan: Rounds, store: Store, tables: bool) -> Job:
    launch, source = plan.launch, str(plan.source.absolute())
    resources, curves = launch.resources_of(trial.agent), ""
    if launch.tensorboard is not None:
        folder = plan.source.absolute().parent / launch.tensorboard
        curves = str(folder / trial.env_folder / trial.agent_folder / trial.run_id)
    return Job(trial.data, store.address, launch.attempts, source, tables, resources, curves)
