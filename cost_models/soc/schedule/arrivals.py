"""When jobs of which application arrive: a list out of a CSV, or a random process."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.schedule.fields import integer, mapping, number, positive
from archgym.errors import WorkloadError

Ints = NDArray[np.int64]
UNKNOWN = -1  # an arrival that the run finds out, a gap that there is not
COLUMNS = ("job", "app", "arrival_us")
MOST_IN_FLIGHT = 12  # of DS3's generator


@dataclass(frozen=True)
class Arrivals:
    """Jobs in the order in which they arrive.

    Attributes:
        application: int64 (jobs,), index into the workload's applications.
        arrival: int64 (jobs,), us, -1 where the run finds it out.
        due: int64 (jobs,), us, when the generator first tries; -1 likewise.
        gap: int64 (jobs,), us the generator waits after the job before; -1 in lists.
        max_in_flight: Jobs in flight that hold the generator back; -1 for no limit.
    """

    application: Ints
    arrival: Ints
    due: Ints
    gap: Ints
    max_in_flight: int = UNKNOWN

    def __len__(self) -> int:
        return len(self.application)


def single_job() -> Arrivals:
    """Return one job of the first application at time 0."""
    zero = np.zeros(1, dtype=np.int64)
    return Arrivals(zero, zero, zero, np.full(1, UNKNOWN))


def read_arrivals(path: Path, names: Sequence[str]) -> Arrivals:
    """Read a CSV ``job,app,arrival_us[,due_us]``.

    Raises:
        WorkloadError: The file cannot be read or a cell is wrong. Names line and column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorkloadError(f"{path}: cannot be read as CSV ({error})") from None
    if not rows:
        raise WorkloadError(f"{path}: holds no jobs; expected {','.join(COLUMNS)}[,due_us]")
    for column in COLUMNS:
        if column not in rows[0]:
            raise WorkloadError(f"{path}: lacks the column {column!r}")
    parsed = [_row(f"{path}, line {at + 2}", at, row, names) for at, row in enumerate(rows)]
    application, arrival, due = (np.array(column, dtype=np.int64) for column in zip(*parsed))  # noqa: B905
    _check_order(path, arrival, due)
    return Arrivals(application, arrival, due, np.full(len(rows), UNKNOWN))


def _row(where: str, at: int, row: dict[str, Any], names: Sequence[str]) -> tuple[int, int, int]:
    if integer(f"{where}, column job", row["job"]) != at:
        raise WorkloadError(f"{where}, column job: {row['job']!r} should be {at}")
    if row["app"] not in names:
        known = ", ".join(names)
        raise WorkloadError(f"{where}, column app: {row['app']!r} is not listed ({known})")
    arrival = integer(f"{where}, column arrival_us", row["arrival_us"])
    due = integer(f"{where}, column due_us", row.get("due_us") or arrival)
    return names.index(row["app"]), arrival, due


def _check_order(path: Path, arrival: Ints, due: Ints) -> None:
    late = np.flatnonzero(due > arrival)
    early = np.flatnonzero(due[1:] < arrival[:-1]) + 1
    for rows, reason in ((late, "is after arrival_us"), (early, "is before the job before came")):
        if len(rows):
            line = rows[0] + 2
            raise WorkloadError(f"{path}, line {line}, column due_us: {due[rows[0]]} {reason}")


def draw_arrivals(value: Any, names: Sequence[str], where: str) -> Arrivals:
    """Return jobs drawn from a process ``{mean_gap_us, jobs, seed, probabilities}``.

    The first job comes at 0; gaps are exponential. Without a limit (``max_in_flight: null``) the
    arrivals are floors of the sums of gaps. With one, each gap is floored and counts from when
    the job before really entered, as in DS3.

    Raises:
        WorkloadError: A field is wrong.
    """
    where = f"{where}, arrival_process"
    allowed = ("seed", "probabilities", "max_in_flight")
    fields = mapping(where, value, ("mean_gap_us", "jobs"), allowed)
    mean = positive(f"{where}, mean_gap_us", fields["mean_gap_us"])
    jobs = integer(f"{where}, jobs", fields["jobs"], 1)
    shares = _shares(fields.get("probabilities"), names, where)
    rng = np.random.default_rng(integer(f"{where}, seed", fields.get("seed", 0)))
    application = rng.choice(len(names), size=jobs, p=shares).astype(np.int64)
    gaps = np.concatenate([[0.0], rng.exponential(mean, jobs - 1)])
    limit = fields.get("max_in_flight", MOST_IN_FLIGHT)
    if limit is None:
        arrival = np.floor(np.cumsum(gaps)).astype(np.int64)
        return Arrivals(application, arrival, arrival, np.full(jobs, UNKNOWN))
    limit = integer(f"{where}, max_in_flight", limit, 1)
    unknown = np.full(jobs, UNKNOWN)
    due = unknown.copy()
    due[0] = 0
    return Arrivals(application, unknown, due, np.floor(gaps).astype(np.int64), limit)


def _shares(value: Any, names: Sequence[str], where: str) -> NDArray[np.float64]:
    if value is None:
        return np.full(len(names), 1 / len(names))
    given = mapping(f"{where}, probabilities", value, (), tuple(names))
    shares = np.array([number(f"{where}, probability of {n}", given.get(n, 0)) for n in names])
    if not np.isclose(shares.sum(), 1.0):
        raise WorkloadError(f"{where}: probabilities sum to {shares.sum():g}, not 1")
    normalised: NDArray[np.float64] = shares / shares.sum()
    return normalised
