"""Features of traces against slow definitions and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.dram.trace import make_trace
from archgym.cost_models.dram.workloads.features import trace_features

ROW, BANK = 8192 * 8, 8192  # bytes from a row to the next of its bank, from a bank to the next


def drawn(seed, requests=300):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(0, 20, requests))
    addresses = 64 * rng.integers(0, 40 * ROW // 64, requests) // (1 + seed)
    return make_trace("drawn", times, rng.integers(0, 2, requests), addresses // 64 * 64)


def test_a_trace_by_hand():
    addresses = [0, 64, BANK, ROW, 0, BANK + 128]
    trace = make_trace(
        "t", [0, 0, 10, 20, 20, 40], [0, 1, 1, 0, 0, 0], addresses, [64] * 5 + [256]
    )
    told = trace_features(trace)
    gaps = np.array([0, 0, 10, 10, 0, 20])
    assert told["requests"] == 6
    assert told["lines_per_request"] == 9 / 6
    assert told["write_share"] == 2 / 6
    assert told["turnaround_share"] == 2 / 5
    assert told["mean_gap_cycles"] == 40 / 6
    assert told["gap_variation"] == pytest.approx(gaps.std() / gaps.mean())
    assert told["row_hit_share"] == 2 / 5  # 0 -> 64; BANK -> BANK + 128
    assert told["near_row_share"] == 3 / 6  # 64, the second 0, BANK + 128
    assert told["same_bank_share"] == 2 / 5
    assert told["rows"] == 3
    assert told["bank_spread"] == pytest.approx(2.0 ** (np.log2(6) - (4 * 2 + 2 * 1) / 6))


@pytest.mark.parametrize("seed", range(3))
def test_near_rows_are_those_of_a_slow_definition(seed):
    trace = drawn(seed)
    pages = (trace.addresses // 8192).tolist()
    near = [page in pages[max(0, at - 16) : at] for at, page in enumerate(pages)]
    assert trace_features(trace)["near_row_share"] == pytest.approx(np.mean(near))


@pytest.mark.parametrize("seed", range(3))
def test_other_rows_and_relative_times_are_the_same_trace(seed):
    trace = drawn(seed)
    before = trace_features(trace)
    moved = make_trace("m", trace.times, trace.writes, trace.addresses + 100 * ROW)
    gaps = np.diff(trace.times, prepend=0)
    relative = make_trace("r", gaps, trace.writes, trace.addresses, relative=True)
    assert trace_features(moved) == before
    assert trace_features(relative) == before


def test_one_request_has_features_too():
    told = trace_features(make_trace("one", [0], [1], [64]))
    assert np.isfinite(list(told.values())).all()
    assert (told["requests"], told["bank_spread"], told["gap_variation"]) == (1, 1, 0)
