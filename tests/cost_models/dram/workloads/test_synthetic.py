"""The recipes: bit-equal to the reference traces, and their statistics as asked for."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.dram.workloads import load_workload
from archgym.cost_models.dram.workloads.synthetic import bursty_mix, segments, uniform
from tests.shared_data import shared_data

REFERENCE = ("stream_r", "triad_sat", "rand_r", "rand_rw_sat", "stride_r", "chase_r")


@pytest.mark.parametrize("name", REFERENCE)
def test_equals_the_reference_trace(name):
    reference = np.load(shared_data("dram", "traces", f"{name}.npz"))
    trace = load_workload(name)
    assert np.array_equal(trace.times, reference["t"])
    assert np.array_equal(trace.writes, reference["w"])
    assert np.array_equal(trace.addresses, reference["a"])


def test_archgym_traces_read_on_consecutive_cycles():
    for name in ("stream", "random", "cloud_1", "cloud_2"):
        trace = load_workload(f"archgym_{name}")
        assert np.array_equal(trace.times, np.arange(10_000))
        assert not trace.writes.any()
    stream = load_workload("archgym_stream")
    assert set(np.diff(stream.addresses)) <= {64, 64 - (1 << 30)}


def test_cloud_segments_are_multiples_of_fifty_and_mix_both_kinds():
    trace = load_workload("archgym_cloud_1")
    sequential = np.diff(trace.addresses) == 64
    changes = np.flatnonzero(sequential[1:] & ~sequential[:-1]) + 1
    assert set(changes.tolist()) <= set(range(0, 10_000, 50))
    assert 0.25 < sequential.mean() < 0.75


def test_uniform_follows_its_parameters():
    trace = uniform("u", requests=20_000, seed=1, region_bytes=1 << 20, mean_gap_cycles=9)
    assert trace.times[-1] / len(trace) == pytest.approx(9, rel=0.05)
    assert trace.addresses.max() < 1 << 20
    counts = np.bincount(trace.addresses >> 17, minlength=8)
    # Eight bins of 2,500: six standard deviations are about 280.
    assert abs(counts - 2_500).max() < 280


def test_bursty_mix_follows_its_parameters():
    mix = bursty_mix("m", requests=20_000, seed=2, write_share=0.4)
    assert mix.writes.mean() == pytest.approx(0.4, abs=0.02)
    gaps = np.diff(mix.times)
    assert (gaps > 50).mean() == pytest.approx(1 / 40 * np.exp(-50 / 400), rel=0.3)
    assert np.median(gaps) <= 2
    lines, counts = np.unique(mix.addresses, return_counts=True)
    assert counts.max() > 400  # the hottest line takes a good part of the hot fifth
    assert len(lines) > 10_000


def test_bursty_mix_has_streams_when_asked_for_nothing_else():
    mix = bursty_mix("m", requests=5_000, seed=3, streams=1, stream_share=1, hot_share=0)
    assert (np.diff(mix.addresses) == 64).mean() == pytest.approx(0.99, abs=0.01)


def test_seeds_matter():
    recipe = {"requests": 500, "region_bytes": 1 << 30, "sequential_share": 0.5}
    first, again, other = (segments("s", seed=seed, **recipe) for seed in (1, 1, 2))
    assert np.array_equal(first.addresses, again.addresses)
    assert not np.array_equal(first.addresses, other.addresses)
