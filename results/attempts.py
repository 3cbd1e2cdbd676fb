"""Counting attempts at a trial, so that one that kills its process is not tried for ever."""

from __future__ import annotations

from typing import Any

from archgym.errors import StoreError
from archgym.results.files import (
    Place,
    create_json,
    read_json,
    remove,
    rename,
    write_json,
)
from archgym.results.provenance import host, now
from archgym.results.store import RunFolder

STALE = ".stale"


def begin_attempt(folder: RunFolder, rows: int) -> int:
    """Leave the mark of a new attempt and return its number, counted from 1.

    Args:
        folder: The trial's folder.
        rows: Evaluations stored so far.
    """
    number = len(folder.attempts()) + 1
    mark = {"rows": rows, "host": host(), "started": now()}
    while not create_json(folder.attempt_file(number), mark):
        number += 1
    return number


def end_attempt(folder: RunFolder, number: int, how: str) -> None:
    """Note that an attempt was stopped on purpose; it does not count as a death."""
    path = folder.attempt_file(number)
    write_json(path, {**(read_json(path) or {}), "ended": how})


def deaths_without_progress(folder: RunFolder, rows: int) -> int:
    """Return how many attempts ended without a word and without storing anything new.

    Counts the attempts that began with as many stored evaluations as there are now.
    """
    marks = [_mark(path) for path in folder.attempts()]
    return sum(mark.get("rows") == rows and "ended" not in mark for mark in marks)


def died_last(folder: RunFolder) -> bool:
    """Return whether the latest attempt ended without a word."""
    attempts = folder.attempts()
    return bool(attempts) and "ended" not in _mark(attempts[-1])


def forget_failure(folder: RunFolder) -> None:
    """Let a failed trial be tried again.

    Attempts are counted anew. Rows that a changed agent or cost model cannot continue are set
    aside (``*.stale``), all others are kept.
    """
    failed = read_json(folder.failed_file) or {}
    if failed.get("kind") == "mismatch":
        for part in (*folder.parts(), *folder.recheck.parts()):
            rename(part, part.name + STALE)
        remove(folder.searched_file)
    for attempt in folder.attempts():
        remove(attempt)
    remove(folder.failed_file)


def _mark(path: Place) -> dict[str, Any]:
    try:
        return read_json(path) or {}
    except StoreError:
        return {}
