"""Costs of single layers under template dataflows, many designs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.cost_models.dnn.systolic import Ints
from archgym.cost_models.dnn.technology import Floats, maestro_buffer_bytes


@dataclass(frozen=True)
class LayerCosts:
    """Costs of m layers under n designs; every attribute is float64 (n, m).

    Attributes:
        runtime_cycles: Of one occurrence of the layer.
        macs: Multiply-accumulate operations.
        l2_input_reads: Words.
        l2_weight_reads: Words.
        l2_partial_writes: Words; outputs and partial sums that leave the PEs.
        outputs: Words of the finished result.
        l1_words: That one PE holds of a step.
        l2_words: That a step fetches and writes.
    """

    runtime_cycles: Floats
    macs: Floats
    l2_input_reads: Floats
    l2_weight_reads: Floats
    l2_partial_writes: Floats
    outputs: Floats
    l1_words: Floats
    l2_words: Floats

    @property
    def l2_accesses(self) -> Floats:
        """Words read and written in L2: partial sums return, results leave to memory."""
        return self.l2_input_reads + self.l2_weight_reads + 2 * self.l2_partial_writes

    @property
    def dram_words(self) -> Floats:
        """Words from and to memory, where partial sums wait until they return."""
        return self.l2_accesses - self.outputs

    @property
    def l1_bytes(self) -> Floats:
        """What each PE needs."""
        return self.l1_words * maestro_buffer_bytes()

    @property
    def l2_bytes(self) -> Floats:
        """What the shared buffer needs."""
        return self.l2_words * maestro_buffer_bytes()


def cost_each_layer(
    layers: Ints, dataflows: Ints, pes: Ints, noc_bw: Ints, offchip_bw: Ints
) -> LayerCosts:
    """Return the costs of layers under designs.

    Args:
        layers: int64 (1, m, 9), or (n, 1, 9) where each design has its own layer.
        dataflows: int64 (n,), index in `archgym.cost_models.dnn.dataflow.templates.DATAFLOWS`.
        pes: int64 (n,), processing elements.
        noc_bw: int64 (n,), words per cycle between L2 and the PEs.
        offchip_bw: int64 (n,), words per cycle from memory.
    """
    from archgym.cost_models.dnn.dataflow.kernels import RESULTS, cost_layers

    results = np.empty((len(RESULTS), len(dataflows), layers.shape[1]))
    cost_layers(layers, dataflows, pes, noc_bw, offchip_bw, results)
    return LayerCosts(*results)
