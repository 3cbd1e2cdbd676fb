"""Putting a trial's evaluations on disk while it runs, so that hardly any can be lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.evaluator import Record
from archgym.problem import Problem
from archgym.results.compaction import compact
from archgym.results.files import write_json
from archgym.results.reader import read_rows
from archgym.results.schema import Columns
from archgym.results.store import RunFolder

if TYPE_CHECKING:
    import pyarrow as pa

FLUSH_ROWS = 5_000
FLUSH_SECONDS = 1.0
_FIRST_FLUSH_SECONDS = 0.2
_SHORTEST_PAUSE_SECONDS = 0.01
_FIRST_CAPACITY = 64
_KEPT_ROWS = 100_000


class PartWriter:
    """A recorder for `archgym.evaluator.Evaluator` that writes part files.

    Rows wait in memory for at most a second or 5,000 rows; a part always ends with a whole batch.
    At the start of an attempt parts are written sooner (the pauses double up to a second), so that
    an attempt that is cut short has mostly got further than the one before.

    Args:
        folder: The trial's folder, which exists.
        problem: What is searched.
        last_batch: Number of the last stored batch, -1 where there is none.
        best_reward: The best of the stored rows.
        eager: True after an attempt that died: the first batch is written at once.
    """

    def __init__(
        self,
        folder: RunFolder,
        problem: Problem,
        last_batch: int = -1,
        best_reward: float = -np.inf,
        eager: bool = False,
    ):
        self._folder, self._columns = folder, Columns.of(problem)
        self._batch, self._best, self._written = last_batch, best_reward, 0
        # What was written and needs not be read again; None where that is not all of the run.
        self._kept: list[pa.Table] | None = None if last_batch >= 0 else []
        self._rows = _Rows(problem.metric_names, problem.space.width, problem.space.dtype)
        self._pause = 0.0 if eager else _FIRST_FLUSH_SECONDS
        self._due = time.monotonic() + self._pause

    def __call__(self, record: Record) -> None:
        """Take the rows of one batch that are not stored yet.

        Raises:
            StoreError: The store cannot be written.
        """
        if not record.replayed:
            self._batch += 1
        self._rows.add(record, self._batch)
        if self._rows.count >= FLUSH_ROWS or time.monotonic() >= self._due:
            self.flush()
            self._tell_progress()

    def flush(self) -> None:
        """Write the rows that wait.

        Raises:
            StoreError: The store cannot be written; the rows keep waiting.
        """
        rows = self._rows
        if rows.count:
            self._best = max(self._best, float(rows.reward.max()))
            path = self._folder.part_file(rows.first_step)
            table = rows.table(self._columns)
            self._columns.write(table, path)
            self._keep(table)
            self._written += rows.count
            rows.clear()
        self._pause = min(max(2.0 * self._pause, _SHORTEST_PAUSE_SECONDS), FLUSH_SECONDS)
        self._due = time.monotonic() + self._pause

    def finish(self) -> pa.Table | None:
        """Put all rows of the run into one file and return them; None where there are none.

        Raises:
            StoreError: The store cannot be written, or a part is damaged.
        """
        if self._kept is not None and not self._written:
            # All rows are here still: they need not be written twice.
            rows = self._rows.table(self._columns) if self._rows.count else None
            self._rows.clear()
        else:
            self.flush()
            rows = self._all_rows()
        if rows is not None:
            compact(self._folder, self._columns, rows)
        return rows

    def _keep(self, table: pa.Table) -> None:
        if self._kept is not None:
            self._kept.append(table)
            if self._written > _KEPT_ROWS:
                self._kept = None

    def _all_rows(self) -> pa.Table | None:
        import pyarrow as pa

        if self._kept is None:
            return read_rows(self._folder)
        return pa.concat_tables(self._kept, promote_options="permissive").combine_chunks()

    def _tell_progress(self) -> None:
        told = {"new_evaluations": self._written, "best_reward": self._best}
        write_json(self._folder.progress_file, told, durable=False)


class _Rows:
    """Rows in memory; what a batch shares is kept once per batch."""

    def __init__(self, metrics: tuple[str, ...], width: int, dtype: np.dtype[Any]):
        self.count = self.first_step = 0
        self._metrics = metrics
        self._floats = np.empty((_FIRST_CAPACITY, len(metrics) + 2))
        self._codes = np.empty((_FIRST_CAPACITY, width), dtype=dtype)
        self._flags = np.empty((_FIRST_CAPACITY, 2), dtype=np.uint8)
        self._batches: list[tuple[int, int, float, float]] = []
        self._errors: dict[int, str] = {}

    @property
    def reward(self) -> NDArray[np.float64]:
        """Of the rows that wait."""
        return self._floats[: self.count, -1]

    def add(self, record: Record, batch: int) -> None:
        """Take the rows of a batch that are not stored yet."""
        measured, outcomes, skip = record.measured, record.outcomes, record.replayed
        start, size = self.count, len(record.batch)
        end = start + size - skip
        if end > len(self._codes):
            self._grow(end)
        if not start:
            self.first_step = record.first_step + skip
        values = [measured.metrics[name] for name in self._metrics]
        values += measured.violation, outcomes.reward
        if size == 1:  # agents that ask for one design at a time: plain numbers are quicker
            self._floats[start] = [value.item() for value in values]
        else:
            self._floats[start:end] = np.concatenate(values).reshape(-1, size).T[skip:]
        self._codes[start:end] = record.batch.codes[skip:]
        self._flags[start:end, 0] = outcomes.status[skip:]
        self._flags[start:end, 1] = record.cached[skip:]
        share = 1e6 / size
        times = record.ask_seconds * share, record.evaluate_seconds * share
        self._batches.append((batch, end - start, *times))
        if outcomes.error:
            shift = start - skip
            self._errors |= {r + shift: text for r, text in outcomes.error.items() if r >= skip}
        self.count = end

    def clear(self) -> None:
        """Forget the rows."""
        self.count = 0
        self._batches, self._errors = [], {}

    def table(self, columns: Columns) -> pa.Table:
        """Return the rows as an Arrow table."""
        import pyarrow as pa

        n = self.count
        steps = np.arange(self.first_step, self.first_step + n, dtype=np.int32)
        batch, counts, *times = map(np.array, zip(*self._batches, strict=True))
        status, cached = self._flags[:n].T.copy()
        codes = [columns.pack_codes(axis, row) for axis, row in enumerate(self._codes[:n].T)]
        errors = pa.array([self._errors.get(row) for row in range(n)], pa.string())
        arrays = [
            steps,
            np.repeat(batch.astype(np.int32), counts),
            status,
            cached.astype(bool),
            *codes,
            *self._floats[:n].T.copy(),
            errors,
            *(np.repeat(values.astype(np.float32), counts) for values in times),
        ]
        return pa.table([pa.array(values) for values in arrays], names=list(columns.names))

    def _grow(self, rows: int) -> None:
        capacity = max(rows, min(2 * len(self._codes), rows + FLUSH_ROWS))
        self._floats = _longer(self._floats, capacity, self.count)
        self._codes = _longer(self._codes, capacity, self.count)
        self._flags = _longer(self._flags, capacity, self.count)


def _longer(old: NDArray[Any], capacity: int, used: int) -> NDArray[Any]:
    new = np.empty((capacity, old.shape[1]), dtype=old.dtype)
    new[:used] = old[:used]
    return new
