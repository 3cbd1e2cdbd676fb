"""Rows of tables, such as evaluations that a user has kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.workloads import name_of
from archgym.errors import SettingError
from archgym.outcome import Measurements, Status
from archgym.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

_STATUS, _VIOLATION, _WORKLOAD = "status", "violation", "workload"


def rows_of_table(path: Path, problem: Problem, one_of_several: bool = False) -> Rows:
    """Return the rows of a CSV or Parquet file, such as ``archgym evaluate`` writes.

    It has a column per parameter and columns of metrics; ``status`` (ok, infeasible; rows with
    another word are left out) and ``violation`` say what is feasible; with a column ``workload``,
    as datasets have it, rows of others than the problem's are left out. Others are not read.

    Args:
        path: Of the file.
        problem: What the rows are of.
        one_of_several: Whether the file must tell workloads apart.

    Raises:
        SettingError: It cannot be read, lacks a parameter or the workload, or has no metric.
        InvalidDesignError: A value that a parameter cannot have.
    """
    table = _read(path)
    if _WORKLOAD in table:
        table = _of_workload(table, name_of(problem), path)
    elif one_of_several:
        raise SettingError(f"{path}: has no column {_WORKLOAD!r} to tell workloads apart")
    return rows_of_frame(table, problem, str(path))


def rows_of_frame(table: pd.DataFrame, problem: Problem, source: str) -> Rows:
    """Return the rows of a table, see `rows_of_table`; errors name the source."""
    missing = [n for n in problem.space.names if n not in table and not _fixed(problem, n)]
    if missing:
        raise SettingError(f"{source}: has no column {missing[0]!r}, a parameter")
    known = [name for name in problem.metric_names if name in table]
    if not known:
        raise SettingError(f"{source}: has no column of a metric ({problem.metric_names[0]}, ...)")
    if _STATUS in table:
        table = table[table[_STATUS].isin([Status.OK.label, Status.INFEASIBLE.label])]
    designs = table[[name for name in problem.space.names if name in table]]
    # An empty cell is an empty word where one is allowed, and else refused.
    designs = designs.astype(object).where(designs.notna(), "")
    return Rows.of(problem.space.encode(designs), _measured(table, problem))


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, keep_default_na=False)  # "nan" may be a choice, "" a word
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise SettingError(f"{path}: cannot be read as CSV or Parquet: {reason}") from None


def _of_workload(table: pd.DataFrame, name: str, path: Path) -> pd.DataFrame:
    found = table[table[_WORKLOAD] == name]
    if not len(found):
        others = ", ".join(sorted(map(str, table[_WORKLOAD].unique())))
        raise SettingError(f"{path}: has no rows of workload {name!r}, but of {others}")
    return found


def _fixed(problem: Problem, name: str) -> bool:
    """Return whether a parameter has one value on the grid, so that it need not be given."""
    return all(axis.size == 1 for axis in problem.space[name].axes)


def _measured(table: pd.DataFrame, problem: Problem) -> Measurements:
    none, metrics = np.full(len(table), np.nan), {}
    for metric in problem.cost_model.metrics:
        column = table.get(metric.name)
        metrics[metric.name] = none if column is None else _numbers(column, metric.words)
    violation = np.zeros(len(table))
    if _STATUS in table:
        violation = np.where(table[_STATUS] == Status.INFEASIBLE.label, 1.0, 0.0)
    if _VIOLATION in table:
        violation = _numbers(table[_VIOLATION], ())
    return Measurements.of(metrics, violation)


def _numbers(column: Any, words: tuple[str, ...]) -> Any:
    if words:
        return column.map({word: float(n) for n, word in enumerate(words)}).to_numpy(np.float64)
    try:
        return column.replace("", np.nan).to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingError(f"column {column.name!r}: {error}") from None
