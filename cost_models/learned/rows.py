"""What a surrogate is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.workloads import Workloads, name_of
from archgym.errors import SettingError
from archgym.outcome import Floats, Measurements, Status
from archgym.parameter import Axis
from archgym.problem import Problem

_FEWEST = 10


class NothingToLearnError(SettingError):
    """Rows have nothing in them that a surrogate could learn."""


@dataclass(frozen=True)
class Rows:
    """Designs and what a cost model said of each; every design once for a workload.

    Attributes:
        batch: The n designs.
        metrics: Name -> float64 (n,), NaN where there is no value.
        feasible: bool (n,), whether the cost model calls the design feasible.
        workloads: What each row is of; None where all are of one workload.
    """

    batch: Batch
    metrics: Mapping[str, Floats]
    feasible: NDArray[np.bool_]
    workloads: Workloads | None = None

    @staticmethod
    def of(batch: Batch, measured: Measurements) -> Rows:
        """Return the rows of designs that were measured, the first of those that behave alike.

        Raises:
            NothingToLearnError: There are too few.
        """
        first = dict(reversed([(key, row) for row, key in enumerate(batch.keys())]))
        ran = np.flatnonzero(measured.status == Status.OK)
        rows = np.intersect1d(sorted(first.values()), ran)
        if len(rows) < _FEWEST:
            raise NothingToLearnError(f"{len(rows)} different designs ran, {_FEWEST} are needed")
        metrics = {name: values[rows] for name, values in measured.metrics.items()}
        return Rows(batch.select(rows), metrics, measured.violation[rows] == 0.0)

    @staticmethod
    def mixed(problems: Sequence[Problem], parts: Sequence[Rows | None]) -> Rows:
        """Return the rows of several workloads, those of each problem in turn.

        Args:
            problems: They differ in their workload alone.
            parts: The rows of each; None where it has none.

        Raises:
            SettingError: Spaces, settings, metrics or features differ, or two names are one.
            NothingToLearnError: There are no rows at all.
        """
        check_alike(problems)
        there = [part for part in parts if part is not None]
        if not there:
            raise NothingToLearnError(f"no rows of {problems[0].env} to learn from")
        codes = np.concatenate([part.batch.codes for part in there])
        metrics = {n: np.concatenate([p.metrics[n] for p in there]) for n in there[0].metrics}
        feasible = np.concatenate([part.feasible for part in there])
        counts = [0 if part is None else len(part) for part in parts]
        batch = Batch(problems[0].space, codes)
        return Rows(batch, metrics, feasible, Workloads.of(problems, counts))

    def __len__(self) -> int:
        return len(self.batch)

    def select(self, rows: NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        metrics = {name: values[rows] for name, values in self.metrics.items()}
        workloads = None if self.workloads is None else self.workloads.select(rows)
        return Rows(self.batch.select(rows), metrics, self.feasible[rows], workloads)

    def split(self, rng: np.random.Generator, share: float) -> tuple[Rows, Rows]:
        """Return the rows to learn from, and those of a random share of designs, kept out.

        All rows of a design stay together, whatever they are of.
        """
        keys = self.batch.keys()
        place = {key: at for at, key in enumerate(dict.fromkeys(keys))}
        order, kept = rng.permutation(len(place)), round(share * len(place))
        rank = np.argsort(order)[np.array([place[key] for key in keys], dtype=np.int64)]
        rows = np.argsort(rank, kind="stable")
        first = np.searchsorted(rank[rows], kept)
        return self.select(rows[first:]), self.select(rows[:first])

    def context(self, axes: Sequence[Axis]) -> Floats:
        """Return the features of each row's workload along some axes, (n, axes)."""
        if self.workloads is None:
            return np.zeros((len(self), 0))
        return self.workloads.context(axes)

    def by_workload(self) -> dict[str, Rows]:
        """Return the rows of each workload by its name; all under "" where they are of one."""
        if self.workloads is None:
            return {"": self}
        names, of_row = self.workloads.names, self.workloads.of_row
        present = self.workloads.present
        return {names[at]: self.select(np.flatnonzero(of_row == at)) for at in present}

    @property
    def digest(self) -> str:
        """A hash of designs and metrics, by which a surrogate names its data."""
        content = hashlib.sha256(np.ascontiguousarray(self.batch.codes).tobytes())
        for name in sorted(self.metrics):
            content.update(name.encode() + self.metrics[name].tobytes())
        content.update(self.feasible.tobytes())
        if self.workloads is not None:
            content.update(repr(self.workloads.names).encode() + self.workloads.of_row.tobytes())
        return content.hexdigest()


def check_alike(problems: Sequence[Problem]) -> None:
    """Refuse to mix rows of problems that differ in more than their workload.

    Raises:
        SettingError: Spaces, settings, metrics or features differ, or two names are one.
    """
    names = [name_of(problem) for problem in problems]
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"workload {name!r} is given twice")
    told = [
        {
            "design space": DesignEncoding(problem.space.axes),
            "settings": dict(problem.settings),
            "metrics": problem.metric_names,
            "features": set(problem.workload_features),
        }
        for problem in problems
    ]
    for problem, mine in zip(problems, told, strict=True):
        for what, value in mine.items():
            if value != told[0][what]:
                raise SettingError(
                    f"workloads {problems[0].workload_name!r} and {problem.workload_name!r} of"
                    f" {problem.env} differ in their {what}, so that no surrogate can be of both"
                )
