"""What a trace is like, measured on the trace itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.cost_models.dram.trace import Trace

LINE_BYTES = 64
# Rows and banks as ddr3_1600 has them under row_bank_col.
ROW_BYTES = 8192
BANKS = 8


@dataclass(frozen=True)
class Characteristics:
    """Figures of a trace.

    Attributes:
        requests: Number of requests.
        footprint_bytes: Distinct lines times 64 bytes.
        read_share: Reads over requests.
        requests_per_kilocycle: Requests per 1,000 cycles of the trace clock, inf where all are
            due at once. A DDR3 or DDR4 channel serves at most 250.
        row_locality: Share of requests that find the row open which the request before in their
            bank used (ddr3_1600, row_bank_col, served in order).
        sequential_share: Share of requests that go to the line after the last one's.
    """

    requests: int
    footprint_bytes: int
    read_share: float
    requests_per_kilocycle: float
    row_locality: float
    sequential_share: float


def characterise(trace: Trace) -> Characteristics:
    """Return the figures of a trace with absolute times."""
    lines = trace.addresses // LINE_BYTES
    span = int(trace.times.max())
    return Characteristics(
        requests=len(trace),
        footprint_bytes=len(np.unique(lines)) * LINE_BYTES,
        read_share=float(1 - trace.writes.mean()),
        requests_per_kilocycle=1000 * len(trace) / span if span else float("inf"),
        row_locality=_row_locality(trace),
        sequential_share=float((np.diff(lines) == 1).sum() / len(trace)),
    )


def _row_locality(trace: Trace) -> float:
    pages = trace.addresses // ROW_BYTES
    banks, rows = pages % BANKS, pages // BANKS
    order = np.argsort(banks, kind="stable")
    same_bank = np.diff(banks[order]) == 0
    same_row = np.diff(rows[order]) == 0
    return float((same_bank & same_row).sum() / len(trace))


def characteristics_table() -> str:
    """Return a Markdown table of all built-in workloads, measured now."""
    from archgym.cost_models.dram.workloads.registry import list_workloads, load_workload

    head = (
        "| workload | requests | footprint MiB | reads | requests per kilocycle | row locality "
        "| next line | what |\n|---|---|---|---|---|---|---|---|"
    )
    rows = [
        _table_row(name, characterise(load_workload(name)), workload.description)
        for name, workload in list_workloads().items()
    ]
    return "\n".join([head, *rows]) + "\n"


def _table_row(name: str, found: Characteristics, description: str) -> str:
    cells = (
        f"`{name}`",
        f"{found.requests:,}",
        f"{found.footprint_bytes / 2**20:.2f}",
        f"{found.read_share:.0%}",
        f"{found.requests_per_kilocycle:.0f}",
        f"{found.row_locality:.2f}",
        f"{found.sequential_share:.2f}",
        description,
    )
    return f"| {' | '.join(cells)} |"
