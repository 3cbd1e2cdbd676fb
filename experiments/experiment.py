"""Running all trials of a plan: what is finished is skipped, what was cut goes on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from archgym.errors import StoreError
from archgym.experiments.executors.base import Executor
from archgym.experiments.interruption import Interruption
from archgym.experiments.plan import Plan
from archgym.experiments.trial import Job, Report, finished_report
from archgym.results.attempts import forget_failure
from archgym.results.spec import TrialSpec
from archgym.results.store import State, Store

StartExecutor = Callable[[int], Executor]


class Watcher(Protocol):
    """Is told how an experiment goes on."""

    def began(self, pending: int, before: Iterable[tuple[TrialSpec, Report]]) -> None:
        """Hear how many trials are to run, and what was finished before."""

    def submitted(self, trial: TrialSpec) -> None:
        """Hear that a trial was handed to the executor."""

    def ended(self, trial: TrialSpec, report: Report) -> None:
        """Hear how a trial ended."""


@dataclass
class Result:
    """How an experiment went.

    Attributes:
        total: Trials of the plan.
        before: Those that were done before.
        reports: Run id -> the trials that ended now, or were given up before.
        interrupted: True after Ctrl-C.
        seconds: Wall-clock time.
    """

    total: int = 0
    before: int = 0
    reports: dict[str, Report] = field(default_factory=dict)
    interrupted: bool = False
    seconds: float = 0.0

    def count(self, state: State) -> int:
        """Return how many trials ended so now."""
        return sum(report.state == state for report in self.reports.values())

    @property
    def done(self) -> int:
        """Trials that are done, now or before."""
        return self.before + self.count(State.DONE)

    @property
    def not_done(self) -> list[Report]:
        """Trials that ended without being done."""
        return [report for report in self.reports.values() if report.state != State.DONE]


def run_experiment(
    plan: Plan,
    store: Store,
    start_executor: StartExecutor,
    watcher: Watcher,
    retry_failed: bool = False,
) -> Result:
    """Run the trials of a plan that are not finished yet and return how they went.

    Args:
        plan: What to run.
        store: Where rows and summaries go.
        start_executor: Called with the number of trials to run, unless there are none.
        watcher: Is told of every trial.
        retry_failed: Whether trials that failed before are tried again.

    Raises:
        StoreError: The store cannot be written any more; the same call goes on later.
    """
    started = time.monotonic()
    result = Result(total=len(plan.trials))
    pending = _pending(plan, store, retry_failed, result, watcher)
    with Interruption() as interruption:
        if pending:
            _run(pending, plan, store, start_executor, watcher, result, interruption)
    result.interrupted = interruption.requested
    result.seconds = time.monotonic() - started
    return result


def _pending(
    plan: Plan, store: Store, retry_failed: bool, result: Result, watcher: Watcher
) -> dict[str, TrialSpec]:
    """Return the trials that must run; note the others in the result."""
    pending, before = {}, []
    for trial in plan.trials:
        folder = store.folder(trial)
        report = finished_report(trial, folder)
        if report is not None and report.state == State.FAILED and retry_failed:
            forget_failure(folder)
            report = None
        if report is None:
            pending[trial.run_id] = trial
        else:
            before.append((trial, report))
    result.before = sum(report.state == State.DONE for _, report in before)
    result.reports = {t.run_id: report for t, report in before if report.state != State.DONE}
    watcher.began(len(pending), before)
    return pending


def _run(
    pending: dict[str, TrialSpec],
    plan: Plan,
    store: Store,
    start_executor: StartExecutor,
    watcher: Watcher,
    result: Result,
    interruption: Interruption,
) -> None:
    def note(reports: Iterable[Report]) -> None:
        for report in reports:
            result.reports[report.run_id] = report
            watcher.ended(pending[report.run_id], report)
            if report.store_lost:
                raise StoreError(report.reason)

    executor: Executor | None = None
    try:
        executor = start_executor(len(pending))
        interruption.install()
        waiting, running = deque(pending.values()), 0
        while (waiting or running) and not interruption.requested:
            while waiting and executor.room > 0:
                trial = waiting.popleft()
                executor.submit(_job(trial, plan, store))
                watcher.submitted(trial)
                running += 1
            reports = executor.wait()
            running -= len(reports)
            note(reports)
    except KeyboardInterrupt:
        if executor is not None:
            note(executor.stop())
    finally:
        if executor is not None:
            executor.close()


def _job(trial: TrialSpec, plan: Plan, store: Store) -> Job:
    source = str(plan.source.absolute())
    return Job(trial.data, str(store.path), plan.launch.attempts, source)
