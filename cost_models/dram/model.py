"""The memory-controller simulator as a cost model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.energy import PARTS
from archgym.cost_models.dram.knobs import KNOBS, Knob
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.trace import Trace
from archgym.metric import Metric
from archgym.outcome import Measurements, Status
from archgym.scalar_parameters import Categorical

if TYPE_CHECKING:
    from archgym.cost_models.dram.simulate import Simulation

STALLED = "the watchdog saw no progress"

METRICS = (
    Metric("total_time_ns", "ns", "minimize", "from 0 to the delivery of the last response"),
    Metric("mean_read_latency_ns", "ns", "minimize", "per read, from its offer to its response"),
    Metric("p50_read_latency_ns", "ns", "minimize", "sorted[min(n - 1, floor(0.50 n))] of reads"),
    Metric("p95_read_latency_ns", "ns", "minimize", "sorted[min(n - 1, floor(0.95 n))] of reads"),
    Metric("p99_read_latency_ns", "ns", "minimize", "sorted[min(n - 1, floor(0.99 n))] of reads"),
    Metric("mean_write_latency_ns", "ns", "minimize", "per write, from its offer to its response"),
    Metric("bandwidth_gb_per_s", "GB/s", "maximize", "requested bytes / total time, 1e9 B/s"),
    Metric(
        "energy_pj",
        "pJ",
        "minimize",
        "of all devices; none without currents, nor with refresh of some banks without idd5pb",
    ),
    Metric("average_power_mw", "mW", "minimize", "energy / total time"),
    Metric("n_activates", description="ACT commands"),
    Metric("n_reads", description="RD and RDA commands"),
    Metric("n_writes", description="WR and WRA commands"),
    Metric("n_auto_precharges", description="RDA and WRA commands"),
    Metric("n_precharges_single", description="PRE and PREsb commands"),
    Metric("n_precharges_all", description="PREA commands"),
    Metric("n_refreshes", description="REF commands, of all or of some banks"),
    Metric("n_power_downs_active", description="entries with a bank open"),
    Metric("n_power_downs_precharged", description="entries with all banks closed"),
    Metric("n_self_refreshes", description="entries"),
    Metric(
        "row_hit_rate",
        direction="maximize",
        description="1 - activates / (reads + writes); below 0 when refreshes re-open rows",
        signed=True,
    ),
    Metric(
        "refresh_deficit",
        direction="minimize",
        description="refreshes that the worst bank of each rank misses at the end, beyond the 8"
        " (DDR5: 4) that may be postponed",
        signed=True,
    ),
    Metric("feasible", direction="maximize", description="1 where retention holds", signed=True),
    *(Metric(f"{part}_energy_pj", "pJ", "minimize", "part of the energy") for part in PARTS),
)


class MemoryControllerModel(CostModel):
    """Event-driven simulation of one memory channel.

    Attributes:
        memory: The memory behind the controller.
        settings: Further arguments of every call of ``simulate``.
    """

    name = "simulator"
    version = "2"
    fidelity = "simulator"
    metrics = METRICS
    sources = (
        "DRAMSys v5.0 (Steiner et al., IJPP 2022, doi:10.1007/s10766-022-00727-4): controller",
        "DRAMPower 4 (Chandrasekar et al.; commit 9e64a1b): energy",
        "JEDEC JESD79-3, -4, -5, JESD209-4, -5, JESD235, JESD250: timing",
    )
    leaves_out = (
        "several channels, ECC, masked writes, termination and IO energy",
        "energy of DDR5, LPDDR5, HBM2, GDDR6 and lpddr4_3200: there are no trustworthy currents",
        "the order of an arrival and a wake-up in one cycle where the reference leaves it open",
    )
    checked_against = (
        "DRAMSys v5.0, 276 runs of 50,000 requests: reads, writes and refreshes exact; DDR3 and "
        "DDR4 total time exact, mean read latency within 0.13 %, energy within 0.04 %; LPDDR4 "
        "time within 0.24 %, latency within 0.4 %; HBM2 time within 0.19 %, latency within 2 %",
        "an independent cycle-by-cycle controller on short traces: the same commands in the same "
        "cycles; an independent JEDEC checker: no violation in a million commands per memory",
        "DDR5, LPDDR5 and GDDR6 have no recorded runs: only the two checks above, and unloaded "
        "latency and peak bandwidth worked out by hand",
    )

    def __init__(
        self,
        memory: MemorySpec,
        *,
        trace_clock_mhz: float | None = None,
        request_bytes: int | None = None,
        wrap_addresses: bool = False,
        allow_unsorted: bool = False,
        retention: Literal["enforce", "ignore"] = "enforce",
        threads: int = 1,
    ):
        """Take the arguments of ``simulate`` that are the same for all designs."""
        self.memory = memory
        self.settings: dict[str, Any] = {
            "trace_clock_mhz": trace_clock_mhz,
            "request_bytes": request_bytes,
            "wrap_addresses": wrap_addresses,
            "allow_unsorted": allow_unsorted,
            "retention": retention,
            "threads": threads,
        }

    def evaluate(self, batch: Batch, workload: Trace) -> Measurements:
        """Return the measurements of each design on a trace.

        Raises:
            WorkloadError: The trace is empty, not in order, or does not fit the memory.
        """
        simulation = self._simulate(self._codes(batch), workload)
        status = np.where(simulation.finished, Status.OK, Status.CRASHED).astype(np.uint8)
        stalled = np.flatnonzero(~simulation.finished)
        return Measurements(
            simulation.metrics,
            _violation(simulation.metrics),
            status,
            {int(row): STALLED for row in stalled},
        )

    def detail(self, design: Batch, workload: Trace) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the command log of one design."""
        log = self._simulate(self._codes(design), workload, log=True).log
        assert log is not None
        names = np.array([command.name for command in Command], dtype=object)
        columns = {
            "cycle": log.cycle,
            "command": names[log.command],
            "rank": log.rank,
            "bank": log.bank,
            "row": log.row,
            "request": log.request,
        }
        return {"commands": columns}

    def export(self, design: Batch, workload: Trace) -> Mapping[str, str]:
        """Return one design and its trace as a DRAMSys v5.0 resource folder."""
        from archgym.cost_models.dram.export import dramsys_configuration
        from archgym.cost_models.dram.workloads.writers import stl_lines

        name = f"trace{'.rstl' if workload.relative else '.stl'}"
        clock = self.settings["trace_clock_mhz"] or self.memory.clock_mhz
        values = {knob.name: knob.default for knob in KNOBS} | design.dicts()[0]
        files = dramsys_configuration(self.memory, values, name, clock)
        size = self.settings["request_bytes"] or self.memory.request_bytes
        lengths = np.where(workload.lengths > 0, workload.lengths, size)
        lines = stl_lines(replace(workload, lengths=lengths))
        return {**files, f"traces/{name}": "".join(lines)}

    def _codes(self, batch: Batch) -> NDArray[np.int64]:
        return knob_codes(batch, self.memory.mapping_names)

    def _simulate(
        self, codes: NDArray[np.int64], workload: Trace, log: bool = False
    ) -> Simulation:
        from archgym.cost_models.dram.simulate import simulate

        return simulate(self.memory, workload, codes, log=log, **self.settings)


def _violation(metrics: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the missing refreshes relative to the refreshes required, 0 where feasible."""
    deficit = np.nan_to_num(metrics["refresh_deficit"])
    required = np.maximum(1.0, deficit + np.nan_to_num(metrics["n_refreshes"]))
    return np.where(metrics["feasible"] == 0, deficit / required, 0.0)


def knob_codes(batch: Batch, mapping_names: Sequence[str]) -> NDArray[np.int64]:
    """Return designs as codes, int64 (n, 15); knobs outside the space keep their default.

    Args:
        batch: The designs.
        mapping_names: Address maps in the order of their codes, those of the user's file included.
    """
    columns = [
        _codes(batch, knob, mapping_names if knob.name == "address_mapping" else knob.values)
        for knob in KNOBS
    ]
    return np.stack(columns, axis=1).astype(np.int64)


def _codes(batch: Batch, knob: Knob, values: Sequence[str]) -> NDArray[Any]:
    if knob.name not in batch.space.names:
        return np.full(len(batch), knob.code(knob.default))
    if not values:
        return batch[knob.name]
    parameter = batch.space[knob.name]
    assert isinstance(parameter, Categorical)
    offered = parameter.decode(np.arange(len(parameter.values) + len(parameter.legal))[:, None])
    codes = np.array([values.index(value) for value in offered.tolist()])
    return codes[batch.code(knob.name)]
