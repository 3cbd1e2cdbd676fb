"""Where runs lie: ``STORE/env=E/agent=A/run=<id>/``, one folder and one writer per trial.

A run's folder holds ``run.json`` (spec, versions, host), ``attempt-<n>.json``, ``part-<first
step>.parquet``, for a while ``progress.json``, and in the end ``done.json`` or ``failed.json``.
The presence of ``done.json`` is the only meaning of finished. Anything else found in a store is
not ours and is left alone.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from archgym.errors import StoreError, UnknownNameError
from archgym.results.files import make_folder, read_json, write_temporary
from archgym.results.spec import TrialSpec

SCHEMA_VERSION = 1
ALIVE_SECONDS = 15.0
_PROBE_BYTES = 4096
_RUN_NAME = re.compile(r"run=(r[0-9a-f]{16})")
_PART_NAME = re.compile(r"part-\d{8,}\.parquet")
_SMALLEST_PREFIX = 4


class State(StrEnum):
    """How far a run has come."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one trial."""

    path: Path

    @property
    def run_id(self) -> str:
        """The trial's id."""
        return self.path.name.removeprefix("run=")

    @property
    def run_file(self) -> Path:
        """Spec, versions and host, written first."""
        return self.path / "run.json"

    @property
    def done_file(self) -> Path:
        """The summary of a finished trial, written last."""
        return self.path / "done.json"

    @property
    def failed_file(self) -> Path:
        """Why the trial was given up."""
        return self.path / "failed.json"

    @property
    def progress_file(self) -> Path:
        """How far a trial that is at work has come; rewritten at every flush."""
        return self.path / "progress.json"

    def attempt_file(self, number: int) -> Path:
        """Return the mark of one attempt, counted from 1."""
        return self.path / f"attempt-{number}.json"

    def part_file(self, first_step: int) -> Path:
        """Return the file of the rows from a step on."""
        return self.path / f"part-{first_step:08d}.parquet"

    def parts(self) -> list[Path]:
        """Return the files of rows, by first step."""
        names = [name for name in _names(self.path) if _PART_NAME.fullmatch(name)]
        return [self.path / name for name in sorted(names, key=lambda n: (len(n), n))]

    def attempts(self) -> list[Path]:
        """Return the marks of all attempts, in order."""
        numbers = [re.fullmatch(r"attempt-(\d+)\.json", name) for name in _names(self.path)]
        return [self.attempt_file(n) for n in sorted(int(m[1]) for m in numbers if m)]

    def state(self) -> State:
        """Return how far the run has come; running means that it gave a sign of life lately."""
        if self.done_file.exists():
            return State.DONE
        if self.failed_file.exists():
            return State.FAILED
        signs = [self.progress_file, self.run_file, *self.attempts()]
        latest = max((sign.stat().st_mtime for sign in signs if sign.exists()), default=0.0)
        return State.RUNNING if time.time() - latest < ALIVE_SECONDS else State.INTERRUPTED

    def read_run(self) -> dict[str, Any]:
        """Return the content of ``run.json``.

        Raises:
            StoreError: It is absent, damaged, or of another schema.
        """
        return _checked(self.run_file, read_json(self.run_file))

    def read_done(self) -> dict[str, Any] | None:
        """Return the summary, None where the run is not finished.

        Raises:
            StoreError: It is damaged, or of another schema.
        """
        done = read_json(self.done_file)
        return None if done is None else _checked(self.done_file, done)


@dataclass(frozen=True)
class Store:
    """A folder of runs. Make one with `Store.open` or `Store.create`."""

    path: Path

    @staticmethod
    def open(path: Path | str) -> Store:
        """Return an existing store, for reading.

        Raises:
            StoreError: There is no such folder, or it holds other things.
        """
        folder = Path(path).expanduser().absolute()
        if not folder.is_dir():
            what = "is a file, not a store" if folder.exists() else "there is no such store"
            raise StoreError(f"{folder}: {what}")
        _check_is_store(folder)
        return Store(folder)

    @staticmethod
    def create(path: Path | str) -> Store:
        """Return a store that can be written; the folder is made where there is none.

        Raises:
            StoreError: It cannot be written, or holds other things.
        """
        folder = Path(path).expanduser().absolute()
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"{folder}: is a file, not a store")
        make_folder(folder)
        _check_is_store(folder)
        write_temporary(folder / "probe", bytes(_PROBE_BYTES), durable=True).unlink()
        return Store(folder)

    def folder(self, spec: TrialSpec) -> RunFolder:
        """Return where a trial is stored; the folder need not exist yet."""
        above = self.path / f"env={spec.env_folder}" / f"agent={spec.agent_folder}"
        return RunFolder(above / f"run={spec.run_id}")

    def runs(self) -> Iterator[RunFolder]:
        """Yield all runs, sorted by path."""
        for env in _folders(self.path, "env="):
            for agent in _folders(env, "agent="):
                for run in _folders(agent, "run="):
                    if _RUN_NAME.fullmatch(run.name):
                        yield RunFolder(run)

    def find(self, run_id: str) -> RunFolder:
        """Return the run of an id, which may be shortened as long as it is clear.

        Raises:
            UnknownNameError: There is none.
            StoreError: There are several.
        """
        found = [run for run in self.runs() if run.run_id.startswith(run_id)]
        if not found or len(run_id) < _SMALLEST_PREFIX:
            raise UnknownNameError(f"run in {self.path}", run_id, [r.run_id for r in self.runs()])
        if len(found) > 1:
            listed = ", ".join(run.run_id for run in found)
            raise StoreError(f"{self.path}: run {run_id!r} is not clear: {listed}")
        return found[0]


def _check_is_store(folder: Path) -> None:
    names = [name for name in _names(folder) if not name.startswith(".")]
    if names and not any(name.startswith("env=") for name in names):
        raise StoreError(
            f"{folder}: is not a store, it holds {names[0]!r} but no run;"
            " give the folder of a store, or an empty or new one"
        )


def _checked(path: Path, content: dict[str, Any] | None) -> dict[str, Any]:
    if content is None:
        raise StoreError(f"{path}: is missing")
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path}: has schema version {version!r}, this archgym reads {SCHEMA_VERSION}"
        )
    return content


def _folders(path: Path, prefix: str) -> list[Path]:
    with _scan(path) as entries:
        names = [e.name for e in entries if e.name.startswith(prefix) and e.is_dir()]
    return [path / name for name in sorted(names)]


def _names(path: Path) -> list[str]:
    if not path.is_dir():
        return []
    with _scan(path) as entries:
        return sorted(entry.name for entry in entries)


def _scan(path: Path) -> os._ScandirContextManager:  # type: ignore[name-defined]
    try:
        return os.scandir(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
