"""Rows that surrogates are trained on: from a store, from a table, or measured for the purpose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.learned.rows import Rows
from archgym.errors import SettingError, StoreError
from archgym.experiments.plan import open_spec
from archgym.outcome import Measurements, Status, concatenate
from archgym.problem import Problem
from archgym.results.reader import history_of, read_rows
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 1024
_STATUS, _VIOLATION = "status", "violation"


def rows_of_store(store: Store, env: str, problem: Problem, cost_model: str) -> Rows:
    """Return all evaluations of a problem's cost model in a store, whatever the objective.

    Raises:
        StoreError: There are none, or a file is damaged.
    """
    key, batches, parts = open_spec(env, problem, cost_model).table_key, [], []
    for folder in store.runs():
        if TrialSpec.of(folder.read_run()["spec"]).table_key == key:
            table = read_rows(folder)
            if table is not None:
                history = history_of(table, problem)
                batches.append(history.batch.codes)
                parts.append(history.measurements)
    if not parts:
        raise StoreError(
            f"{store.address}: no evaluations of {problem.env}, workload"
            f" {problem.workload_name!r}, with these settings and cost model {cost_model!r}"
        )
    return Rows.of(Batch(problem.space, np.concatenate(batches)), concatenate(parts))


def rows_of_table(path: Path, problem: Problem) -> Rows:
    """Return the rows of a CSV or Parquet file, such as ``archgym evaluate`` writes.

    It has a column per parameter and columns of metrics; ``status`` (ok, infeasible; rows with
    another word are left out) and ``violation`` say what is feasible. Others are not read.

    Raises:
        SettingError: It cannot be read, lacks a parameter, or has no metric.
        InvalidDesignError: A value that a parameter cannot have.
    """
    return rows_of_frame(_read(path), problem, str(path))


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
    return Rows.of(problem.space.encode(designs), _measured(table, problem))


def measured_rows(problem: Problem, count: int, seed: int) -> Rows:
    """Return random designs, measured now."""
    batch = problem.space.sample(np.random.default_rng(seed), count)
    parts = [
        problem.measure(batch.select(slice(start, start + _CHUNK)))
        for start in range(0, count, _CHUNK)
    ]
    return Rows.of(batch, concatenate(parts))


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise SettingError(f"{path}: cannot be read as CSV or Parquet: {reason}") from None


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
        violation = table[_VIOLATION].to_numpy(dtype=np.float64)
    return Measurements.of(metrics, violation)


def _numbers(column: Any, words: tuple[str, ...]) -> Any:
    if words:
        return column.map({word: float(n) for n, word in enumerate(words)}).to_numpy(np.float64)
    try:
        return column.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingError(f"column {column.name!r}: {error}") from None
