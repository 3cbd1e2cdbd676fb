"""Training with N:M sparse weights as a cost model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.energy import L1_ACCESSES_PER_MAC, AccessEnergies
from archgym.cost_models.dnn.layer_columns import indices, layers_of
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.sparse_train.products import PASSES, Layers, Product, Sparsity
from archgym.cost_models.dnn.sparse_train.pruning import (
    flop_ratio,
    gaussian_kept_energy,
    parse_pattern,
)
from archgym.cost_models.dnn.sparse_train.timing import (
    Machine,
    PassTime,
    pass_time,
    sram_words,
    update_cycles,
    update_words,
    vector_cycles,
)
from archgym.cost_models.dnn.systolic import DATAFLOWS
from archgym.cost_models.dnn.technology import technology
from archgym.metric import Metric
from archgym.outcome import Measurements
from archgym.scalar_parameters import Categorical

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

METRICS = (
    Metric("step_cycles", "1", "minimize", "one step of training on a batch: all that follows"),
    *(
        Metric(f"{name}_cycles", "1", "minimize", "the slower of array, memory and selection")
        for name in PASSES
    ),
    Metric("vector_cycles", "1", "minimize", "normalisation and activation, both directions"),
    Metric("update_cycles", "1", "minimize", "new weights, and their pruned forms in advance"),
    Metric("step_time_s", "s", "minimize", "step_cycles at the clock"),
    Metric("speedup", "1", "maximize", "over dense training by the same design"),
    Metric("flop_ratio", "1", "minimize", "(2 N / M + 1) / 3"),
    Metric("speedup_bound", "1", "maximize", "3 / (2 N / M + 1)"),
    Metric("mac_ratio", "1", "minimize", "counted multiply-accumulates over dense ones"),
    Metric("macs", "1", "neutral", "multiply-accumulates that are computed"),
    Metric("array_cycles", "1", "minimize", "of the three passes, with all words at hand"),
    Metric("utilization", "1", "maximize", "MACs / (PEs * step_cycles)"),
    Metric("traffic_words", "1", "minimize", "from and to memory"),
    Metric("sram_words", "1", "minimize", "read and written in the array's buffers"),
    Metric("energy_pj", "pJ", "minimize", "MACs, registers, buffers, memory; a MAC is 1 pJ"),
    Metric(
        "kept_weight_energy", "1", "maximize", "share of Gaussian weights' squares that remain"
    ),
    Metric("accumulators", "1", "minimize", "partial sums that the array holds"),
    Metric("pes", "1", "minimize", "array_rows * array_cols"),
)

_GIGA = 1e9


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes:
        batch: Inputs per step.
        first_dense: Whether the first layer of a network keeps all weights.
        accumulate_cycles: After which a sum can be added to again.
        clock_ghz: Of everything.
    """

    batch: int
    first_dense: bool
    accumulate_cycles: int
    clock_ghz: float


class SparseTrainModel(CostModel):
    """Forward, input gradient and weight gradient of each layer on one systolic array.

    Args:
        training: What all designs share.
    """

    name = "sparse_systolic"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "BDWP and SAT (Fang et al., arXiv 2309.13015): sparse passes, parts of the accelerator",
        "SCALE-Sim 3.0.0: cycles and accesses of the products, as in dnn.systolic",
        "energies relative to a 16-bit MAC: Eyeriss (ISCA 2016)",
    )
    leaves_out = (
        "accuracy; kept_weight_energy says how much of Gaussian weights remains, no more",
        "words that memory sends again where a layer exceeds the buffers",
        "SAT's own pipelines: interleaving, selection and vector unit are ours",
        "energy of normalisation, activation, selection and new weights beyond their words",
    )
    checked_against = (
        "flop ratios .667, .500, .417 at 2:4, 2:8, 2:16",
        "dnn.systolic: the dense forward pass is the same to the last cycle and word",
        "counts on index sets of real pruned weights; a walk over folds and rounds",
    )

    def __init__(self, training: Training):
        self._training = training

    def evaluate(self, batch: Batch, workload: Network) -> Measurements:
        """Return the measurements of designs, summed over a network's layers."""
        layers, counts = self._layers(layers_of(batch, workload), workload)
        machine, sparsity = self._machine(batch), _sparsity(batch)
        dense = replace(sparsity, n=np.ones_like(sparsity.n), m=np.ones_like(sparsity.n))
        step = _Step.of(machine, layers, sparsity, counts)
        baseline = _Step.of(machine, layers, dense, counts)
        updated = update_words(layers, sparsity)
        words = step.total(*(product.words for product in step.products), updated)
        both = zip(machine.dataflows, step.products, strict=True)
        sram = step.total(*(sram_words(machine, dataflow, product) for dataflow, product in both))
        metrics = self._times(machine, step, baseline)
        return Measurements.of(
            {
                **metrics,
                **_patterns(sparsity),
                "traffic_words": words,
                "sram_words": sram,
                "energy_pj": _energies().total_pj(
                    step.macs, L1_ACCESSES_PER_MAC * step.macs, sram, words
                ),
            }
        )

    def _layers(self, shapes: Ints, network: Network) -> tuple[Layers, Floats]:
        """Return the layers and how often each occurs; the first one stands by itself."""
        counts = np.array(network.counts or (1,), dtype=np.float64)
        apart = self._training.first_dense and len(counts) > 1
        if not apart:
            prunable = np.ones((1, len(counts)), dtype=bool)
            return Layers(shapes, self._training.batch, prunable), counts
        shapes = np.concatenate([shapes[:, :1], shapes], axis=1)
        counts = np.concatenate([[1.0], counts])
        counts[1] -= 1.0
        prunable = np.arange(len(counts))[None] > 0
        return Layers(shapes, self._training.batch, prunable), counts

    def _machine(self, batch: Batch) -> Machine:
        dataflows = [_column(indices(batch, f"{name}_dataflow", DATAFLOWS)) for name in PASSES]
        return Machine(
            _column(batch["array_rows"]),
            _column(batch["array_cols"]),
            dataflows,
            _column(batch["interleave"]),
            _column(batch["bandwidth"]),
            self._training.accumulate_cycles,
        )

    def _times(self, machine: Machine, step: _Step, baseline: _Step) -> dict[str, Floats]:
        pes = (machine.rows * machine.cols)[:, 0].astype(np.float64)
        passes = [step.total(time.cycles) for time in step.times]
        return {
            "step_cycles": step.cycles,
            **{f"{name}_cycles": value for name, value in zip(PASSES, passes, strict=True)},
            "vector_cycles": step.total(step.vector),
            "update_cycles": step.total(step.update),
            "array_cycles": step.total(*(time.array for time in step.times)),
            "step_time_s": step.cycles / (self._training.clock_ghz * _GIGA),
            "speedup": baseline.cycles / step.cycles,
            "mac_ratio": step.macs / baseline.macs,
            "macs": step.macs,
            "utilization": step.macs / (pes * step.cycles),
            "accumulators": pes * machine.interleave[:, 0],
            "pes": pes,
        }


def _patterns(sparsity: Sparsity) -> dict[str, Floats]:
    """Return what depends on N and M alone."""
    n, m = sparsity.n[:, 0], sparsity.m[:, 0]
    patterns = list(zip(n.tolist(), m.tolist(), strict=True))
    quality = {pattern: gaussian_kept_energy(*pattern) for pattern in set(patterns)}
    ratio = flop_ratio(n, m)
    return {
        "flop_ratio": ratio,
        "speedup_bound": 1.0 / ratio,
        "kept_weight_energy": np.array([quality[pattern] for pattern in patterns]),
    }


@dataclass(frozen=True)
class _Step:
    """One step of training; arrays are (n, m) or what broadcasts to it, m layers.

    Attributes:
        products: The three passes.
        times: Theirs.
        vector: Cycles of normalisation and activation.
        update: Cycles until the weights are new.
        counts: float64 (m,), how often each layer occurs.
    """

    products: tuple[Product, Product, Product]
    times: list[PassTime]
    vector: Floats
    update: Floats
    counts: Floats

    @staticmethod
    def of(machine: Machine, layers: Layers, sparsity: Sparsity, counts: Floats) -> _Step:
        """Return the step of designs on layers."""
        products = layers.products(sparsity)
        both = zip(machine.dataflows, products, strict=True)
        return _Step(
            products,
            [pass_time(machine, dataflow, product) for dataflow, product in both],
            vector_cycles(machine, layers),
            update_cycles(machine, layers, sparsity),
            counts,
        )

    def total(self, *parts: NDArray[Any]) -> Floats:
        """Return the sum of parts over the layers, float64 (n,)."""
        shape = (len(self.times[0].cycles), len(self.counts))
        summed = [(np.broadcast_to(part, shape) * self.counts).sum(axis=1) for part in parts]
        return np.asarray(np.sum(summed, axis=0), dtype=np.float64)

    @cached_property
    def cycles(self) -> Floats:
        """Everything, one after another, float64 (n,)."""
        return self.total(*(time.cycles for time in self.times), self.vector, self.update)

    @cached_property
    def macs(self) -> Floats:
        """Multiply-accumulates, float64 (n,)."""
        return self.total(*(product.work.macs for product in self.products))


def _energies() -> AccessEnergies:
    table = technology()["relative_to_one_mac"]
    return AccessEnergies(table["mac"], table["rf"], table["glb"], table["dram"])


def _sparsity(batch: Batch) -> Sparsity:
    parameter = batch.space["sparsity"]
    assert isinstance(parameter, Categorical)
    patterns = [parse_pattern(word) for word in (*parameter.values, *parameter.legal)]
    chosen = np.array(patterns, dtype=np.int64)[batch.code("sparsity")]
    return Sparsity(chosen[:, :1], chosen[:, 1:], _column(batch["pregenerate"]))


def _column(values: object) -> Ints:
    return np.asarray(values, dtype=np.int64)[:, None]
