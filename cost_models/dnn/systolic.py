"""Cycles and on-chip accesses of a systolic array: closed forms, exact against SCALE-Sim 3.0.0.

Source: Samajdar et al., "SCALE-Sim" (arXiv 1811.02883) and the tool itself (MIT, PyPI scalesim
3.0.0); depthwise layers as group convolutions follow DRACO (ISVLSI 2020). A layer is reduced to
three numbers: pixels X = N P Q, reduction T_r = R S C / groups, filters Y = K / groups. Groups run
one after another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DATAFLOWS = ("os", "ws", "is")
OS, WS, IS = range(3)
CYCLE_MODELS = ("exact", "analytic")


@dataclass(frozen=True)
class Arrays:
    """Designs; every attribute is an int64 array of shape (n, 1).

    Attributes:
        rows, cols: Processing elements.
        dataflow: Index in `DATAFLOWS`.
        group: Channels a group into which depthwise layers are gathered (DRACO); 1 leaves them.
        cycle_model: Index in `CYCLE_MODELS`, for the metrics of DRACO alone.
    """

    rows: Ints
    cols: Ints
    dataflow: Ints
    group: Ints
    cycle_model: Ints


@dataclass(frozen=True)
class Work:
    """Layers as products of matrices; every attribute is int64, (n, m) or what broadcasts to it.

    Attributes:
        groups: Products that run one after another.
        pixels, reduction, filters: Extents of each of them.
    """

    groups: Ints
    pixels: Ints
    reduction: Ints
    filters: Ints

    @property
    def macs(self) -> Ints:
        """Multiply-accumulate operations."""
        return self.groups * self.pixels * self.reduction * self.filters


def work_of(layers: Ints, group: Ints) -> Work:
    """Return the products of layers, int64 (..., 9), under a DRACO group.

    A depthwise layer is computed ``group`` channels at a time, densely inside a group; where
    ``group`` does not divide the channels, their greatest common divisor is taken.
    """
    n, k, c, p, q, r, s, _, groups = np.moveaxis(layers, -1, 0)
    depthwise = (groups == c) & (groups == k)
    gathered = np.where(depthwise, groups // np.gcd(groups, group), groups)
    return Work(gathered, n * p * q, r * s * (c // gathered), k // gathered)


@dataclass(frozen=True)
class Folding:
    """How work is cut into pieces of the array's size.

    Attributes:
        over_rows, over_cols, streamed: Extents along the array's sides and in time.
        row_folds, col_folds: Pieces along each side.
        cycles: Of all folds, without the last cycle that SCALE-Sim takes off.
        analytic_cycles: The same in the published form of SCALE-Sim's first version.
    """

    over_rows: Ints
    over_cols: Ints
    streamed: Ints
    row_folds: Ints
    col_folds: Ints
    cycles: Ints
    analytic_cycles: Ints


def fold(arrays: Arrays, work: Work) -> Folding:
    """Return the folding of each layer on each array."""
    x, t, y = np.broadcast_arrays(work.pixels, work.reduction, work.filters)
    over_rows = np.where(arrays.dataflow == OS, x, t)
    over_cols = np.where(arrays.dataflow == IS, x, y)
    streamed = np.choose(arrays.dataflow, [t, x, y])
    row_folds, col_folds = -(-over_rows // arrays.rows), -(-over_cols // arrays.cols)
    folds = row_folds * col_folds
    skew = np.where(arrays.dataflow == OS, 1, 2) * arrays.rows + arrays.cols - 2
    published = streamed + 2 * arrays.rows + arrays.cols - 2
    return Folding(
        over_rows,
        over_cols,
        streamed,
        row_folds,
        col_folds,
        folds * (streamed + skew),
        folds * published,
    )


def systolic_costs(arrays: Arrays, layers: Ints, counts: Ints) -> dict[str, Floats]:
    """Return metric name -> float64 (n,), summed over the layers.

    Args:
        arrays: n designs.
        layers: int64 (1, m, 9), or (n, 1, 9) where each design has its own layer.
        counts: int64 (m,), how often each layer occurs.
    """
    work = work_of(layers, arrays.group)
    folding = fold(arrays, work)
    times = work.groups * counts
    size = (arrays.rows * arrays.cols)[:, 0]
    cycles = _sum(times * (folding.cycles - 1))
    macs = _sum(work.macs * counts)
    filled = _sum(times * folding.over_rows * folding.over_cols)
    offered = _sum(times * folding.row_folds * folding.col_folds) * size
    return {
        "stall_free_cycles": cycles,
        **{name: _sum(times * words) for name, words in accesses(arrays, work, folding).items()},
        "macs": macs,
        "mapping_efficiency": filled / offered,
        "utilization": macs / (size * np.maximum(cycles, 1)),
        **_draco(arrays, work, folding, counts),
        "pes": size.astype(np.float64),
    }


def accesses(arrays: Arrays, work: Work, folding: Folding) -> dict[str, Ints]:
    """Return the words that one group reads and writes in the array's buffers."""
    x, t, y = work.pixels, work.reduction, work.filters
    is_os, is_is = arrays.dataflow == OS, arrays.dataflow == IS
    filter_reads = np.where(is_os, folding.row_folds, np.where(is_is, folding.col_folds, 1))
    return {
        "sram_ifmap_reads": x * t * np.where(is_is, 1, folding.col_folds),
        "sram_filter_reads": y * t * filter_reads,
        "sram_ofmap_writes": x * y * np.where(is_os, 1, folding.row_folds),
    }


def _draco(arrays: Arrays, work: Work, folding: Folding, counts: Ints) -> dict[str, Floats]:
    """Return DRACO's figures: fill and drain are paid in every fold, all layers weigh alike."""
    size = arrays.rows * arrays.cols
    exact = arrays.cycle_model == CYCLE_MODELS.index("exact")
    cycles = work.groups * np.where(exact, folding.cycles, folding.analytic_cycles)
    total = _sum(cycles * counts)
    return {
        "cycles": total,
        "avg_util": _sum(counts * (work.macs / (cycles * size))) / counts.sum(),
        "weighted_util": _sum(work.macs * counts) / (total * size[:, 0]),
    }


def _sum(values: NDArray[np.int64] | Floats) -> Floats:
    return np.asarray(values.sum(axis=1), dtype=np.float64)
