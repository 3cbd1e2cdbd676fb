"""Latency statistics of a run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import kernel

PERCENTILES = (0.50, 0.95, 0.99)
DIRECT_BINS = 1 << 16  # latencies below are counted, longer spans are sorted


@kernel
def latency_statistics(
    request: NDArray, first: NDArray, burst: NDArray, fractions: NDArray, result: NDArray
) -> None:
    """Write mean and percentile read latencies and the mean write latency, in cycles.

    ``result`` is float64 (2 + len(fractions),): mean read, mean write, then the percentiles,
    sorted[min(n - 1, floor(p * n))]; NaN where there is no such request.
    """
    n_reads, n_writes, read_sum, write_sum, longest = 0, 0, 0, 0, 0
    for q in range(len(request)):
        latency = request[q, S.LATENCY]
        if burst[first[q], S.BURST_WRITE]:
            n_writes += 1
            write_sum += latency
        else:
            n_reads += 1
            read_sum += latency
            longest = max(longest, latency)
    result[:] = np.nan
    if n_writes:
        result[1] = write_sum / n_writes
    if n_reads == 0:
        return
    result[0] = read_sum / n_reads
    if longest < DIRECT_BINS:
        bins = np.zeros(longest + 1, np.int64)
        for q in range(len(request)):
            if not burst[first[q], S.BURST_WRITE]:
                bins[request[q, S.LATENCY]] += 1
        below, k = 0, 0
        for latency in range(longest + 1):
            below += bins[latency]
            while k < len(fractions) and below > min(n_reads - 1, int(fractions[k] * n_reads)):
                result[2 + k] = latency
                k += 1
        return
    latencies = np.empty(n_reads, np.int64)
    n = 0
    for q in range(len(request)):
        if not burst[first[q], S.BURST_WRITE]:
            latencies[n] = request[q, S.LATENCY]
            n += 1
    latencies.sort()
    for k in range(len(fractions)):
        result[2 + k] = latencies[min(n_reads - 1, int(fractions[k] * n_reads))]
