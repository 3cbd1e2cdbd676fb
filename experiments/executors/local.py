"""Trials one after another in this process."""

from __future__ import annotations

from archgym.experiments.trial import Job, Report, run_trial


class LocalExecutor:
    """Runs a trial when it is waited for. See `archgym.experiments.executors.base.Executor`."""

    workers = 1

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    @property
    def room(self) -> int:
        """One trial at a time."""
        return 1 - len(self._jobs)

    def submit(self, job: Job) -> None:
        """Take a trial."""
        self._jobs.append(job)

    def wait(self) -> list[Report]:
        """Run the trial that was submitted."""
        return [run_trial(self._jobs.pop())]

    def stop(self) -> list[Report]:
        """Forget what was not begun; nothing runs between calls."""
        self._jobs.clear()
        return []

    def close(self) -> None:
        """Hold nothing."""
