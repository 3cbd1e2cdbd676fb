"""Tables of measured designs: a row per design, columns of parameters and of metrics."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError, WorkloadError
from archgym.metric import Direction, Metric

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DIRECTIONS: dict[str, Direction] = {"minimize": "minimize", "maximize": "maximize"}
FORM = "NAME:maximize,NAME:minimize,..."


@dataclass(frozen=True)
class MeasuredDesigns:
    """What a table holds.

    Attributes:
        name: What messages call it.
        parameters: Parameter -> value of each row: whole numbers, numbers or texts.
        metrics: Metric -> float64 (rows,).

    Raises:
        WorkloadError: There is nothing to look up, or two rows have the same parameters.
    """

    name: str
    parameters: Mapping[str, tuple[Any, ...]]
    metrics: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        if not self.parameters or not len(self):
            raise WorkloadError(f"{self.name}: no rows, or no columns beside the metrics")
        for name in self.parameters:
            if not _NAME.fullmatch(name):
                raise WorkloadError(f"{self.name}: column {name!r} is no name of a parameter")
        rows: dict[tuple[int, ...], int] = {}
        for at, codes in enumerate(map(tuple, self.codes.tolist())):
            if codes in rows:
                raise WorkloadError(
                    f"{self.name}: rows {rows[codes] + 1} and {at + 1} have the same parameters"
                )
            rows[codes] = at

    def __len__(self) -> int:
        return len(next(iter(self.metrics.values())))

    @cached_property
    def values(self) -> dict[str, tuple[Any, ...]]:
        """Parameter -> its distinct values, numbers ascending."""
        return {name: tuple(sorted(set(column))) for name, column in self.parameters.items()}

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """The place of each row's value among the distinct ones, int64 (rows, parameters)."""
        places = {name: {v: at for at, v in enumerate(vs)} for name, vs in self.values.items()}
        columns = [[places[n][v] for v in column] for n, column in self.parameters.items()]
        return np.array(columns, dtype=np.int64).T

    @cached_property
    def numeric(self) -> NDArray[np.bool_]:
        """Whether the values of each parameter are numbers, which have an order."""
        return np.array([not isinstance(values[0], str) for values in self.values.values()])

    def row(self, at: int) -> dict[str, Any]:
        """Return the parameters of a row."""
        return {name: column[at] for name, column in self.parameters.items()}

    def content_hash(self) -> str:
        """Return a hash of all parameters and metrics."""
        metrics = {name: values.tolist() for name, values in self.metrics.items()}
        return hashlib.sha256(repr((dict(self.parameters), metrics)).encode()).hexdigest()


def parse_metrics(text: str) -> tuple[Metric, ...]:
    """Return the metrics of a setting such as ``ipc:maximize,power_w:minimize``.

    Raises:
        SettingError: It is not of that form.
    """
    found = []
    for part in text.split(","):
        name, _, word = (piece.strip() for piece in part.partition(":"))
        if not _NAME.fullmatch(name) or word not in _DIRECTIONS:
            raise SettingError(f"setting 'metrics': {part.strip()!r} is not of the form {FORM}")
        about = "as in the table"
        found.append(Metric(name, "1", _DIRECTIONS[word], about, signed=True))
    if len({metric.name for metric in found}) < len(found):
        raise SettingError(f"setting 'metrics': a name is given twice in {text!r}")
    return tuple(found)


def read_measured(path: Path, metrics: Sequence[str]) -> MeasuredDesigns:
    """Return a CSV's table; columns that are no metrics are parameters.

    Raises:
        WorkloadError: It cannot be read, lacks a metric, or a cell is not what it must be.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorkloadError(f"{path}: cannot be read as CSV ({error})") from None
    if not lines or len(set(lines[0])) < len(lines[0]):
        raise WorkloadError(f"{path}: needs a header of distinct names")
    for at, line in enumerate(lines[1:]):
        if len(line) != len(lines[0]):
            raise WorkloadError(f"{path}: row {at + 1} has {len(line)} of {len(lines[0])} cells")
    columns = {name: [line[at] for line in lines[1:]] for at, name in enumerate(lines[0])}
    for name in metrics:
        if name not in columns:
            raise WorkloadError(
                f"{path}: there is no column {name!r}; say which columns are metrics with the"
                f" setting metrics={FORM} (columns: {', '.join(columns)})"
            )
    return MeasuredDesigns(
        str(path),
        {name: _typed(cells) for name, cells in columns.items() if name not in metrics},
        {name: _floats(path, name, columns[name]) for name in metrics},
    )


def _typed(cells: Sequence[str]) -> tuple[Any, ...]:
    """Return cells as whole numbers if all are, else as numbers if all are, else as texts."""
    numbers = [_number(cell) for cell in cells]
    known = [number for number in numbers if number is not None]
    if len(known) < len(cells):
        return tuple(cells)
    whole = all(number.is_integer() for number in known)
    return tuple(int(number) for number in known) if whole else tuple(known)


def _floats(path: Path, name: str, cells: Sequence[str]) -> NDArray[np.float64]:
    numbers = [_number(cell) for cell in cells]
    for at, number in enumerate(numbers):
        if number is None:
            raise WorkloadError(f"{path}: row {at + 1}, {name}: {cells[at]!r} is not a number")
    return np.array(numbers, dtype=np.float64)


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
