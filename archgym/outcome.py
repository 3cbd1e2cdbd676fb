"""What evaluations bring back: metrics, reward and status, one entry per design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


class Status(IntEnum):
    """How an evaluation ended."""

    OK = 0
    INFEASIBLE = 1
    TIMEOUT = 2
    CRASHED = 3

    @property
    def label(self) -> str:
        """Return the lower-case word of tables and stores."""
        return self.name.lower()


_LABELS = tuple(status.label for status in Status)


@dataclass(frozen=True)
class Measurements:
    """What a cost model returns for a batch of n designs.

    Attributes:
        metrics: Metric name -> float64 (n,); NaN where a metric has no value.
        violation: float64 (n,), 0 where the design is feasible, else by how much it is not,
            relative to what is required.
        status: uint8 (n,) of `Status`; only TIMEOUT and CRASHED carry meaning here, since
            feasibility follows from ``violation`` and the objective.
        error: Row -> reason, for rows that are not ok. An empty reason says that a design leaves
            out metrics on purpose: where the objective needs one of them it is ok and earns 0.
    """

    metrics: Mapping[str, Floats]
    violation: Floats
    status: NDArray[np.uint8]
    error: Mapping[int, str] = field(default_factory=dict)

    @staticmethod
    def of(metrics: Mapping[str, Any], violation: Any = None) -> Measurements:
        """Return measurements of designs that were all evaluated."""
        columns = {name: np.asarray(values, dtype=np.float64) for name, values in metrics.items()}
        count = len(next(iter(columns.values())))
        zeros = np.zeros(count) if violation is None else np.asarray(violation, dtype=np.float64)
        return Measurements(columns, zeros, np.zeros(count, dtype=np.uint8))

    @staticmethod
    def failed(names: Sequence[str], status: Status, error: str) -> Measurements:
        """Return the measurements of one design whose evaluation failed."""
        metrics = {name: np.full(1, np.nan) for name in names}
        return Measurements(metrics, np.zeros(1), np.full(1, status, dtype=np.uint8), {0: error})

    def __len__(self) -> int:
        return len(self.status)

    def select(self, rows: Sequence[int]) -> Measurements:
        """Return the measurements of some rows, in the order given."""
        picked = np.asarray(rows, dtype=np.int64)
        return Measurements(
            {name: values[picked] for name, values in self.metrics.items()},
            self.violation[picked],
            self.status[picked],
            {new: self.error[old] for new, old in enumerate(rows) if old in self.error},
        )


@dataclass(frozen=True)
class Outcomes(Measurements):
    """Measurements with the objective's verdict.

    Attributes:
        reward: float64 (n,), larger is better, finite.
        objectives: float64 (n, k), larger is better; k = 1 unless the objective has several.
    """

    reward: Floats = field(default_factory=lambda: np.zeros(0))
    objectives: Floats = field(default_factory=lambda: np.zeros((0, 1)))

    def label(self, row: int) -> str:
        """Return the status word of one design."""
        return _LABELS[self.status.item(row)]

    def labels(self) -> list[str]:
        """Return the status word of each design."""
        return [_LABELS[code] for code in self.status.tolist()]

    def errors(self) -> list[str]:
        """Return the reason of each design, empty where it is ok."""
        texts = [""] * len(self)
        for row, text in self.error.items():
            texts[row] = text
        return texts

    def frame(self) -> pd.DataFrame:
        """Return metric columns, reward, status and error as a DataFrame."""
        import pandas as pd

        table: dict[str, Any] = dict(self.metrics)
        table |= {"reward": self.reward, "status": self.labels(), "error": self.errors()}
        return pd.DataFrame(table)


def concatenate(parts: Sequence[Measurements]) -> Measurements:
    """Return the measurements of several batches, in order.

    Raises:
        ValueError: There are no parts.
    """
    names = parts[0].metrics.keys()
    starts = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    return Measurements(
        metrics={name: np.concatenate([part.metrics[name] for part in parts]) for name in names},
        violation=np.concatenate([part.violation for part in parts]),
        status=np.concatenate([part.status for part in parts]),
        error={
            start + row: text
            for start, part in zip(starts, parts, strict=False)
            for row, text in part.error.items()
        },
    )
