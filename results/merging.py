"""Bringing the runs of another store into this one, for example from another machine.

A run's id is a hash of its spec, so a run that both stores have is the same trial. What is further
wins: a finished run over an unfinished one, more evaluations over fewer that they begin with.
Equal runs are skipped. Evaluations that contradict each other are a conflict: both stores keep
what they have. Files go one by one, rows first and ``done.json`` last, so that no run is taken for
finished before it is whole; the same call again goes on. Files that are not ours stay behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archgym.errors import StoreError
from archgym.results.files import Place, exists, make_folder, put, refused, remove
from archgym.results.reader import read_rows
from archgym.results.schema import TIMINGS
from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder, State, Store

if TYPE_CHECKING:
    import pyarrow as pa


class Verdict(StrEnum):
    """What became of a run of the other store."""

    NEW = "new"
    FURTHER = "further"
    EQUAL = "equal"
    BEHIND = "behind"
    RUNNING = "running"
    CONFLICT = "conflict"
    UNREADABLE = "unreadable"


BROUGHT = Verdict.NEW, Verdict.FURTHER
REFUSED = Verdict.CONFLICT, Verdict.UNREADABLE


@dataclass(frozen=True)
class Merged:
    """One run of the other store.

    Attributes:
        run_id: The run.
        verdict: What became of it.
        reason: Why it was refused.
    """

    run_id: str
    verdict: Verdict
    reason: str = ""


def merge(other: Store, store: Store) -> Iterator[Merged]:
    """Bring all runs of another store and yield what became of each.

    Raises:
        StoreError: Both are the same store, or this one cannot be written.
    """
    if other.path == store.path:
        raise StoreError(f"{store.path}: a store cannot be merged with itself")
    for relative, _ in other.stamped_runs():
        theirs, ours = other.run(relative), store.run(relative)
        try:
            verdict, reason = _compare(theirs, ours)
        except StoreError as error:
            yield Merged(theirs.run_id, Verdict.UNREADABLE, str(error))
            continue
        if verdict in BROUGHT:
            _bring(theirs, ours)
        yield Merged(theirs.run_id, verdict, reason)


def _compare(theirs: RunFolder, ours: RunFolder) -> tuple[Verdict, str]:
    _check_identity(theirs)
    if not exists(ours.run_file):
        return (Verdict.RUNNING if theirs.state() == State.RUNNING else Verdict.NEW), ""
    pairs = (theirs, ours), (theirs.recheck, ours.recheck)
    stored = [(read_rows(their), read_rows(our)) for their, our in pairs]
    for (their, our), rows in zip(pairs, stored, strict=True):
        step = _first_difference(*rows)
        if step is not None:
            text = f"evaluation {step} of {their.path} differs from that of {our.path}"
            return Verdict.CONFLICT, text
    states = theirs.state(), ours.state()
    their_rank, our_rank = (
        (state == State.DONE, *(_count(rows[whose]) for rows in stored))
        for whose, state in enumerate(states)
    )
    if their_rank == our_rank:
        return Verdict.EQUAL, ""
    if State.RUNNING in states:
        return Verdict.RUNNING, ""
    return (Verdict.FURTHER if their_rank > our_rank else Verdict.BEHIND), ""


def _check_identity(folder: RunFolder) -> None:
    """Refuse a run that is not what its name says.

    Raises:
        StoreError: It is so, or its files are damaged.
    """
    try:
        spec = TrialSpec.of(folder.read_run()["spec"])
    except (KeyError, TypeError) as error:
        raise StoreError(f"{folder.path}: its spec is not one of a trial: {error}") from None
    if spec.run_id != folder.run_id:
        raise StoreError(f"{folder.path}: its spec belongs to run {spec.run_id}")
    folder.read_done()


def _count(rows: pa.Table | None) -> int:
    return 0 if rows is None else len(rows)


def _first_difference(theirs: pa.Table | None, ours: pa.Table | None) -> int | None:
    """Return the first step at which both have rows that differ in more than times."""
    import pyarrow.compute as pc

    common = min(_count(theirs), _count(ours))
    if theirs is None or ours is None or not common:
        return None
    if theirs.column_names != ours.column_names:
        return 0
    differs = np.zeros(common, dtype=bool)
    for name in (name for name in ours.column_names if name not in TIMINGS):
        mine, other = ours[name].slice(0, common), theirs[name].slice(0, common)
        if not mine.equals(other):
            apart = pc.fill_null(pc.not_equal(mine, other), True)
            differs |= apart.to_numpy() & ~_both_missing(mine, other)
    return int(np.argmax(differs)) if differs.any() else None


def _both_missing(mine: pa.ChunkedArray, other: pa.ChunkedArray) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    missing = pc.and_(pc.is_null(mine, nan_is_null=True), pc.is_null(other, nan_is_null=True))
    return np.asarray(missing.to_numpy(), dtype=bool)


def _bring(theirs: RunFolder, ours: RunFolder) -> None:
    """Copy a run: rows and marks, then its spec, and last of all how it ended."""
    last = [theirs.run_file, theirs.failed_file, theirs.done_file]
    _copy(theirs.recheck.parts(), ours.recheck)
    _copy((*theirs.parts(), *theirs.attempts(), *last), ours)
    if exists(ours.done_file):
        replaced = [*_replaced(theirs, ours), *_replaced(theirs.recheck, ours.recheck)]
        for left in (*replaced, ours.failed_file, ours.progress_file, ours.searched_file):
            remove(left)


def _copy(sources: Sequence[Place], folder: RunFolder) -> None:
    if sources:
        make_folder(folder.path)
    for source in sources:
        try:
            content = source.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refused(source, "cannot be read", error) from None
        put(folder.path / source.name, content)


def _replaced(theirs: RunFolder, ours: RunFolder) -> list[Place]:
    kept = {part.name for part in theirs.parts()}
    return [part for part in ours.parts() if part.name not in kept]
