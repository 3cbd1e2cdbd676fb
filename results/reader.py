"""Getting a run's evaluations back from disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.errors import StoreError
from archgym.evaluator import History
from archgym.outcome import Measurements, Status
from archgym.problem import Problem
from archgym.results.files import Place, read_parquet, rename
from archgym.results.schema import Columns
from archgym.results.store import RunFolder

if TYPE_CHECKING:
    import pyarrow as pa

DAMAGED = ".damaged"


def read_rows(folder: RunFolder) -> pa.Table | None:
    """Return the rows of a run from step 0 on, each once, in order; None where there are none.

    Rows beyond a gap are left out: nothing can be told about them.

    Raises:
        StoreError: A part is damaged.
    """
    for parts in (folder.parts(), folder.parts()):
        try:
            return _join([_read(part) for part in parts])
        except FileNotFoundError:  # the run's writer has just replaced its parts
            continue
    raise StoreError(f"{folder.path}: its files vanish while they are read")


def read_sound_rows(folder: RunFolder) -> tuple[pa.Table | None, list[str]]:
    """Like `read_rows`, but set damaged parts aside, for a trial that can make them again.

    Returns:
        The rows, and the names of the damaged files, which end in ``.damaged`` now.
    """
    tables, damaged = [], []
    for part in folder.parts():
        try:
            tables.append(_read(part))
        except StoreError:
            rename(part, part.name + DAMAGED)
            damaged.append(part.name)
    return _join(tables), damaged


def _read(path: Place) -> pa.Table:
    table = read_parquet(path)
    if "step" not in table.column_names or "reward" not in table.column_names:
        raise StoreError(f"{path}: is not a file of evaluations")
    return table


def _join(tables: list[pa.Table]) -> pa.Table | None:
    """Return all rows from step 0 on without gap, one row per step."""
    import pyarrow as pa

    if not tables:
        return None
    joined = tables[0]
    if len(tables) > 1:
        joined = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    steps, first = np.unique(joined["step"].to_numpy(), return_index=True)
    sound = int(np.argmin(np.append(steps == np.arange(len(steps)), False)))
    if sound == len(joined) and (first == np.arange(sound)).all():
        return joined
    return joined.take(first[:sound]) if sound else None


def history_of(rows: pa.Table, problem: Problem) -> History:
    """Return stored rows as what an evaluator replays.

    Raises:
        StoreError: The rows are of another design space or cost model.
    """
    return History(batch_of(rows, problem), measurements_of(rows, problem))


def batch_of(rows: pa.Table, problem: Problem) -> Batch:
    """Return the designs of stored rows."""
    columns = Columns.of(problem)
    codes = np.empty((len(rows), problem.space.width), dtype=problem.space.dtype)
    for axis, name in enumerate(columns.axes):
        codes[:, axis] = _column(rows, name)
    return Batch(problem.space, codes)


def measurements_of(rows: pa.Table, problem: Problem) -> Measurements:
    """Return what was measured in stored rows, before the objective's verdict."""
    columns = Columns.of(problem)
    names = zip(problem.metric_names, columns.metrics, strict=True)
    status = _column(rows, "status").astype(np.uint8)
    errors = _column_of(rows, "error").to_pylist()
    return Measurements(
        metrics={metric: _column(rows, name) for metric, name in names},
        violation=_column(rows, "violation"),
        status=np.where(status == Status.INFEASIBLE, np.uint8(Status.OK), status),
        error={row: text for row, text in enumerate(errors) if text is not None},
    )


def _column(rows: pa.Table, name: str) -> NDArray[Any]:
    return _column_of(rows, name).to_numpy()  # type: ignore[no-any-return]


def _column_of(rows: pa.Table, name: str) -> Any:
    if name not in rows.column_names:
        raise StoreError(f"stored rows have no column {name!r}; they are of another cost model")
    return rows[name]
