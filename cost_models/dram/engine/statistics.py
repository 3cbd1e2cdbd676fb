"""Latency statistics of a run."""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import Array, helper, kernel

DIRECT_BINS = 1 << 15  # read latencies below are counted one by one
MEAN_READ, MEAN_WRITE, FIRST_PERCENTILE = range(3)


@kernel
def latency_statistics(
    latency: Array,
    first: Array,
    burst: Array,
    fractions: Array,
    bins: Array,
    result: Array,
) -> bool:
    """Write mean and percentile latencies, in cycles, to ``result``.

    A percentile p is sorted[min(n - 1, floor(p * n))] over the reads. ``result`` holds mean read,
    mean write, then one value per fraction; entries without requests are left as they are.
    ``bins`` is work space, int64 (DIRECT_BINS,); ``first`` is empty when every request
    is one burst.

    Returns False, with the percentiles left, when a latency exceeds the bins.
    """
    bins[:] = 0
    n_reads, n_writes, read_sum, write_sum = 0, 0, 0, 0
    fits = True
    for q in range(len(latency)):
        cycles = latency[q]
        i = first[q] if len(first) > 0 else q
        if burst[i, S.BURST_WRITE]:
            n_writes += 1
            write_sum += cycles
        else:
            n_reads += 1
            read_sum += cycles
            if cycles < len(bins):
                bins[cycles] += 1
            else:
                fits = False
    if n_writes:
        result[MEAN_WRITE] = write_sum / n_writes
    if n_reads:
        result[MEAN_READ] = read_sum / n_reads
    if n_reads and fits:
        fill_percentiles(n_reads, fractions, bins, result)
    return fits


@helper
def fill_percentiles(n: int, fractions: Array, bins: Array, result: Array) -> None:
    """Read the percentiles (ascending fractions) off a histogram of ``n`` latencies."""
    below, latency = bins[0], 0
    for k in range(len(fractions)):
        position = min(n - 1, int(fractions[k] * n))
        while below <= position:
            latency += 1
            below += bins[latency]
        result[FIRST_PERCENTILE + k] = latency
