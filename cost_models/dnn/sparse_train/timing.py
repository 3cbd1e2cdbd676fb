"""Cycles of training on a systolic array, pass by pass.

A pass takes as long as the slowest of array, memory and, where weights are pruned on the fly, the
unit that selects the largest of each group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from archgym.cost_models.dnn.sparse_train.products import Layers, Product, Sparsity
from archgym.cost_models.dnn.systolic import OS, Arrays, Work, accesses, fold

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Machine:
    """Designs; every array is int64 (n, 1).

    Attributes:
        rows, cols: Processing elements.
        dataflows: Of each pass, index in `archgym.cost_models.dnn.systolic.DATAFLOWS`.
        interleave: Outputs that a processing element accumulates in turn under dataflow os.
        bandwidth: Words per cycle from and to memory.
        accumulate_cycles: After which a sum can be added to again.
    """

    rows: Ints
    cols: Ints
    dataflows: Sequence[Ints]
    interleave: Ints
    bandwidth: Ints
    accumulate_cycles: int

    @property
    def lanes(self) -> Ints:
        """Values per cycle of the vector unit and of the selection, one per column."""
        return self.cols

    def arrays(self, dataflow: Ints) -> Arrays:
        """Return the systolic arrays under a dataflow."""
        one = np.ones_like(self.rows)
        return Arrays(self.rows, self.cols, dataflow, one, 0 * one)


@dataclass(frozen=True)
class PassTime:
    """One pass over each layer, float64 (n, m) each.

    Attributes:
        cycles: Until it is done.
        array: In which the array is busy, fill and drain included.
    """

    cycles: Floats
    array: Floats


def pass_time(machine: Machine, dataflow: Ints, product: Product) -> PassTime:
    """Return the time of a product under a dataflow."""
    work = product.work
    array = (work.groups * array_cycles(machine, machine.arrays(dataflow), work)).astype(
        np.float64
    )
    memory = np.ceil(product.words / machine.bandwidth)
    selection = np.ceil(product.selected / machine.lanes)
    return PassTime(np.maximum(np.maximum(array, memory), selection), array)


def array_cycles(machine: Machine, arrays: Arrays, work: Work) -> Ints:
    """Return the cycles of one group of a product.

    Under ws these are SCALE-Sim's. Under os a sum waits ``accumulate_cycles`` until it can be
    added to; ``interleave`` row folds are computed together, so that their sums take turns. With
    both at 1 these are SCALE-Sim's as well.
    """
    folding = fold(arrays, work)
    share, depth = machine.interleave, machine.accumulate_cycles
    full, rest = folding.row_folds // share, folding.row_folds % share
    skew = machine.rows + machine.cols - 2
    turns = full * (folding.streamed * np.maximum(share, depth) + skew)
    turns = turns + (rest > 0) * (folding.streamed * np.maximum(rest, depth) + skew)
    interleaved = folding.col_folds * turns
    return np.asarray(np.where(arrays.dataflow == OS, interleaved, folding.cycles) - 1)


def sram_words(machine: Machine, dataflow: Ints, product: Product) -> Floats:
    """Return the words that the array's buffers read and write in a pass, (n, m).

    Inputs are read in full, since the array picks what it multiplies.
    """
    arrays, work = machine.arrays(dataflow), product.work
    words = accesses(arrays, work, fold(arrays, work))
    inputs = words["sram_ifmap_reads"] // work.reduction * product.dense.reduction
    total = inputs + words["sram_filter_reads"] + words["sram_ofmap_writes"]
    return np.asarray(work.groups * total, dtype=np.float64)


def vector_cycles(machine: Machine, layers: Layers) -> Floats:
    """Return the cycles of normalisation and activation, forward and backward, (n, m)."""
    operations = layers.outputs * constants()["vector_operations_per_output"]
    return np.asarray(np.ceil(operations / machine.lanes))


def update_words(layers: Layers, sparsity: Sparsity) -> Floats:
    """Return the words that changing the weights moves, pruned forms included, (n, m)."""
    state = layers.weights * constants()["words_per_weight_update"]
    stored = np.add(*layers.pruned_words(sparsity))
    made = layers.pruned(sparsity) & (sparsity.pregenerated == 1)
    return np.where(layers.has_weights, state + np.where(made, stored, 0.0), 0.0)


def update_cycles(machine: Machine, layers: Layers, sparsity: Sparsity) -> Floats:
    """Return the cycles of changing the weights, (n, m).

    Selection for pruned forms that are made in advance keeps pace with the vector unit.
    """
    operations = layers.weights * constants()["vector_operations_per_weight"]
    vector = np.ceil(operations / machine.lanes)
    memory = np.ceil(update_words(layers, sparsity) / machine.bandwidth)
    return np.where(layers.has_weights, np.maximum(vector, memory), 0.0)


@cache
def constants() -> dict[str, Any]:
    """Return the constants of ``constants.yaml``."""
    package = files("archgym.cost_models.dnn.sparse_train")
    table: dict[str, Any] = yaml.safe_load(package.joinpath("constants.yaml").read_text("utf-8"))
    return table
