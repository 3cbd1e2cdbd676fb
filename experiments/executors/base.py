"""The contract of everything that can run trials."""

from __future__ import annotations

from typing import Protocol

from archgym.experiments.trial import Job, Report


class Executor(Protocol):
    """Runs trials somewhere; the driver hands it no more than it has room for.

    One trial runs in one process, which alone writes that trial's folder.
    """

    @property
    def workers(self) -> int:
        """How many trials run at the same time."""

    @property
    def room(self) -> int:
        """How many more trials may be submitted now."""

    def submit(self, job: Job) -> None:
        """Take a trial."""

    def wait(self) -> list[Report]:
        """Block until at least one submitted trial ended; return the reports of those."""

    def stop(self) -> list[Report]:
        """Interrupt what runs, let it store what it has, and return the reports."""

    def close(self) -> None:
        """Give back what the executor holds; it is of no use afterwards."""
