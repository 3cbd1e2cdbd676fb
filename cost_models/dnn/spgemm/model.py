"""Dataflows of sparse matrix products as a cost model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.spgemm.hardware import Floats, Hardware
from archgym.cost_models.dnn.spgemm.product import HashCounts, Product
from archgym.metric import Metric
from archgym.outcome import Measurements

Ints = NDArray[np.int64]

DATAFLOWS = ("row_wise", "outer", "inner")
ROW_WISE, OUTER, INNER = range(3)

METRICS = (
    Metric("time_s", "s", "minimize", "the longest of compute_s, memory_s and atomic_s"),
    Metric("traffic_B", "B", "minimize", "from and to memory, in all"),
    Metric("a_traffic_B", "B", "minimize", "entries of A"),
    Metric("b_traffic_B", "B", "minimize", "entries of B"),
    Metric("partial_traffic_B", "B", "minimize", "partial products, out and back", signed=True),
    Metric("c_traffic_B", "B", "minimize", "entries of C", signed=True),
    Metric("energy_pj", "pJ", "minimize", "multiplications, atomic operations and memory"),
    Metric("flops", "1", "neutral", "multiplications, each with an addition; partial products"),
    Metric("nnz_c", "1", "neutral", "entries of C"),
    Metric("atomics", "1", "minimize", "slots of hash tables looked at", signed=True),
    Metric("collisions", "1", "minimize", "of them, taken by another column", signed=True),
    Metric("spilled_rows", "1", "minimize", "whose hash table does not fit", signed=True),
    Metric("spilled_products", "1", "minimize", "that find no room in a table", signed=True),
    Metric("compute_s", "s", "minimize", "flops / rate of the threads", signed=True),
    Metric("memory_s", "s", "minimize", "traffic_B / bandwidth"),
    Metric("atomic_s", "s", "minimize", "atomics / rate of the scratchpad", signed=True),
    Metric("on_chip_B", "B", "minimize", "the scratchpad"),
)


@dataclass(frozen=True)
class Designs:
    """Designs as columns of shape (n,).

    Attributes:
        dataflow: Index in `DATAFLOWS`.
        scratchpad: Bytes.
        load_factor: Share of a hash table that may be filled.
        threads: That multiply.
    """

    dataflow: Ints
    scratchpad: Ints
    load_factor: Floats
    threads: Ints


class SpgemmModel(CostModel):
    """Row-wise, outer and inner products of sparse matrices, counted on their index sets."""

    name = "index_sets"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "SMASH: row-wise products with atomic hashing in a scratchpad",
        "Gustavson (ACM TOMS 1978) for row-wise, OuterSPACE (HPCA 2018) for outer products",
        "constants: cost_models/dnn/spgemm/hardware.yaml",
    )
    leaves_out = (
        "row pointers; caches: rows of B are fetched at each use, as nothing holds operands",
        "matching of indices in inner products, merging in outer ones; imbalance of threads",
        "threads that wait for the same slot; leakage",
    )
    checked_against = (
        "scipy.sparse: entries of the product",
        "a plain walk over all entries on small matrices: every count",
    )

    def __init__(self, machine: Hardware):
        self._machine = machine

    def evaluate(self, batch: Batch, workload: Product) -> Measurements:
        """Return the measurements of designs on a product."""
        designs, machine = designs_of(batch), self._machine
        hashing = _hashing(designs, workload, machine)
        traffic = _traffic(designs, workload, machine, hashing[1])
        total = sum(traffic.values(), start=np.zeros(len(batch)))
        atomics = hashing[0]
        flops = np.full(len(batch), float(workload.flops))
        compute, memory = (
            flops / (designs.threads * machine.thread_rate),
            total / machine.bandwidth,
        )
        atomic = atomics / machine.atomic_rate
        return Measurements.of(
            {
                "time_s": np.maximum(np.maximum(compute, memory), atomic),
                "traffic_B": total,
                **traffic,
                "energy_pj": flops * machine.mac_pj
                + atomics * machine.atomic_energy_pj(designs.scratchpad)
                + total * machine.dram_pj,
                "flops": flops,
                "nnz_c": np.full(len(batch), float(workload.nnz_c)),
                "atomics": atomics,
                "collisions": np.where(designs.dataflow == ROW_WISE, atomics - flops, 0.0),
                "spilled_rows": hashing[2],
                "spilled_products": hashing[1],
                "compute_s": compute,
                "memory_s": memory,
                "atomic_s": atomic,
                "on_chip_B": designs.scratchpad,
            }
        )


def designs_of(batch: Batch) -> Designs:
    """Return the designs of a space with these columns."""
    words = batch["dataflow"].tolist()
    return Designs(
        np.array([DATAFLOWS.index(word) for word in words], dtype=np.int64),
        batch["scratchpad_B"].astype(np.int64),
        batch["hash_load_factor"].astype(np.float64),
        batch["threads"].astype(np.int64),
    )


def _hashing(designs: Designs, product: Product, machine: Hardware) -> Floats:
    """Return atomics, spilled products and spilled rows, float64 (3, n), 0 unless row-wise."""
    slots = designs.scratchpad // machine.slot_bytes
    none = HashCounts(0, 0, 0)
    counts = [
        product.hash_counts(room, factor) if dataflow == ROW_WISE else none
        for dataflow, room, factor in zip(
            designs.dataflow.tolist(), slots.tolist(), designs.load_factor.tolist(), strict=True
        )
    ]
    rows = [(c.atomics, c.spilled_products, c.spilled_rows) for c in counts]
    return np.array(rows, dtype=np.float64).T


def _traffic(
    designs: Designs, product: Product, machine: Hardware, spilled: Floats
) -> dict[str, Floats]:
    """Return the bytes of each part, name -> float64 (n,).

    Row-wise: A once, a row of B at each use, and what spills out and back. Outer: both once, all
    partial products out and back. Inner: a block of C at a time, for which its rows of A and
    columns of B are fetched unless either holds nothing.
    """
    by_threads = {threads: product.blocks(threads) for threads in set(designs.threads.tolist())}
    row_blocks, column_blocks = np.array([by_threads[t] for t in designs.threads.tolist()]).T
    dataflow, ones = designs.dataflow, np.ones(len(designs.dataflow))
    entries = {
        "a_traffic_B": product.a.entries * np.choose(dataflow, [ones, ones, column_blocks]),
        "b_traffic_B": np.choose(
            dataflow,
            [product.flops * ones, product.b.entries * ones, product.b.entries * row_blocks],
        ),
        "partial_traffic_B": 2 * np.choose(dataflow, [spilled, product.flops * ones, 0 * ones]),
        "c_traffic_B": product.nnz_c * ones,
    }
    return {name: values * machine.entry_bytes for name, values in entries.items()}
