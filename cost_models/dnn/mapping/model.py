"""The loop-nest model as a cost model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.cost_models.dnn.layer_columns import layers_of
from archgym.cost_models.dnn.mapping.arrays import Mappings, decoder_of
from archgym.cost_models.dnn.mapping.columns import (
    BOUND_COLUMNS,
    BOUNDS,
    EXACT,
    HARDWARE,
    LEVELS,
    ORDER_COLUMNS,
    REASONS,
)
from archgym.cost_models.dnn.network import LAYER_FIELDS, Network
from archgym.errors import SettingError
from archgym.metric import Metric
from archgym.outcome import Measurements

_COUNTS = {
    "rf_w_reads": "weights used, per PE",
    "rf_w_fills": "weights received, per PE",
    "rf_i_reads": "inputs used or handed to a neighbour, per PE",
    "rf_i_fills": "inputs received, per PE",
    "rf_o_reads": "partial sums read back, per PE",
    "rf_o_fills": "partial sums received from above, per PE",
    "rf_o_updates": "partial sums written, per PE",
    "glb_w_reads": "weights handed down",
    "glb_w_fills": "weights received",
    "glb_i_reads": "inputs handed down",
    "glb_i_fills": "inputs received",
    "glb_o_reads": "partial sums handed down or up",
    "glb_o_fills": "partial sums received from above",
    "glb_o_updates": "partial sums received from below",
    "dram_w_reads": "weights handed down",
    "dram_i_reads": "inputs handed down",
    "dram_o_reads": "partial sums handed down",
    "dram_o_updates": "outputs and partial sums received",
}
# In the order of the kernels' results (`kernels.layout`).
METRICS = (
    Metric("cycles", "1", "minimize", "the slowest of MACs and of each memory's words"),
    Metric("compute_cycles", "1", "minimize", "MACs / PEs in use"),
    Metric("energy_pj", "pJ", "minimize", "MACs, and accesses to RF, GLB and DRAM"),
    Metric("utilized_pes", "1", "maximize", "product of the spatial bounds"),
    Metric("macs", "1", "neutral", "of the layer"),
    Metric("utilization", "1", "maximize", "MACs / (num_pes * cycles)"),
    *(
        Metric(name, "1", "minimize", f"words: {text}", signed=True)
        for name, text in _COUNTS.items()
    ),
    Metric("area_um2", "um^2", "minimize", "PEs, RF and GLB by MAESTRO's units"),
)

_NAMES = tuple(metric.name for metric in METRICS)


class MappingModel(CostModel):
    """Reuse analysis of one layer's loop nest on DRAM, global buffer, PEs and register files."""

    name = "loop_nest"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "Timeloop (Parashar et al., ISPASS 2019, doi:10.1109/ISPASS.2019.00042), v3.0 semantics",
        "default energies relative to a 16-bit MAC: Eyeriss (ISCA 2016); area: MAESTRO's units",
    )
    leaves_out = (
        "networks on chip, leakage, start-up and drain, tensors that bypass a level",
        "groups: a group convolution is mapped group by group",
    )
    checked_against = (
        "timeloop-model v3.0, 300 mappings: all 18 counts exact, cycles within 1, energy within "
        "1e-6, all 24 rejected mappings with the same reason",
        "an independent simulation that walks the loops and their tiles on small layers",
    )

    def evaluate(self, batch: Batch, workload: Network) -> Measurements:
        """Return the measurements of mappings of a layer (a network of one)."""
        results, reasons, excess, _ = self._cost(batch, workload)
        metrics = dict(zip(_NAMES, results, strict=True))
        broken = np.flatnonzero(reasons).tolist()
        error = {row: _explain(int(reasons[row])) for row in broken}
        return Measurements(metrics, excess, np.zeros(len(batch), dtype=np.uint8), error)

    def detail(self, design: Batch, workload: Network) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the mapping that one design stands for, in columns that can be evaluated."""
        mappings = self._cost(design, workload)[3]
        return {"mapping": {name: np.array([v]) for name, v in _columns(mappings).items()}}

    def export(self, design: Batch, workload: Network) -> Mapping[str, str]:
        """Return a mapping, its machine and its layer as Timeloop v3 files.

        Raises:
            SettingError: The mapping cannot run.
        """
        from archgym.cost_models.dnn.mapping.timeloop import timeloop_files

        columns, layer, reason = self.resolve(design, workload)
        if reason:
            raise SettingError(f"a mapping that cannot run is not exported: {reason}")
        return timeloop_files(columns, layer)

    def resolve(
        self, design: Batch, workload: Network
    ) -> tuple[dict[str, Any], dict[str, int], str]:
        """Return one design's mapping and machine, its layer, and why it cannot run, if so.

        Mapping and machine are columns with exact bounds, the layer is `LAYER_FIELDS` -> value.
        """
        _, reasons, _, mappings = self._cost(design, workload)
        reason = int(reasons[0])
        row = layers_of(design, workload)[0, 0].tolist()
        layer = dict(zip(LAYER_FIELDS, row, strict=True))
        return _columns(mappings), layer, _explain(reason) if reason else ""

    def _cost(
        self, batch: Batch, network: Network
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], Mappings]:
        from archgym.cost_models.dnn.mapping.kernels.evaluate import cost_mappings
        from archgym.cost_models.dnn.mapping.kernels.layout import N_RESULTS

        mappings, layers = decoder_of(batch.space)(batch), layers_of(batch, network)[:, 0]
        results = np.empty((N_RESULTS, len(batch)))
        reasons, excess = np.empty(len(batch), dtype=np.int64), np.empty(len(batch))
        cost_mappings(
            mappings.bounds,
            mappings.orders,
            mappings.fitted,
            layers,
            mappings.hardware,
            2 * math.isqrt(int(layers[:, : len(DIMENSIONS)].max(initial=1))) + 1,
            results,
            reasons,
            excess,
        )
        return results, reasons, excess, mappings


_EXPLAINED = (
    "",
    "the four bounds of each dimension must multiply to the layer's value",
    "the product of the spatial bounds exceeds num_pes",
    "the tiles of the three tensors exceed rf_words",
    "the tiles of the three tensors exceed glb_words",
)


def _explain(reason: int) -> str:
    return f"{REASONS[reason]}: {_EXPLAINED[reason]}"


def _columns(mappings: Mappings) -> dict[str, Any]:
    """Return the first mapping as column -> value, its bounds exact."""
    orders = mappings.orders[0].reshape(len(LEVELS), len(DIMENSIONS))
    words = ["".join(DIMENSIONS[d] for d in order) for order in orders.tolist()]
    return {
        BOUNDS: EXACT,
        **dict(zip(HARDWARE, mappings.hardware[0].tolist(), strict=False)),
        **dict(zip(BOUND_COLUMNS, mappings.bounds[0].tolist(), strict=True)),
        **dict(zip(ORDER_COLUMNS, words, strict=True)),
    }
