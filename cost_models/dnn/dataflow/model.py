"""The template dataflows as a cost model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.dataflow.layer_costs import LayerCosts, cost_each_layer
from archgym.cost_models.dnn.dataflow.templates import DATAFLOWS
from archgym.cost_models.dnn.energy import L1_ACCESSES_PER_MAC, AccessEnergies
from archgym.cost_models.dnn.layer_columns import indices, layers_of
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.technology import Floats, maestro_area_um2
from archgym.metric import Metric
from archgym.outcome import Measurements

METRICS = (
    Metric("runtime_cycles", "1", "minimize", "steps * the slower of a cluster's work and words"),
    Metric("macs", "1", "neutral", "multiply-accumulate operations"),
    Metric("utilization", "1", "maximize", "MACs / (num_pes * runtime_cycles)"),
    Metric("throughput", "1", "maximize", "MACs per cycle"),
    Metric("area_um2", "um^2", "minimize", "PEs, L1 and L2 by MAESTRO's units"),
    Metric("energy_pj", "pJ", "minimize", "MACs, L1, L2 and memory: counts times energies"),
    Metric("l1_accesses", "1", "minimize", "words read and written in the PEs' own buffers"),
    Metric("l2_accesses", "1", "minimize", "words read and written in the shared buffer"),
    Metric("dram_words", "1", "minimize", "words from and to memory; L2 holds one step"),
    Metric(
        "l1_bytes", "1", "minimize", "of each PE, twice its words of a step; the largest layer"
    ),
    Metric("l2_bytes", "1", "minimize", "twice the words of a step; the largest layer"),
)


class DataflowModel(CostModel):
    """MAESTRO's template dataflows on an array of PEs, layer by layer."""

    name = "maestro_templates"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "MAESTRO (Kwon et al., MICRO 2019), behaviour of commit 4eb08d1 at stride 1",
        "area and energy in MAESTRO's units; the templates follow NVDLA, ShiDianNao and Eyeriss",
    )
    leaves_out = (
        "the first step, which overlaps with nothing; smaller steps at the edges of a layer",
        "reuse of a step's words in time for the bandwidth (MAESTRO fetches them all again)",
        "words written into L1; memory's energy unless e_dram_pj says otherwise",
    )
    checked_against = (
        "MAESTRO, 144 runs at stride 1: runtime within 1 % on all, L1 and L2 sizes exact on all "
        "but one, weights and partial sums in L2 exact on all but one, inputs within 17 %",
        "MAESTRO, 48 runs at stride 2 by rank: the tool mixes input and output coordinates there",
        "an independent walk of the templates' loops on small layers",
    )

    def __init__(self, energies: AccessEnergies):
        self._energies = energies

    def evaluate(self, batch: Batch, workload: Network) -> Measurements:
        """Return the measurements of designs on a network, summed over its layers."""
        costs = cost_each_layer(
            layers_of(batch, workload),
            indices(batch, "dataflow", DATAFLOWS),
            batch["num_pes"],
            batch["noc_bw"],
            batch["offchip_bw"],
        )
        counts = np.array(workload.counts or (1,), dtype=np.float64)
        return Measurements.of(summed(costs, counts, batch["num_pes"], self._energies))

    def detail(self, design: Batch, workload: Network) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the layers of the network, and what an ONNX file's operators became."""
        return workload.tables()


def summed(
    costs: LayerCosts, counts: Floats, pes: Floats, energies: AccessEnergies
) -> dict[str, Floats]:
    """Return metric name -> float64 (n,) of networks.

    Args:
        costs: Of each layer, arrays (n, m).
        counts: float64 (m,), how often each layer occurs.
        pes: float64 (n,), processing elements.
        energies: Of single accesses.
    """
    cycles, macs = costs.runtime_cycles @ counts, costs.macs @ counts
    l1, l2 = L1_ACCESSES_PER_MAC * macs, costs.l2_accesses @ counts
    dram = costs.dram_words @ counts
    l1_bytes, l2_bytes = costs.l1_bytes.max(axis=1), costs.l2_bytes.max(axis=1)
    return {
        "runtime_cycles": cycles,
        "macs": macs,
        "utilization": macs / (pes * cycles),
        "throughput": macs / cycles,
        "area_um2": maestro_area_um2(pes, l1_bytes, l2_bytes),
        "energy_pj": energies.total_pj(macs, l1, l2, dram),
        "l1_accesses": l1,
        "l2_accesses": l2,
        "dram_words": dram,
        "l1_bytes": l1_bytes,
        "l2_bytes": l2_bytes,
    }
