"""The best reward found so far, run by run, and bands over runs.

Rows are read once, by DuckDB, and only those that improved on all rows before are kept: an exact
curve in a dozen numbers, from which the best at any evaluation or second is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import StoreError
from archgym.results.files import Place
from archgym.results.reader import read_rows
from archgym.results.remote import RemotePath
from archgym.results.schema import TIMINGS
from archgym.results.statistics.curves import curve_on, improvements
from archgym.results.store import RunFolder

Floats = NDArray[np.float64]
POINTS = 48
QUARTILES = 0.25, 0.5, 0.75
_RUNS_AT_ONCE = 4_000  # bounds the memory of one query

_IMPROVEMENTS = """
with rows as (
    select regexp_extract(file_of_row, 'run=(r[0-9a-f]{16})', 1) as run,
           step, reward, ask_us::double + evaluate_us::double as us
    from read_parquet($parts, filename = 'file_of_row', hive_partitioning = false)
), so_far as (
    select run, step, reward,
           max(reward) over (earlier rows between unbounded preceding and 1 preceding) as before,
           sum(us) over earlier as us
    from rows window earlier as (partition by run order by step)
)
select run, step + 1 as evaluations, us / 1e6 as seconds, reward
from so_far where before is null or reward > before order by run, step
"""


@dataclass(frozen=True)
class Curve:
    """When a run improved.

    Attributes:
        evaluations: Made by then, counted from 1, ascending.
        seconds: Spent by then in agent and cost model.
        reward: The best so far from then on.
    """

    evaluations: Floats
    seconds: Floats
    reward: Floats


def load_curves(folders: Sequence[RunFolder]) -> dict[str, Curve]:
    """Return run id -> its curve; runs without rows are left out.

    Raises:
        StoreError: A file is damaged.
    """
    curves = {folder.run_id: _curve(folder) for folder in folders if _is_remote(folder)}
    folders = [folder for folder in folders if not _is_remote(folder)]
    for start in range(0, len(folders), _RUNS_AT_ONCE):
        some = folders[start : start + _RUNS_AT_ONCE]
        parts = [str(part) for folder in some for part in _row_files(folder)]
        if parts:
            curves |= _query(parts)
    return curves


def _is_remote(folder: RunFolder) -> bool:
    return isinstance(folder.path, RemotePath)


def _curve(folder: RunFolder) -> Curve:
    """Return the curve of a run whose files DuckDB does not reach."""
    rows = read_rows(folder)
    if rows is None:
        raise StoreError(f"{folder.path}: has no rows")
    reward = rows["reward"].to_numpy()
    better = improvements(reward)
    micros = np.add(*(rows[name].to_numpy().astype(np.float64) for name in TIMINGS))
    evaluations = better.astype(np.float64) + 1.0
    return Curve(evaluations, np.cumsum(micros)[better] / 1e6, reward[better])


def _row_files(folder: RunFolder) -> list[Place]:
    """Return the files that hold each row once."""
    parts = folder.parts()
    return parts[:1] if parts and parts[0] == folder.data_file else parts


def _query(parts: Sequence[str]) -> dict[str, Curve]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            found = connection.execute(_IMPROVEMENTS, {"parts": parts}).fetchnumpy()
    except duckdb.Error as error:
        raise StoreError(f"rows cannot be read: {str(error).splitlines()[0]}") from None
    runs, first = np.unique(found["run"].astype(str), return_index=True)
    columns = [np.split(found[name].astype(float), first[1:]) for name in Curve.__annotations__]
    return {run: Curve(*own) for run, *own in zip(runs.tolist(), *columns, strict=True)}


def grid(low: float, high: float, whole: bool = False) -> Floats:
    """Return up to `POINTS` ascending values from low to high, evenly spaced on a log scale."""
    if not low < high:
        return np.array([high])
    values = np.geomspace(low, high, POINTS)
    values[-1] = high
    return np.unique(np.round(values)) if whole else values


def band(curves: Sequence[Curve], along: str, at: Floats) -> Floats:
    """Return lower quartile, median and upper quartile over runs, shape (3, len(at)).

    A run that has ended keeps its best. NaN where some run has no evaluation yet.

    Args:
        curves: Of the runs.
        along: ``evaluations`` or ``seconds``.
        at: Where.
    """
    table = [curve_on(getattr(curve, along), curve.reward, at, np.nan) for curve in curves]
    bands: Floats = np.quantile(table, QUARTILES, axis=0)
    return bands


def describe_curves(
    groups: Mapping[str, Sequence[Curve]], along: str, last: float
) -> dict[str, Any]:
    """Return the bands of several groups of runs on one grid that ends at ``last``."""
    first = max(
        (float(getattr(curve, along)[0]) for own in groups.values() for curve in own), default=last
    )
    at = grid(min(first, last), last, whole=along == "evaluations")
    return {"at": at, "bands": {name: band(own, along, at) for name, own in groups.items()}}
