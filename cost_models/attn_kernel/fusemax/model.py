"""Attention on FuseMax and on the steps towards it as a cost model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.attn_kernel.attention import Attention
from archgym.cost_models.attn_kernel.fusemax.constants import CONFIGS, constants
from archgym.cost_models.attn_kernel.fusemax.energy import (
    area_um2,
    chip_energy_pj,
    linear_energy_pj,
    memory_energy_pj,
)
from archgym.cost_models.attn_kernel.fusemax.operations import (
    ON_2D,
    Tiling,
    compute_time,
    einsum_cycles,
    total_of,
)
from archgym.cost_models.attn_kernel.fusemax.traffic import Buffers, traffic
from archgym.metric import Metric
from archgym.outcome import Measurements

Floats = NDArray[np.float64]

METRICS = (
    Metric("latency_s", "s", "minimize", "attention: the slower of arrays and memory, by phase"),
    Metric("compute_latency_s", "s", "minimize", "attention with memory of any speed"),
    Metric("memory_latency_s", "s", "minimize", "traffic / bandwidth"),
    Metric("traffic_B", "B", "minimize", "attention: bytes from and to memory"),
    Metric("util_2d", "1", "maximize", "share of latency in which the 2-D array works"),
    Metric("util_1d", "1", "maximize", "share of latency in which the 1-D array works"),
    Metric("energy_j", "J", "minimize", "attention: chip and memory"),
    Metric("memory_energy_j", "J", "minimize", "the part of it that traffic costs"),
    Metric("linear_latency_s", "s", "minimize", "the six linear layers around attention"),
    Metric("linear_energy_j", "J", "minimize", "the six linear layers around attention"),
    Metric("total_latency_s", "s", "minimize", "attention and linear layers"),
    Metric("total_energy_j", "J", "minimize", "attention and linear layers"),
    Metric("passes", "1", "minimize", "how often a query meets all keys before its result"),
    Metric("area_um2", "um^2", "minimize", "both arrays and L3, 45 nm"),
)

_PASSES = {"unfused": 3, "flat": 3, "cascade": 1, "arch": 1, "binding": 1}
_PICO, _GIGA, _GIBI = 1e-12, 1e9, 2**30


@dataclass(frozen=True)
class Machine:
    """What all designs share.

    Attributes:
        clock_hz: Of both arrays.
        bytes_per_s: Of memory.
    """

    clock_hz: float
    bytes_per_s: float

    @staticmethod
    def of(clock_ghz: float, bandwidth_gib_per_s: float) -> Machine:
        """Return the machine of the usual units."""
        return Machine(clock_ghz * _GIGA, bandwidth_gib_per_s * _GIBI)


class FuseMaxModel(CostModel):
    """Closed forms of the FuseMax artifact for five configurations.

    Args:
        machine: Clock and memory.
    """

    name = "fusemax"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "FuseMax (MICRO 2024) and its artifact (FPSG-UIUC/micro24-fusemax-artifact, MIT)",
        "FLAT (ASPLOS 2023) as the artifact models it",
    )
    leaves_out = (
        "masks, so half of the work of a causal model; normalisation, biases, activations",
        "energy of other arrays than 256 x 256 and areas of other arrays than FuseMax's",
        "FLAT's search over mappings while its scores fit: its traffic is a table",
    )
    checked_against = (
        "114 of the artifact's 120 results (5 configurations, 4 models, 6 lengths): latency, "
        "traffic, utilisation exact; FLAT's traffic up to 64K 3e-5, unfused from 256K on 0.4 %",
        "energy: within 1 %, up to 64K within 0.4 %, of binding and arch within 1e-5",
        "13 designs of its Pareto study: latency and traffic exact, area within 1.5 %",
        "a walk over tiles and operations one by one on small attention layers",
    )

    def __init__(self, machine: Machine):
        self._machine = machine

    def evaluate(self, batch: Batch, workload: Attention) -> Measurements:
        """Return the measurements of designs; NaN where a query tile exceeds L3."""
        codes, buffers = _config_codes(batch), _buffers(batch)
        results = np.full((len(METRICS), len(batch)), np.nan)
        excess = np.zeros(len(batch))
        for code in np.unique(codes):
            rows = codes == code
            part = Buffers(buffers.pe[rows], buffers.l3[rows], buffers.query_tile[rows])
            results[:, rows], excess[rows] = self._cost(CONFIGS[code], workload, part)
        results[:, excess > 0] = np.nan
        reason = "l3_capacity: the query tile with its keys and values exceeds l3_B"
        errors = dict.fromkeys(np.flatnonzero(excess).tolist(), reason)
        metrics = {m.name: values for m, values in zip(METRICS, results, strict=True)}
        return Measurements(metrics, excess, np.zeros(len(batch), dtype=np.uint8), errors)

    def detail(
        self, design: Batch, workload: Attention
    ) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the einsums of FuseMax's cascade where the design has them."""
        if CONFIGS[_config_codes(design)[0]] not in ("arch", "binding"):
            return {}
        cycles = einsum_cycles(Tiling.of(workload, _buffers(design).pe))
        times = np.array([values[0] for values in cycles.values()])
        arrays = ["2d" if name in ON_2D else "1d" for name in cycles]
        table: dict[str, NDArray[Any]] = {
            "einsum": np.array(list(cycles), dtype=object),
            "array": np.array(arrays, dtype=object),
            "cycles": times,
            "time_s": times / self._machine.clock_hz,
        }
        return {"einsums": table}

    def _cost(
        self, config: str, attention: Attention, buffers: Buffers
    ) -> tuple[NDArray[np.float64], Floats]:
        """Return all metrics, (len(METRICS), n), and by how much L3 is too small, (n,)."""
        compute = compute_time(config, Tiling.of(attention, buffers.pe))
        moved = traffic(config, attention, buffers)
        seconds = [cycles / self._machine.clock_hz for cycles in compute.phases]
        waits = [count / self._machine.bytes_per_s for count in moved.phases]
        latency = total_of([np.maximum(*both) for both in zip(seconds, waits, strict=True)])
        total = total_of(moved.phases)
        memory_j = memory_energy_pj(total) * _PICO
        energy_j = chip_energy_pj(config, attention) * _PICO + memory_j
        linear_s = self._linear_latency(attention, buffers.pe)
        linear_j = linear_energy_pj(config, attention) * _PICO
        rows: tuple[Floats | float, ...] = (
            latency,
            total_of(seconds),
            total_of(waits),
            total,
            compute.busy_2d / self._machine.clock_hz / latency,
            compute.busy_1d / self._machine.clock_hz / latency,
            energy_j,
            memory_j,
            linear_s,
            linear_j,
            latency + linear_s,
            energy_j + linear_j,
            _PASSES[config],
            area_um2(buffers.pe, buffers.l3),
        )
        excess = np.maximum(moved.needed / buffers.l3 - 1.0, 0.0)
        table = np.empty((len(rows), len(buffers.pe)))
        for at, row in enumerate(rows):
            table[at] = row
        return table, excess

    def _linear_latency(self, attention: Attention, pe: Floats) -> Floats:
        """Return the time of the linear layers, each the slower of array and memory."""
        word, tokens = constants()["machine"]["word_bytes"], attention.tokens
        total = np.zeros(len(pe))
        for inputs, outputs in attention.linear_layers:
            macs = tokens * inputs * outputs
            words = tokens * inputs + tokens * outputs + inputs * outputs
            busy = macs / (pe**2 * self._machine.clock_hz)
            total += np.maximum(busy, word * words / self._machine.bytes_per_s)
        return total


def _config_codes(batch: Batch) -> NDArray[np.int64]:
    """Return the place of each design's configuration in `CONFIGS`, int64 (n,)."""
    words = batch.space["config"].decode(np.arange(len(CONFIGS))[:, None]).tolist()
    return np.array([CONFIGS.index(word) for word in words])[batch.code("config")]


def _buffers(batch: Batch) -> Buffers:
    """Return the designs' sizes; an L3 of 0 is the usual one of its configuration."""
    usual = np.array([constants()["l3_bytes"][config] for config in CONFIGS])
    l3 = batch["l3_B"]
    chosen = np.where(l3 > 0, l3, usual[_config_codes(batch)])
    pe, tile = batch["pe_dim"], batch["query_tile"]
    return Buffers(pe.astype(np.float64), chosen.astype(np.float64), tile.astype(np.float64))
