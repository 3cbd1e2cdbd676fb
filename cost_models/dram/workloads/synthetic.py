"""Traces drawn from a recipe instead of a program: the classical extremes of locality and load.

`sequential`, `triad`, `uniform`, `strided` and `chase` span the corners (row hits or misses, reads
or writes, saturated or idle); `segments` is the recipe of ArchGym's four traces; `bursty_mix`
joins all of it in one stream, as a shared channel of a many-core sees it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.trace import Trace, make_trace

LINE_BYTES = 64
Int = NDArray[np.int64]


def sequential(
    name: str, *, requests: int, base: int, cycles_per_request: int, step: int = LINE_BYTES
) -> Trace:
    """Return reads of consecutive lines from ``base`` on, one per ``cycles_per_request``."""
    index = np.arange(requests)
    return _reads(name, index * cycles_per_request, base + step * index)


def triad(name: str, *, requests: int, read_bases: tuple[int, int], write_base: int) -> Trace:
    """Return one line of each of two read and one written array in turn, all due at cycle 0."""
    index = np.arange(requests)
    bases = np.array([*read_bases, write_base])
    addresses = bases[index % 3] + LINE_BYTES * (index // 3)
    return make_trace(name, np.zeros(requests), index % 3 == 2, addresses)


def uniform(
    name: str, *, requests: int, seed: int, region_bytes: int, mean_gap_cycles: float
) -> Trace:
    """Return reads of uniformly drawn lines at geometric gaps."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.geometric(1 / mean_gap_cycles, requests)) - 1
    return _reads(name, times, _uniform_lines(rng, region_bytes, requests))


def uniform_saturated(
    name: str, *, requests: int, seed: int, region_bytes: int, write_share: float
) -> Trace:
    """Return reads and writes of uniformly drawn lines, all due at cycle 0."""
    rng = np.random.default_rng(seed)
    writes = rng.random(requests) < write_share
    addresses = _uniform_lines(rng, region_bytes, requests)
    return make_trace(name, np.zeros(requests), writes, addresses)


def strided(
    name: str, *, requests: int, seed: int, stride: int, region_bytes: int, mean_gap_cycles: float
) -> Trace:
    """Return reads ``stride`` bytes apart, modulo the region, at geometric gaps."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.geometric(1 / mean_gap_cycles, requests)) - 1
    return _reads(name, times, np.arange(requests) * stride % region_bytes)


def chase(
    name: str, *, requests: int, seed: int, region_bytes: int, cycles_per_request: int
) -> Trace:
    """Return reads that follow a random permutation of the region's lines, far apart in time."""
    lines = np.random.default_rng(seed).permutation(region_bytes // LINE_BYTES)[:requests]
    return _reads(name, np.arange(requests) * cycles_per_request, lines * LINE_BYTES)


def segments(
    name: str,
    *,
    requests: int,
    seed: int,
    region_bytes: int,
    sequential_share: float,
    segment_requests: int = 50,
    longest_segment: int = 10,
) -> Trace:
    """Return reads on consecutive cycles in segments, each a stream or uniformly random.

    A segment is 1 to ``longest_segment`` times ``segment_requests`` long. Shares of 1 and 0 give
    ArchGym's ``stream`` and ``random``, a share of one half its ``cloud-1`` and ``cloud-2``.
    """
    rng = np.random.default_rng(seed)
    pieces: list[Int] = []
    left = requests
    while left > 0:
        count = segment_requests * int(rng.integers(1, longest_segment + 1))
        if sequential_share == 1.0:
            count = requests
        lines = _uniform_lines(rng, region_bytes, count)
        if rng.random() < sequential_share:
            lines = (lines[0] + LINE_BYTES * np.arange(count)) % region_bytes
        pieces.append(lines)
        left -= count
    return _reads(name, np.arange(requests), np.concatenate(pieces)[:requests])


def bursty_mix(
    name: str,
    *,
    requests: int,
    seed: int,
    region_bytes: int = 1 << 30,
    mean_burst_requests: float = 40.0,
    mean_pause_cycles: float = 400.0,
    burst_gap_cycles: float = 2.0,
    streams: int = 4,
    jump_probability: float = 0.01,
    hot_lines: int = 256,
    zipf_exponent: float = 1.2,
    stream_share: float = 0.6,
    hot_share: float = 0.2,
    write_share: float = 0.3,
) -> Trace:
    """Return on/off bursts that mix jumping streams, Zipf-distributed hot lines and random lines.

    The rest of ``stream_share`` and ``hot_share`` is uniform over the region. Requests inside a
    burst are ``burst_gap_cycles`` apart on average, bursts ``mean_pause_cycles``.
    """
    rng = np.random.default_rng(seed)
    times = _bursty_times(rng, requests, mean_burst_requests, burst_gap_cycles, mean_pause_cycles)
    kind = rng.random(requests)
    addresses = _uniform_lines(rng, region_bytes, requests)
    hot = (kind >= stream_share) & (kind < stream_share + hot_share)
    table = _uniform_lines(rng, region_bytes, hot_lines)
    popularity = np.arange(1, hot_lines + 1) ** -zipf_exponent
    ranks = rng.choice(hot_lines, int(hot.sum()), p=popularity / popularity.sum())
    addresses[hot] = table[ranks]
    owner = np.where(kind < stream_share, rng.integers(0, streams, requests), -1)
    for stream in range(streams):
        mine = owner == stream
        addresses[mine] = _jumping_stream(rng, region_bytes, int(mine.sum()), jump_probability)
    return make_trace(name, times, rng.random(requests) < write_share, addresses)


def _bursty_times(
    rng: np.random.Generator, requests: int, burst: float, gap: float, pause: float
) -> Int:
    within = rng.geometric(1 / gap, requests)
    between = rng.geometric(1 / pause, requests)
    starts = rng.random(requests) < 1 / burst
    return np.cumsum(np.where(starts, between, within)) - 1


def _jumping_stream(
    rng: np.random.Generator, region_bytes: int, count: int, jump_probability: float
) -> Int:
    """Return lines that run on, and restart at a random place with the given probability."""
    index = np.arange(count)
    jumps = rng.random(count) < jump_probability
    jumps[:1] = True
    last_jump = np.maximum.accumulate(np.where(jumps, index, 0))
    places = _uniform_lines(rng, region_bytes, count)
    return (places[last_jump] + LINE_BYTES * (index - last_jump)) % region_bytes


def _uniform_lines(rng: np.random.Generator, region_bytes: int, count: int) -> Int:
    return rng.integers(0, region_bytes // LINE_BYTES, count) * LINE_BYTES


def _reads(name: str, times: Int, addresses: Int) -> Trace:
    return make_trace(name, times, np.zeros(len(times)), addresses)
