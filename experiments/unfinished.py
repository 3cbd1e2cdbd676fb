"""What earlier attempts at a trial left in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from archgym.errors import StoreError
from archgym.results.files import read_json, remove_temporaries
from archgym.results.reader import read_sound_rows
from archgym.results.store import RunFolder


@dataclass(frozen=True)
class Unfinished:
    """What is stored of a trial that is not finished.

    Attributes:
        rows: Evaluations of the search, None where there are none.
        rechecked: Those of the re-check.
        summary: Of the search where it has ended, so that only the re-check is left.
        damaged: Files that were set aside.
    """

    rows: Any
    rechecked: Any
    summary: Mapping[str, Any] | None
    damaged: list[str]

    @staticmethod
    def of(folder: RunFolder) -> Unfinished:
        """Return what a folder holds; remove half-written files, set damaged ones aside."""
        remove_temporaries(folder.path)
        remove_temporaries(folder.recheck.path)
        rows, damaged = read_sound_rows(folder)
        rechecked, more = read_sound_rows(folder.recheck)
        damaged += [f"{folder.recheck.path.name}/{name}" for name in more]
        return Unfinished(rows, rechecked, _summary(folder, rows), damaged)

    @property
    def searched(self) -> int:
        """Evaluations of the search."""
        return _count(self.rows)

    @property
    def evaluations(self) -> int:
        """All evaluations."""
        return _count(self.rows) + _count(self.rechecked)


def _summary(folder: RunFolder, rows: Any) -> Mapping[str, Any] | None:
    """Return the search's summary if it is of these rows."""
    with suppress(StoreError):  # then the search is replayed
        summary = read_json(folder.searched_file)
        if summary is not None and summary["evaluations"] == _count(rows):
            return summary
    return None


def _count(rows: Any) -> int:
    return 0 if rows is None else len(rows)
