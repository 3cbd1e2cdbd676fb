"""Where the trials of an experiment run, as options of the command line say."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archgym.errors import SettingError

if TYPE_CHECKING:
    from archgym.experiments.executors.base import Executor
    from archgym.experiments.plan import Rounds
    from archgym.results.store import Store


class ExecutorName(StrEnum):
    """Where trials run."""

    LOCAL = "local"
    RAY = "ray"


WorkersOption = Annotated[
    int | None, typer.Option(min=1, help="Trials at the same time; all cores otherwise.")
]
ExecutorOption = Annotated[
    ExecutorName | None, typer.Option(help="This process alone, or workers of Ray.")
]
AddressOption = Annotated[
    str | None, typer.Option(help="A running Ray cluster to join, host:port or auto.")
]
TablesOption = Annotated[
    bool,
    typer.Option("--tables", help="Look designs up where the store has a table of the space."),
]


@dataclass(frozen=True)
class Workers:
    """The options; None is for those that were not given.

    Attributes:
        workers: Trials at the same time.
        executor: This process alone, or workers of Ray.
        address: A running cluster.
        working_dir: A folder that is sent to the cluster's nodes.

    Raises:
        SettingError: They exclude each other, or there is no such folder.
    """

    workers: int | None
    executor: ExecutorName | None
    address: str | None
    working_dir: Path | None

    def __post_init__(self) -> None:
        if self.executor is ExecutorName.LOCAL and (self.address or (self.workers or 1) > 1):
            other = "--address" if self.address else f"--workers {self.workers}"
            raise SettingError(f"--executor local runs one trial at a time; it excludes {other}")
        if self.working_dir is not None and self.address is None:
            raise SettingError("--working-dir is sent to a cluster: give its --address")
        if self.working_dir is not None and not self.working_dir.is_dir():
            raise SettingError(f"--working-dir {self.working_dir}: there is no such folder")

    def import_from_folder(self) -> None:
        """Let this process import from the working folder too, as its trials will."""
        if self.working_dir is not None:
            sys.path.insert(0, str(self.working_dir.resolve()))

    def start(self, pending: int, plan: Rounds, store: Store) -> Executor:
        """Return the executor; Ray is started for more than one worker, or where asked for."""
        from archgym.experiments.executors.local import LocalExecutor

        if self.address is not None:
            return self._join(plan, store)
        asked = plan.launch.asked_resources
        cores = len(os.sched_getaffinity(0)) // max(resources.cores for resources in asked)
        workers = min(self.workers or max(1, int(cores)), pending)
        if self.executor is ExecutorName.LOCAL or (workers == 1 and self.executor is None):
            return LocalExecutor()
        from archgym.experiments.executors.ray import RayExecutor

        return RayExecutor(workers, asked=asked)

    def _join(self, plan: Rounds, store: Store) -> Executor:
        from archgym.experiments.driver_lock import driver_mark
        from archgym.experiments.executors.cluster import Needs
        from archgym.experiments.executors.ray import RayExecutor

        folder = "" if self.working_dir is None else str(self.working_dir.resolve())
        needs = Needs.of(plan.trials, driver_mark(store, plan.launch.name), folder)
        asked = plan.launch.asked_resources
        return RayExecutor(self.workers, self.address, asked, folder, needs)

    @property
    def words(self) -> list[str]:
        """The options that were given, as they are typed."""
        given = {
            "--workers": self.workers,
            "--executor": self.executor,
            "--address": self.address,
            "--working-dir": self.working_dir,
        }
        pairs = [(name, str(value)) for name, value in given.items() if value is not None]
        return [word for pair in pairs for word in pair]
