"""Where runs lie: ``STORE/env=E/agent=A/run=<id>/``, one folder and one writer per trial.

A run's folder holds ``run.json`` (spec, versions, host), ``attempt-<n>.json``, ``part-<first
step>.parquet``, for a while ``progress.json``, and in the end ``data.parquet``, which replaces the
parts, and ``done.json`` or ``failed.json``. Where the best designs are evaluated once more, the
folder ``recheck`` holds these evaluations in such files. The presence of ``done.json`` is the only
meaning of finished. Anything else found in a store is not ours and is left alone.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from archgym.errors import StoreError, UnknownNameError
from archgym.results.files import (
    TEMPORARY,
    Place,
    Stamp,
    make_folder,
    modified,
    names,
    place,
    put,
    read_json,
    remove,
    stamped_folders,
)
from archgym.results.spec import TrialSpec

# 2: finished runs hold data.parquet, summaries hold improvements. 1 is read all the same.
SCHEMA_VERSION = 2
READABLE_VERSIONS = 1, 2
ALIVE_SECONDS = 15.0
INDEX = "index.parquet"
_DATA, _DONE, _FAILED = "data.parquet", "done.json", "failed.json"
_RUN, _PROGRESS = "run.json", "progress.json"
_SEARCHED, _RECHECK = "searched.json", "recheck"
_PROBE_BYTES = 4096
_RUN_NAME = re.compile(r"run=(r[0-9a-f]{16})")
_PART_NAME = re.compile(r"part-\d{8,}\.parquet")
_ATTEMPT_NAME = re.compile(r"attempt-(\d+)\.json")
_LEVELS = "env=", "agent=", "run="
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

    path: Place

    @property
    def run_id(self) -> str:
        """The trial's id."""
        return self.path.name.removeprefix("run=")

    @property
    def run_file(self) -> Place:
        """Spec, versions and host, written first."""
        return self.path / _RUN

    @property
    def done_file(self) -> Place:
        """The summary of a finished trial, written last."""
        return self.path / _DONE

    @property
    def failed_file(self) -> Place:
        """Why the trial was given up."""
        return self.path / _FAILED

    @property
    def progress_file(self) -> Place:
        """How far a trial that is at work has come; rewritten at every flush."""
        return self.path / _PROGRESS

    @property
    def searched_file(self) -> Place:
        """The search's part of the summary, while the best designs are evaluated once more."""
        return self.path / _SEARCHED

    @property
    def recheck(self) -> RunFolder:
        """Where the evaluations by the true cost model lie, in parts as those of the search."""
        return RunFolder(self.path / _RECHECK)

    @property
    def data_file(self) -> Place:
        """All rows of a run in one file, when no more will come."""
        return self.path / _DATA

    @property
    def agent_folder(self) -> str:
        """The agent's name as it stands in the path."""
        return self.path.parent.name.partition("=")[2]

    @property
    def env_folder(self) -> str:
        """The environment's name as it stands in the path."""
        return self.path.parent.parent.name.partition("=")[2]

    def attempt_file(self, number: int) -> Place:
        """Return the mark of one attempt, counted from 1."""
        return self.path / f"attempt-{number}.json"

    def part_file(self, first_step: int) -> Place:
        """Return the file of the rows from a step on."""
        return self.path / f"part-{first_step:08d}.parquet"

    def parts(self) -> list[Place]:
        """Return the files of rows: ``data.parquet``, then what it has not replaced yet."""
        found = [name for name, _ in names(self.path)]
        parts = [name for name in found if _PART_NAME.fullmatch(name)]
        data = [_DATA] if _DATA in found else []
        return [self.path / name for name in data + sorted(parts, key=lambda n: (len(n), n))]

    def attempts(self) -> list[Place]:
        """Return the marks of all attempts, in order."""
        numbers = [_ATTEMPT_NAME.fullmatch(name) for name, _ in names(self.path)]
        return [self.attempt_file(n) for n in sorted(int(m[1]) for m in numbers if m)]

    def state(self, found: Collection[str] | None = None) -> State:
        """Return how far the run has come; running means that it gave a sign of life lately.

        Args:
            found: The names in the folder, where they are known already.
        """
        found = [name for name, _ in names(self.path)] if found is None else found
        if _DONE in found:
            return State.DONE
        if _FAILED in found:
            return State.FAILED
        signs = [n for n in found if n in (_RUN, _PROGRESS) or _ATTEMPT_NAME.fullmatch(n)]
        latest = max((modified(self.path / sign) for sign in signs), default=0.0)
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

    path: Place

    @staticmethod
    def at(address: Path | str) -> Store:
        """Return the store of a path or URL, without looking whether it is one."""
        return Store(place(address))

    @staticmethod
    def open(address: Path | str) -> Store:
        """Return an existing store, for reading.

        Raises:
            StoreError: There is no such folder, or it holds other things.
        """
        folder = place(address)
        if isinstance(folder, Path) and not folder.is_dir():
            what = "is a file, not a store" if folder.exists() else "there is no such store"
            raise StoreError(f"{folder}: {what}")
        if not _check_is_store(folder) and not isinstance(folder, Path):
            raise StoreError(f"{folder}: there is no such store")
        return Store(folder)

    @staticmethod
    def create(address: Path | str) -> Store:
        """Return a store that can be written; the folder is made where there is none.

        Raises:
            StoreError: It cannot be written, or holds other things.
        """
        folder = place(address)
        if isinstance(folder, Path) and folder.exists() and not folder.is_dir():
            raise StoreError(f"{folder}: is a file, not a store")
        make_folder(folder)
        _check_is_store(folder)
        probe = folder / f"probe-{secrets.token_hex(8)}{TEMPORARY}"
        put(probe, bytes(_PROBE_BYTES))
        remove(probe)
        return Store(folder)

    @property
    def address(self) -> str:
        """The path or URL by which another process finds the store."""
        return str(self.path) if isinstance(self.path, Path) else self.path.address

    def folder(self, spec: TrialSpec) -> RunFolder:
        """Return where a trial is stored; the folder need not exist yet."""
        above = self.path / f"env={spec.env_folder}" / f"agent={spec.agent_folder}"
        return RunFolder(above / f"run={spec.run_id}")

    def runs(self) -> Iterator[RunFolder]:
        """Yield all runs, sorted by path."""
        for relative, _ in self.stamped_runs():
            yield self.run(relative)

    def stamped_runs(self) -> Iterator[tuple[str, Stamp | None]]:
        """Yield the paths of all runs, sorted, and the stamp of ``done.json``; None without it."""
        for relative, stamp in stamped_folders(self.path, _LEVELS, _DONE):
            if _RUN_NAME.fullmatch(relative, relative.rfind("/") + 1):
                yield relative, stamp

    def run(self, relative: str) -> RunFolder:
        """Return the run at a path below the store."""
        return RunFolder(self.path / relative)

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


def _check_is_store(folder: Place) -> bool:
    """Return whether the folder holds anything; refuse one that holds other things."""
    found = [name for name, _ in names(folder) if not _hidden(name)]
    if found and not any(name.startswith("env=") for name in found):
        raise StoreError(
            f"{folder}: is not a store, it holds {found[0]!r} but no run;"
            " give the folder of a store, or an empty or new one"
        )
    return bool(found)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.endswith(TEMPORARY) or name == INDEX


def _checked(path: Place, content: dict[str, Any] | None) -> dict[str, Any]:
    if content is None:
        raise StoreError(f"{path}: is missing")
    version = content.get("schema_version")
    if version not in READABLE_VERSIONS:
        known = " and ".join(map(str, READABLE_VERSIONS))
        raise StoreError(f"{path}: has schema version {version!r}, this archgym reads {known}")
    return content
