"""The systolic array as a cost model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.layer_columns import given_numbers, layers_of
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.systolic import (
    CYCLE_MODELS,
    DATAFLOWS,
    Arrays,
    Ints,
    fold,
    systolic_costs,
    work_of,
)
from archgym.cost_models.dnn.systolic_stalls import Memory, traffic
from archgym.metric import Metric
from archgym.outcome import Measurements

SRAM_COLUMNS = ("ifmap_sram_words", "filter_sram_words", "ofmap_sram_words")
METRICS = (
    Metric("stall_free_cycles", "1", "minimize", "with all words at hand; SCALE-Sim's, exact"),
    Metric("sram_ifmap_reads", "1", "minimize", "words"),
    Metric("sram_filter_reads", "1", "minimize", "words"),
    Metric("sram_ofmap_writes", "1", "minimize", "words; partial sums of every fold among them"),
    Metric("macs", "1", "neutral", "multiply-accumulate operations, under the group at hand"),
    Metric("mapping_efficiency", "1", "maximize", "share of the array that folds fill"),
    Metric("utilization", "1", "maximize", "MACs / (PEs * stall_free_cycles)"),
    Metric(
        "cycles",
        "1",
        "minimize",
        "DRACO's: fill and drain in every fold, by cycle_model; with dram_bw given, those with"
        " stalls: stall_free_cycles + stall_cycles",
    ),
    Metric("avg_util", "1", "maximize", "DRACO's: unweighted mean over the layers"),
    Metric("weighted_util", "1", "maximize", "DRACO's: MACs / (PEs * cycles)"),
    Metric("pes", "1", "minimize", "array_rows * array_cols"),
    Metric(
        "stall_cycles",
        "1",
        "minimize",
        "waiting for memory; 0 unless dram_bw is given",
        signed=True,
    ),
    Metric("dram_words", "1", "minimize", "fetched and written; where dram_bw is given"),
)


class SystolicModel(CostModel):
    """Systolic array of any size under three dataflows, layer by layer."""

    name = "systolic"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "SCALE-Sim (Samajdar et al., arXiv 1811.02883), behaviour of scalesim 3.0.0",
        "DRACO (ISVLSI 2020): depthwise layers as group convolutions, published cycle count",
    )
    leaves_out = (
        "energy; stalls, unless dram_bw is given, and then by a plain double-buffer rule of ours",
        "overlap of groups and of layers: they run one after another",
    )
    checked_against = (
        "scalesim 3.0.0, 141 runs: cycles, SRAM reads and writes, MACs exact",
        "DRACO's development values on MobileNetV1 at 64 x 64",
    )

    def evaluate(self, batch: Batch, workload: Network) -> Measurements:
        """Return the measurements of arrays on a network."""
        layers = layers_of(batch, workload)
        counts = np.array(workload.counts or (1,), dtype=np.int64)
        metrics = systolic_costs(arrays_of(batch), layers, counts)
        return Measurements.of(metrics | _stalls(batch, layers, counts, metrics))

    def detail(self, design: Batch, workload: Network) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the layers of the network, and what an ONNX file's operators became."""
        return workload.tables()


def arrays_of(batch: Batch) -> Arrays:
    """Return the designs of a space with the columns of `Arrays`."""
    rows, cols, group = (_column(batch[name]) for name in ("array_rows", "array_cols", "group"))
    dataflow, cycle_model = (
        _codes(batch, "dataflow", DATAFLOWS),
        _codes(batch, "cycle_model", CYCLE_MODELS),
    )
    return Arrays(rows, cols, dataflow, group, cycle_model)


def _stalls(
    batch: Batch, layers: Ints, counts: Ints, metrics: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """Return the metrics that depend on memory, changed in the rows that give ``dram_bw``."""
    bandwidth = given_numbers(batch, "dram_bw")
    rows = np.flatnonzero(~np.isnan(bandwidth))
    stalls, words = np.zeros(len(batch)), np.full(len(batch), np.nan)
    cycles = metrics["cycles"].copy()
    if len(rows):
        own = layers if len(layers) == 1 else layers[rows]
        with_stalls, words[rows] = _with_memory(batch.select(rows), own, counts, bandwidth[rows])
        stalls[rows] = with_stalls - metrics["stall_free_cycles"][rows]
        cycles[rows] = with_stalls
    return {"cycles": cycles, "stall_cycles": stalls, "dram_words": words}


def _with_memory(
    batch: Batch, layers: Ints, counts: Ints, bandwidth: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cycles and words of designs behind a memory, float64 (n,) each."""
    arrays = arrays_of(batch)
    work = work_of(layers, arrays.group)
    ifmap, weights, ofmap = (
        np.nan_to_num(given_numbers(batch, name), nan=np.inf)[:, None] for name in SRAM_COLUMNS
    )
    memory = Memory(ifmap, weights, ofmap, bandwidth[:, None])
    moved = traffic(arrays, work, fold(arrays, work), memory)
    times = work.groups * counts
    return (moved.cycles * times).sum(axis=1), (moved.words * times).sum(axis=1)


def _codes(batch: Batch, name: str, words: tuple[str, ...]) -> Ints:
    return _column(np.array([words.index(word) for word in batch[name].tolist()]))


def _column(values: Ints) -> Ints:
    return values.astype(np.int64)[:, None]
