"""A design space that was enumerated, as a cost model: every evaluation is a look-up.

``archgym enumerate`` measures all designs of a space and writes what the cost model said to a
folder. A `TableModel` answers from there, with the same numbers to the last bit, in microseconds:
what agents do on a space whose true optimum is known can be studied with thousands of trials.

The folder holds ``table.json`` (what was enumerated, and the measurements of the default design)
and ``table.parquet``: ``index`` (flat mixed-radix index of the codes, last axis fastest,
ascending), one float64 column per metric, ``violation``, ``status`` and ``error``. Designs that
provably behave alike stand there once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.encodings import discrete_size, to_index
from archgym.environment import Environment, Settings
from archgym.errors import SettingError, StoreError
from archgym.metric import Metric
from archgym.outcome import Measurements, Status, concatenate

HEAD, ROWS, DAMAGED = "table.json", "table.parquet", "is not a table or is damaged"
NOT_IN_TABLE = "not among the designs of the table, which holds the grid of the space"
_KEPT_TABLES = 8
NOT_METRICS = ("index", "violation", "status", "error")


class TableModel(CostModel):
    """Answers for the designs of an enumerated space; any other design counts as crashed.

    Args:
        path: Of the folder, for messages.
        key: Says what was enumerated, with which version of which model.
        metrics: Those of the model that was enumerated.
        index: int64 (n,), flat indices of the designs, ascending.
        measured: Of these designs.
        default: Of the space's default design, which may lie off the grid.
    """

    name = "table"
    fidelity = "table"
    sources = ("the cost model that was enumerated",)
    leaves_out = ("designs off the grid of the space",)
    checked_against = ("the cost model that was enumerated: equal to the last bit",)

    def __init__(
        self,
        path: Path,
        key: str,
        metrics: tuple[Metric, ...],
        index: NDArray[np.int64],
        measured: Measurements,
        default: Measurements,
    ):
        self.path, self.version, self.metrics = path, key, metrics
        self._index, self._count = index, len(index)
        names = [metric.name for metric in metrics]
        absent = Measurements.failed(names, Status.CRASHED, NOT_IN_TABLE)
        self._measured = concatenate([measured, default, absent])

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        return self._measured.select(self._rows(batch).tolist())

    def holds(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which designs stand in the table, shape (n,)."""
        return np.asarray(self._rows(batch) <= self._count)

    def _rows(self, batch: Batch) -> NDArray[np.int64]:
        """Return where the designs stand; the default comes after the grid, then the absent."""
        space = batch.space
        codes = space.canonical(batch.codes)
        sizes = np.array([discrete_size(axis) for axis in space.axes])
        on_grid = np.all(codes < sizes, axis=1)
        index = to_index(space, np.where(on_grid[:, None], codes, 0))
        rows = np.minimum(np.searchsorted(self._index, index), self._count - 1)
        found = on_grid & (self._index[rows] == index)
        default = np.all(codes == space.canonical(space.default.codes), axis=1)
        return np.where(found, rows, np.where(default, self._count, self._count + 1))


class TabledModel(CostModel):
    """A cost model that is spared the designs that a table holds; the numbers are the same.

    Args:
        model: What would be asked without a table.
        table: Made by it.
    """

    def __init__(self, model: CostModel, table: TableModel):
        self.name, self.version, self.fidelity = model.name, model.version, model.fidelity
        self.metrics, self.sources = model.metrics, model.sources
        self.leaves_out, self.checked_against = model.leaves_out, model.checked_against
        self._model, self._table = model, table

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        known = self._table.holds(batch)
        if known.all():
            return self._table.evaluate(batch, workload)
        measured = self._model.evaluate(batch.select(~known), workload)
        if not known.any():
            return measured
        order = np.argsort(np.concatenate([np.flatnonzero(known), np.flatnonzero(~known)]))
        both = concatenate([self._table.evaluate(batch.select(known), workload), measured])
        return both.select(order.tolist())


def load_table(
    path: str, environment: Environment, settings: Settings, workload: str
) -> TableModel:
    """Return the cost model ``table:<path>`` of an environment.

    Raises:
        StoreError: There is no complete table.
        SettingError: It was made of another problem, or with another version of the model.
    """
    folder = Path(path).expanduser()
    head = read_head(folder)
    model = _enumerated_model(folder, head, environment, settings, workload)
    index, measured = _kept_rows(folder, _stamp(folder / ROWS))
    default = measurements_of_default(head)
    return TableModel(folder, head["key"], model.metrics, index, measured, default)


@lru_cache(maxsize=_KEPT_TABLES)
def _kept_rows(folder: Path, stamp: int) -> tuple[NDArray[np.int64], Measurements]:
    """Return the rows of a table; ``stamp`` tells a file from one that replaced it."""
    return read_rows(folder)


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def read_head(folder: Path) -> dict[str, Any]:
    """Return what ``table.json`` says.

    Raises:
        StoreError: There is none, or it is damaged.
    """
    try:
        head = json.loads((folder / HEAD).read_bytes())
    except OSError as error:
        raise StoreError(f"{folder}: there is no table: {error.strerror}") from None
    except ValueError:
        raise StoreError(f"{folder / HEAD}: {DAMAGED}") from None
    if not isinstance(head, dict) or not {"key", "env", "spec", "default"} <= head.keys():
        raise StoreError(f"{folder / HEAD}: {DAMAGED}")
    return head


def read_rows(folder: Path, name: str = ROWS) -> tuple[NDArray[np.int64], Measurements]:
    """Return the flat indices and the measurements of a finished table.

    Raises:
        StoreError: The enumeration is not finished, or the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(folder / name, memory_map=True)
        columns = {c: table[c].to_numpy() for c in table.column_names if c != "error"}
        errors = table["error"].to_pylist() if table["error"].null_count < len(table) else []
    except FileNotFoundError:
        raise StoreError(
            f"{folder}: the enumeration is not finished; the command that began it goes on"
        ) from None
    except (OSError, KeyError, pa.ArrowException):
        raise StoreError(f"{folder / name}: {DAMAGED}") from None
    metrics = {name: values for name, values in columns.items() if name not in NOT_METRICS}
    error = {row: text for row, text in enumerate(errors) if text}
    measured = Measurements(metrics, columns["violation"], columns["status"], error)
    return columns["index"], measured


def measurements_of_default(head: Mapping[str, Any]) -> Measurements:
    """Return what was measured of the default design."""
    default = head["default"]
    metrics = {
        name: np.array([np.nan if value is None else value], dtype=np.float64)
        for name, value in default["metrics"].items()
    }
    status = np.array([default["status"]], dtype=np.uint8)
    error = {0: default["error"]} if default["error"] else {}
    return Measurements(metrics, np.array([default["violation"]], dtype=np.float64), status, error)


def _enumerated_model(
    folder: Path,
    head: Mapping[str, Any],
    environment: Environment,
    settings: Settings,
    workload: str,
) -> CostModel:
    """Return the model behind a table, after checking that the table is of this problem."""
    spec = head["spec"]
    asked = {
        "environment": (head["env"], environment.versioned_id),
        "workload": (_base(spec["workload"]), _base(workload)),
        "settings": (_bases(spec["settings"]), _bases(settings)),
    }
    for what, (stored, wanted) in asked.items():
        if stored != wanted:
            raise SettingError(f"{folder}: the table is of {what} {stored}, not {wanted}")
    model = environment.cost_models[spec["cost_model"]](settings)
    if model.version != spec["cost_model_version"]:
        raise SettingError(
            f"{folder}: the table was made with version {spec['cost_model_version']} of"
            f" {spec['cost_model']!r}, installed is {model.version}; enumerate again"
        )
    return model


def _base(value: Any) -> Any:
    """Return a value by which files are told by their base name, and 1 is 1.0."""
    return PurePath(value).name if isinstance(value, str | PurePath) else value


def _bases(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _base(value) for name, value in settings.items()}
