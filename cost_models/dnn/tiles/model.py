"""Two-level tile mappings as a cost model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.energy import L1_ACCESSES_PER_MAC, AccessEnergies
from archgym.cost_models.dnn.layer_columns import layers_of
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.technology import Floats, maestro_area_um2, maestro_buffer_bytes
from archgym.cost_models.dnn.tiles.arrays import decoder_of
from archgym.cost_models.dnn.tiles.columns import EXPLAINED, REASONS
from archgym.metric import Metric
from archgym.outcome import Measurements

Ints = NDArray[np.int64]

METRICS = (
    Metric("runtime_cycles", "1", "minimize", "the slowest of MACs, network and memory"),
    Metric("compute_cycles", "1", "minimize", "of the MACs alone"),
    Metric("macs", "1", "neutral", "multiply-accumulate operations"),
    Metric("utilization", "1", "maximize", "MACs / (num_pes * runtime_cycles)"),
    Metric("throughput", "1", "maximize", "MACs per cycle"),
    Metric("area_um2", "um^2", "minimize", "PEs, L1 and L2 by MAESTRO's units"),
    Metric("energy_pj", "pJ", "minimize", "MACs, L1, L2 and memory: counts times energies"),
    Metric("l1_accesses", "1", "minimize", "words read and written in the PEs' own buffers"),
    Metric("l2_accesses", "1", "minimize", "words read and written in the shared buffer"),
    Metric("dram_words", "1", "minimize", "words from and to memory"),
    Metric("l1_bytes", "1", "minimize", "of each PE: twice its tiles"),
    Metric("l2_bytes", "1", "minimize", "twice the tiles of all clusters"),
)


class TilesModel(CostModel):
    """Two levels of tiles of one layer on clusters of PEs."""

    name = "gamma_tiles"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "GAMMA (Kao and Krishna, ICCAD 2020): the mapping space",
        "MAESTRO (Kwon et al., MICRO 2019): what it ranks; area and energy in its units",
    )
    leaves_out = (
        "overlap of neighbouring input tiles; start-up and drain; words written into L1",
        "buffer limits: the sizes that a mapping needs are metrics, which objectives can limit",
        "groups: a group convolution is mapped group by group",
    )
    checked_against = (
        "MAESTRO, 130 random mappings: Spearman's rank correlation of runtime 0.94, within 20 % "
        "on 54 %; too short at strides above 1, where the tool mixes coordinates",
        "an independent walk of the tiles' loops on small layers",
    )

    def __init__(self, energies: AccessEnergies):
        self._energies = energies

    def evaluate(self, batch: Batch, workload: Network) -> Measurements:
        """Return the measurements of mappings of a layer (a network of one)."""
        from archgym.cost_models.dnn.tiles.kernels import RESULTS, cost_tiles

        mappings, layers = decoder_of(batch.space)(batch), layers_of(batch, workload)[:, 0]
        results = np.empty((len(RESULTS), len(batch)))
        reasons, excess = np.zeros(len(batch), dtype=np.int64), np.zeros(len(batch))
        cost_tiles(
            layers,
            mappings.hardware,
            mappings.spread,
            mappings.orders,
            mappings.tiles,
            mappings.fitted,
            results,
            reasons,
            excess,
        )
        metrics = _metrics(results, mappings.hardware[0], self._energies)
        broken = np.flatnonzero(reasons).tolist()
        error = {row: f"{REASONS[reasons[row]]}: {EXPLAINED[reasons[row]]}" for row in broken}
        return Measurements(metrics, excess, np.zeros(len(batch), dtype=np.uint8), error)


def _metrics(results: Floats, pes: Ints, energies: AccessEnergies) -> dict[str, Floats]:
    cycles, compute, macs, l2, dram, l1_words, l2_words = results
    l1 = L1_ACCESSES_PER_MAC * macs
    l1_bytes, l2_bytes = l1_words * maestro_buffer_bytes(), l2_words * maestro_buffer_bytes()
    return {
        "runtime_cycles": cycles,
        "compute_cycles": compute,
        "macs": macs,
        "utilization": macs / (pes * cycles),
        "throughput": macs / cycles,
        "area_um2": maestro_area_um2(pes.astype(np.float64), l1_bytes, l2_bytes),
        "energy_pj": energies.total_pj(macs, l1, l2, dram),
        "l1_accesses": l1,
        "l2_accesses": l2,
        "dram_words": dram,
        "l1_bytes": l1_bytes,
        "l2_bytes": l2_bytes,
    }
