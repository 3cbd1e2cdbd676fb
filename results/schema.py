"""The columns in which a run's evaluations are stored, and how they are packed.

One row per evaluation: ``step``, ``batch`` (which ask it came from), ``status``, ``cached``, one
column of codes per axis of the design space, one float64 per metric, ``violation`` (as the cost
model reports it, without the objective's limits), ``reward``, ``error``, and last the only columns
that differ from run to run: ``ask_us`` and ``evaluate_us``, the row's share of its batch's time in
microseconds. Metrics are stored as the agent was told them, so replaying is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.problem import Problem
from archgym.results.files import Place, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

TIMINGS = ("ask_us", "evaluate_us")
_BEFORE = ("step", "batch", "status", "cached")
_AFTER = ("violation", "reward", "error", *TIMINGS)
COMMON_PACKING = {
    "compression": "zstd",
    "write_statistics": False,
    "store_schema": False,
    "row_group_size": 65_536,
}


@dataclass(frozen=True)
class Columns:
    """Names of the columns that depend on the problem.

    Attributes:
        axes: One per axis of the space; an axis whose name is taken is called ``design.<name>``.
        metrics: One per metric; one whose name is taken is called ``metric.<name>``.
        sizes: Size of each axis, None where it is continuous.
    """

    axes: tuple[str, ...]
    metrics: tuple[str, ...]
    sizes: tuple[int | None, ...]

    @staticmethod
    def of(problem: Problem) -> Columns:
        """Return the columns of a problem."""
        fixed = {*_BEFORE, *_AFTER}
        metrics = _free(problem.metric_names, fixed, "metric")
        axes = _free([axis.name for axis in problem.space.axes], fixed | {*metrics}, "design")
        return Columns(axes, metrics, tuple(axis.size for axis in problem.space.axes))

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in order."""
        return (*_BEFORE, *self.axes, *self.metrics, *_AFTER)

    def pack_codes(self, axis: int, codes: NDArray[Any]) -> NDArray[Any]:
        """Return codes of an axis in the smallest type; values off the grid widen it."""
        size = self.sizes[axis]
        if size is None:
            return codes.astype(np.float64)
        largest = max(size - 1, int(codes.max(initial=0)))
        return codes.astype(np.min_scalar_type(largest))

    @property
    def grid(self) -> list[str]:
        """The axes that are not continuous."""
        return [n for n, size in zip(self.axes, self.sizes, strict=True) if size is not None]

    @property
    def real(self) -> list[str]:
        """The continuous axes."""
        return [n for n, size in zip(self.axes, self.sizes, strict=True) if size is None]

    def write(self, table: pa.Table, path: Place) -> None:
        """Write rows as a part: quickly, in the order of steps.

        Raises:
            StoreError: It cannot be written.
        """
        packing = {
            **COMMON_PACKING,
            "compression": "lz4",  # half the time of zstd; data.parquet soon replaces the part
            "use_dictionary": ["status", "error", *self.grid],
            "use_byte_stream_split": [*self.real, *TIMINGS],
            "column_encoding": dict.fromkeys(("step", "batch"), "DELTA_BINARY_PACKED"),
        }
        write_parquet(path, table, packing)


def _free(names: Sequence[str], taken: set[str], prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" if name in taken else name for name in names)
