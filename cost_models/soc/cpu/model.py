"""Measured designs looked up in their table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.soc.cpu.measured import MeasuredDesigns
from archgym.metric import Metric
from archgym.outcome import Floats, Measurements

NEAREST, EXACT = "nearest", "exact"
LOOKUPS = (NEAREST, EXACT)
OWN_METRICS = (
    Metric("score", "1", "maximize", "mean of all metrics, each from 0 (worst row) to 1", True),
    Metric("table_row", "1", "neutral", "the row that was taken, from 0", True),
    Metric("table_distance", "1", "neutral", "of its parameters from those asked; 0 = measured"),
)
_AT_ONCE = 1 << 22  # differences held in memory


class MeasuredModel(CostModel):
    """The metrics of the row of a table that a design is, or comes nearest to.

    The distance between designs is the sum over parameters of the difference in places among the
    table's values, as a share of all places; for texts 0 or 1. Of equal ones the first row counts.

    Args:
        metrics: The table's metrics.
        lookup: "nearest", or "exact" where a design that is not in the table is infeasible.
    """

    name = "measured"
    version = "1"
    fidelity = "table"
    sources = ("the table",)
    leaves_out = ("designs between the rows: they are taken for the nearest one",)
    checked_against = ("the table",)

    def __init__(self, metrics: tuple[Metric, ...], lookup: str):
        self.metrics = (*metrics, *OWN_METRICS)
        self._measured, self._lookup = metrics, lookup

    def evaluate(self, batch: Batch, workload: MeasuredDesigns) -> Measurements:
        asked = np.stack([batch.code(name) for name in workload.parameters], axis=1)
        rows, distances = nearest_rows(workload, asked)
        found = {m.name: workload.metrics[m.name][rows] for m in self._measured}
        found |= {"score": self._scores(workload)[rows], "table_row": rows.astype(np.float64)}
        found["table_distance"] = distances
        absent = (distances > 0.0) & (self._lookup == EXACT)
        for values in found.values():
            values[absent] = np.nan
        error = dict.fromkeys(np.flatnonzero(absent).tolist(), f"not in {workload.name}")
        status = np.zeros(len(batch), dtype=np.uint8)
        return Measurements(found, absent.astype(np.float64), status, error)

    def _scores(self, table: MeasuredDesigns) -> Floats:
        return np.asarray(normalised(table, self._measured).mean(axis=1))


def normalised(table: MeasuredDesigns, metrics: tuple[Metric, ...]) -> Floats:
    """Return all rows' metrics from 0 (worst) to 1 (best), shape (rows, metrics)."""
    columns = []
    for metric in metrics:
        values = table.metrics[metric.name]
        low, high = values.min(), values.max()
        share = (values - low) / (high - low) if high > low else np.ones(len(values))
        columns.append(share if metric.direction == "maximize" else 1.0 - share)
    return np.stack(columns, axis=1)


def nearest_rows(
    table: MeasuredDesigns, asked: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats]:
    """Return the nearest row of each design, int64 (n,), and its distance, float64 (n,).

    Args:
        table: The table.
        asked: int64 (n, parameters), places among the values of each parameter.
    """
    sizes = np.array([len(values) for values in table.values.values()])
    weights = 1.0 / np.maximum(sizes - 1, 1)
    rows, distances = np.empty(len(asked), np.int64), np.empty(len(asked))
    chunk = max(_AT_ONCE // table.codes.size, 1)
    for start in range(0, len(asked), chunk):
        gaps = np.abs(asked[start : start + chunk, None, :] - table.codes[None, :, :])
        gaps = np.where(table.numeric, gaps * weights, gaps > 0)
        sums = gaps.sum(axis=2)
        rows[start : start + chunk] = sums.argmin(axis=1)
        distances[start : start + chunk] = sums.min(axis=1)
    return rows, distances
