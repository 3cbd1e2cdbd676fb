"""The Eyeriss-like accelerator as a cost model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.eyeriss.chips import chips_of
from archgym.cost_models.dnn.eyeriss.layer_costs import FIELDS, Ints, LayerCosts
from archgym.cost_models.dnn.layer_columns import layers_of
from archgym.cost_models.dnn.mapping.timeloop import timeloop_files
from archgym.cost_models.dnn.network import Network
from archgym.metric import Metric
from archgym.outcome import Measurements

Floats = NDArray[np.float64]
_PJ_PER_UJ = 1e6

METRICS = (
    Metric("energy_uj", "uJ", "minimize", "MACs, scratchpads, global buffer and DRAM"),
    Metric("area_mm2", "mm^2", "minimize", "PEs with scratchpads, global buffer, dummy buffers"),
    Metric("cycles", "1", "minimize", "layers and groups one after another"),
    Metric("macs", "1", "neutral", "multiply-accumulate operations"),
    Metric("utilization", "1", "maximize", "MACs / (n_pes * cycles)"),
    Metric("mac_energy_uj", "uJ", "minimize", "share of the MACs"),
    Metric("spads_energy_uj", "uJ", "minimize", "share of the PEs' scratchpads"),
    Metric("glb_energy_uj", "uJ", "minimize", "share of the global buffer"),
    Metric("dram_energy_uj", "uJ", "minimize", "share of the DRAM"),
    Metric("dram_words", "1", "minimize", "words from and to DRAM"),
    Metric("energy_per_mac_pj", "pJ", "minimize", "energy_uj / macs"),
)


class EyerissModel(CostModel):
    """Each layer of a network with a mapping of its own: one that is searched, or a fixed one.

    Args:
        evaluations: Mappings that the search tries per layer; 0 takes the fixed one.
        metric: What the search minimises: edp, latency or energy.
        dram_bandwidth: Words per cycle.
    """

    version = "1"
    metrics = METRICS
    sources = (
        "space: TimeloopGym of ArchGym (ISCA 2023), oss-arch-gym 53f745af (Apache-2.0)",
        "counts and cycles: Timeloop v3.0 semantics, as in dnn.mapping",
        "energy, area: 45 nm records in technology.yaml, and laws through them",
    )
    leaves_out = (
        "networks on chip, leakage, address generators' area, tensors that bypass the buffer",
        "overlap of layers and of groups; forwarding between PEs",
        "scratchpad bandwidths never bind; dummy buffers keep no tensor and cost area alone",
    )
    checked_against = (
        "dnn.mapping: each mapping costs the same counts, cycles and energy there",
        "the records of the tables: energies and areas of both SRAMs exact",
    )

    def __init__(self, evaluations: int, metric: str, dram_bandwidth: float):
        self.name = "searched_mapping" if evaluations else "fixed_mapping"
        self.fidelity = self.name
        self._dram_bandwidth = dram_bandwidth
        self._costs = LayerCosts(evaluations, metric)

    def evaluate(self, batch: Batch, workload: Network) -> Measurements:
        """Return the measurements of chips on a network."""
        chips = chips_of(batch, self._dram_bandwidth)
        layers = layers_of(batch, workload)
        counts = np.array(workload.counts or (1,), dtype=np.float64)
        costs = self._costs(chips.machines, layers)
        total = np.einsum("nlf,l->nf", costs, counts)
        return Measurements.of(_metrics(total, chips.area_mm2, batch["n_pes"]))

    def detail(self, design: Batch, workload: Network) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return each layer's mapping, in columns that the mapping environment evaluates.

        The table ``layers`` says in the same order which layers they are, and how often each runs:
        count times, and once per group.
        """
        machine = chips_of(design, self._dram_bandwidth).machines[0]
        layers = layers_of(design, workload)[0]
        mapping, costs = self._costs.mappings(machine, layers)
        labels = workload.labels or ("columns",)
        table = {
            "layer": np.array(labels),
            "count": np.array(workload.counts or (1,)),
            "groups": layers[:, -1],
            **dict(zip(FIELDS, costs.T, strict=True)),
        }
        return {"mapping": mapping, "layers": table}

    def export(self, design: Batch, workload: Network) -> Mapping[str, str]:
        """Return each layer's mapping and the machine as Timeloop v3 files, a folder per layer.

        There one register file holds what the three scratchpads hold; see `LayerCosts.mappings`.
        """
        detail = self.detail(design, workload)
        files: dict[str, str] = {}
        for at, label in enumerate(detail["layers"]["layer"].tolist()):
            row = {name: values[at] for name, values in detail["mapping"].items()}
            for name, text in timeloop_files(row, row).items():
                files[f"{_folder(at, label)}/{name}"] = text
        return files


def _folder(at: int, label: str) -> str:
    """Return a folder's name; labels of the user's files may hold anything."""
    return f"{at:03d}-{re.sub(r'[^A-Za-z0-9_-]+', '_', label)}"


def _metrics(total: Floats, area: Floats, pes: Ints) -> dict[str, Floats]:
    cost = dict(zip(FIELDS, total.T, strict=True))
    shares = {f"{name}_energy_uj": cost[f"{name}_pj"] / _PJ_PER_UJ for name in _SHARES}
    return {
        "energy_uj": cost["energy_pj"] / _PJ_PER_UJ,
        "area_mm2": area,
        "cycles": cost["cycles"],
        "macs": cost["macs"],
        "utilization": cost["macs"] / (pes * cost["cycles"]),
        **shares,
        "dram_words": cost["dram_words"],
        "energy_per_mac_pj": cost["energy_pj"] / cost["macs"],
    }


_SHARES = ("mac", "spads", "glb", "dram")
