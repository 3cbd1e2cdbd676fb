"""Several workloads in one surrogate: which row is of which, and what tells them apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.outcome import Floats
from archgym.parameter import Axis
from archgym.problem import Problem

# The one column of workloads of which an environment declares no features: which one it is.
NAME = "workload"
# Positive features whose values lie so far apart are seen by their logarithms.
_DECADE = 10.0


@dataclass(frozen=True)
class Workloads:
    """The workloads that n rows are of.

    Attributes:
        names: Of the workloads; base names where they are files.
        columns: Names of the features that the environment declares, in its order; `NAME` alone
            where it declares none.
        numbers: float64 (workloads, columns).
        of_row: int64 (n,), which workload a row is of.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: Floats
    of_row: NDArray[np.int64]

    @staticmethod
    def of(problems: Sequence[Problem], counts: Sequence[int]) -> Workloads:
        """Return the workloads of problems, each of which has so many rows, one after another.

        All have features of the same names.

        Raises:
            SettingError: A feature is no finite number.
        """
        names = tuple(name_of(problem) for problem in problems)
        told = [features_of(problem) for problem in problems]
        columns = tuple(told[0]) or (NAME,)
        places = [[float(place)] for place in range(len(names))]
        numbers = [[one[name] for name in columns] for one in told] if told[0] else places
        return Workloads(
            names, columns, np.array(numbers), np.repeat(np.arange(len(names)), counts)
        )

    def select(self, rows: Any) -> Workloads:
        """Return the workloads of some of the rows."""
        return replace(self, of_row=self.of_row[rows])

    @property
    def present(self) -> list[int]:
        """Which workloads have rows."""
        return np.unique(self.of_row).tolist()  # type: ignore[no-any-return]

    @property
    def have_features(self) -> bool:
        """Whether more is known of a workload than which one it is."""
        return self.columns != (NAME,)

    def as_data(self) -> dict[str, dict[str, float]]:
        """Return the numbers of the workloads that have rows, by name."""
        found = {self.names[at]: self.numbers[at].tolist() for at in self.present}
        return {name: dict(zip(self.columns, row, strict=True)) for name, row in found.items()}

    def axes(self) -> tuple[Axis, ...]:
        """Return what differs among the workloads that have rows, as further axes of a design."""
        if not self.have_features:
            return (Axis(NAME, len(self.names), ordered=False),)
        seen = self.numbers[self.present]
        spans = zip(self.columns, seen.min(axis=0), seen.max(axis=0), strict=True)
        return tuple(
            _axis(name, float(low), float(high)) for name, low, high in spans if low < high
        )

    def context(self, axes: Sequence[Axis]) -> Floats:
        """Return the numbers of each row along some of the columns, (n, axes)."""
        columns = [self.columns.index(axis.name) for axis in axes]
        return self.numbers[self.of_row][:, columns]


@dataclass(frozen=True)
class Asked:
    """The workload that a surrogate predicts for.

    Attributes:
        name: What it is called.
        learnt: Whether the surrogate has learnt it.
        context: (context axes,), its features.
        beyond: Names of those that lie outside what was learnt.
    """

    name: str
    learnt: bool
    context: Floats
    beyond: tuple[str, ...] = ()

    @staticmethod
    def of(
        problem: Problem, known: Mapping[str, Mapping[str, float]], axes: Sequence[Axis]
    ) -> Asked:
        """Return a problem's workload.

        Args:
            problem: What is asked.
            known: Of a surrogate of several workloads, the features of each; else empty.
            axes: What tells those apart.
        """
        name = name_of(problem)
        if not known:
            return Asked(name, True, np.zeros(0))
        told = features_of(problem) or known[name]
        learnt = name in known and all(
            math.isclose(told.get(feature, math.nan), value)
            for feature, value in known[name].items()
        )
        context = np.array([told[axis.name] for axis in axes])
        outside = [a.name for a in axes if a.size is None and not a.low <= told[a.name] <= a.high]
        return Asked(name, learnt, context, () if learnt else tuple(outside))

    @property
    def remark(self) -> str:
        """What makes all predictions for it a guess, empty if nothing does."""
        if self.learnt:
            return ""
        where = f" (outside what was: {', '.join(self.beyond)})" if self.beyond else ""
        return f"workload {self.name!r} was not learnt{where}"


def name_of(problem: Problem) -> str:
    """Return what a surrogate calls a problem's workload: of a file the base name."""
    path = Path(problem.workload_name)
    return path.name if path.is_file() else problem.workload_name


def features_of(problem: Problem) -> Mapping[str, float]:
    """Return the features of a problem's workload; none where the environment declares none.

    Raises:
        SettingError: One is no finite number.
    """
    told = problem.workload_features
    for name, value in told.items():
        if not np.isfinite(value):
            raise SettingError(
                f"workload {problem.workload_name!r} of {problem.env}: its feature {name!r} is"
                f" {value}, no finite number"
            )
    return told


def _axis(name: str, low: float, high: float) -> Axis:
    return Axis(name, None, low=low, high=high, log=low > 0.0 and high >= _DECADE * low)
