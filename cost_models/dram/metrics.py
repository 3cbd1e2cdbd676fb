"""From raw counts and latencies of runs to metric columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.bursts import Bursts
from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.energy import energy_parts
from archgym.cost_models.dram.engine import state
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.statistics import (
    DIRECT_BINS,
    FIRST_PERCENTILE,
    MEAN_READ,
    MEAN_WRITE,
    latency_statistics,
)
from archgym.cost_models.dram.knobs import REFRESH_POLICIES
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.timing import TimingTables

Floats = NDArray[np.float64]
PERCENTILES = np.array([0.50, 0.95, 0.99])
REFRESHES = (Command.REFAB, Command.REFPB, Command.REFSB)


@dataclass(frozen=True)
class Runs:
    """Raw results, one row per run.

    Attributes:
        finished: bool (n,).
        end: int64 (n,), cycle of the last response.
        latencies: float64 (n, 5), mean read, mean write, percentiles of reads, in cycles.
        counts: int64 (n, ranks, N_COUNTS).
    """

    finished: NDArray[np.bool_]
    end: NDArray[np.int64]
    latencies: Floats
    counts: NDArray[np.int64]

    @staticmethod
    def empty(n: int, ranks: int) -> Runs:
        """Return room for ``n`` runs."""
        return Runs(
            np.zeros(n, bool),
            np.zeros(n, np.int64),
            np.full((n, FIRST_PERCENTILE + len(PERCENTILES)), np.nan),
            np.zeros((n, ranks, state.N_COUNTS), np.int64),
        )

    @staticmethod
    def gather(places: Sequence[tuple[Runs, int]], ranks: int) -> Runs:
        """Return runs that are rows of other runs."""
        gathered = Runs.empty(len(places), ranks)
        for row, (runs, index) in enumerate(places):
            gathered.finished[row] = runs.finished[index]
            gathered.end[row] = runs.end[index]
            gathered.latencies[row] = runs.latencies[index]
            gathered.counts[row] = runs.counts[index]
        return gathered

    def record(self, index: int, run: Run, finished: bool, writes: NDArray[np.uint8]) -> None:
        """Take over the results that a run left in its arrays."""
        self.finished[index] = finished
        self.end[index] = run.channel[state.END]
        self.counts[index] = run.counts
        if not finished:
            return
        bins, result = np.zeros(DIRECT_BINS, np.int64), self.latencies[index]
        if not latency_statistics(run.latency, run.first, run.burst, PERCENTILES, bins, result):
            first = run.first[:-1] if len(run.first) else slice(None)
            reads = np.sort(run.latency[writes[first] == 0])
            ranks = np.minimum(len(reads) - 1, (PERCENTILES * len(reads)).astype(np.int64))
            result[FIRST_PERCENTILE:] = reads[ranks]


def metric_columns(
    memory: MemorySpec,
    tables: TimingTables,
    runs: Runs,
    bursts: Bursts,
    retention: str,
    policies: NDArray[np.int64],
) -> dict[str, Floats]:
    """Return the metrics of runs, name -> float64 (n,); NaN for runs that did not finish.

    ``policies`` are the codes of the runs' refresh policies.
    """
    clock_ns = memory.clock_ps / 1000.0
    total_time = runs.end * clock_ns
    energy = energy_parts(memory, tables, runs.counts)
    total_energy = np.sum(list(energy.values()), axis=0)
    latency = runs.latencies * clock_ns
    columns = {
        "total_time_ns": total_time,
        "mean_read_latency_ns": latency[:, MEAN_READ],
        "p50_read_latency_ns": latency[:, FIRST_PERCENTILE],
        "p95_read_latency_ns": latency[:, FIRST_PERCENTILE + 1],
        "p99_read_latency_ns": latency[:, FIRST_PERCENTILE + 2],
        "mean_write_latency_ns": latency[:, MEAN_WRITE],
        "bandwidth_gb_per_s": bursts.n_bytes / total_time,
        "energy_pj": total_energy,
        "average_power_mw": total_energy / total_time,
        **_count_columns(runs),
        **_retention_columns(memory, tables, runs, retention, policies),
        **{f"{part}_energy_pj": values for part, values in energy.items()},
    }
    if runs.finished.all():
        return columns
    return {name: np.where(runs.finished, values, np.nan) for name, values in columns.items()}


def _count_columns(runs: Runs) -> dict[str, Floats]:
    totals = runs.counts.sum(axis=1).astype(np.float64)

    def total(*commands: Command) -> Floats:
        return np.asarray(totals[:, list(commands)].sum(axis=1))

    reads, writes = total(Command.RD, Command.RDA), total(Command.WR, Command.WRA)
    activates = total(Command.ACT)
    with np.errstate(invalid="ignore", divide="ignore"):
        hit_rate = 1.0 - activates / (reads + writes)
    return {
        "n_activates": activates,
        "n_reads": reads,
        "n_writes": writes,
        "n_auto_precharges": total(Command.RDA, Command.WRA),
        "n_precharges_single": total(Command.PRE, Command.PRESB),
        "n_precharges_all": total(Command.PREA),
        "n_refreshes": total(*REFRESHES),
        "n_power_downs_active": total(Command.PDEA),
        "n_power_downs_precharged": total(Command.PDEP),
        "n_self_refreshes": total(Command.SREFEN),
        "row_hit_rate": hit_rate,
    }


def _retention_columns(
    memory: MemorySpec,
    tables: TimingTables,
    runs: Runs,
    retention: str,
    policies: NDArray[np.int64],
) -> dict[str, Floats]:
    """Return by how many refreshes the ranks fall short, self-refresh counting as refreshed.

    Where banks are refreshed apart, the bank that was refreshed least counts, and it must be
    refreshed once per round.
    """
    awake = runs.end[:, None] - runs.counts[:, :, state.ASLEEP_CYCLES]
    required = awake // _round_cycles(tables, policies)[:, None]
    done = runs.counts[:, :, Command.REFAB] + runs.counts[:, :, state.BANK_REFRESHES]
    missing = required - done - memory.standard.max_postponed
    deficit = np.maximum(0, missing).sum(axis=1).astype(np.float64)
    feasible = np.ones_like(deficit) if retention == "ignore" else (deficit == 0) * 1.0
    return {"refresh_deficit": deficit, "feasible": feasible}


def _round_cycles(tables: TimingTables, policies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often a bank must be refreshed under each policy, in cycles."""
    schemes = tables.refresh_schemes
    all_bank = schemes["all_bank"].interval
    cycles = np.full(len(REFRESH_POLICIES), all_bank, np.int64)
    for name, scheme in schemes.items():
        if name != "all_bank":
            cycles[REFRESH_POLICIES.index(name)] = scheme.interval * scheme.n_sets
    return cycles[policies]
