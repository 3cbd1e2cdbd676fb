"""Numbers of a trace that decide what it costs under any controller."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.trace import Trace
from archgym.cost_models.dram.workloads.characteristics import BANKS, LINE_BYTES, ROW_BYTES

# A controller looks so far back and ahead, about, for requests to the same row.
_WINDOW = 16


def trace_features(trace: Trace) -> dict[str, float]:
    """Return the features of a trace, rows and banks as ddr3_1600 has them (row_bank_col).

    Returns:
        ``requests``; ``lines_per_request``, of 64 bytes; ``write_share``; ``turnaround_share``,
        requests of another direction than the one before; ``mean_gap_cycles`` of the trace's
        clock between requests, and ``gap_variation``, its standard deviation over its mean;
        ``row_hit_share``, requests to the row that the one before in their bank used;
        ``near_row_share``, to a row that one of the 16 requests before used; ``same_bank_share``,
        to the bank of the one before; ``bank_spread``, how many banks share the requests
        (exponential of the entropy); ``rows``, how many different rows there are.
    """
    pages = trace.addresses // ROW_BYTES
    banks, gaps = pages % BANKS, _gaps(trace)
    return {
        "requests": float(len(trace)),
        "lines_per_request": float(np.maximum(1, -(-trace.lengths // LINE_BYTES)).mean()),
        "write_share": float(trace.writes.mean()),
        "turnaround_share": _share(np.diff(trace.writes) != 0),
        "mean_gap_cycles": float(gaps.mean()),
        "gap_variation": float(gaps.std() / gaps.mean()) if gaps.any() else 0.0,
        "row_hit_share": _row_hits(pages, banks),
        "near_row_share": _near(pages),
        "same_bank_share": _share(np.diff(banks) == 0),
        "bank_spread": _spread(banks),
        "rows": float(len(np.unique(pages))),
    }


def _gaps(trace: Trace) -> NDArray[np.int64]:
    """Return the cycles before each request, the first of which waits for none."""
    return trace.times if trace.relative else np.diff(trace.times, prepend=0)


def _share(which: NDArray[np.bool_]) -> float:
    return float(which.mean()) if len(which) else 0.0


def _row_hits(pages: NDArray[np.int64], banks: NDArray[np.int64]) -> float:
    order = np.argsort(banks, kind="stable")
    return _share(np.diff(pages[order]) == 0)


def _near(pages: NDArray[np.int64]) -> float:
    found = np.zeros(len(pages), dtype=bool)
    for lag in range(1, _WINDOW + 1):
        found[lag:] |= pages[lag:] == pages[:-lag]
    return _share(found)


def _spread(banks: NDArray[np.int64]) -> float:
    shares = np.bincount(banks, minlength=BANKS) / len(banks)
    used = shares[shares > 0]
    return float(np.exp(-(used * np.log(used)).sum()))
