"""Designs that provably behave alike are simulated once: the engine runs both sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.dram.canonical import canonical
from archgym.cost_models.dram.job import Job, job_of
from archgym.cost_models.dram.knobs import encode
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.metrics import Runs
from tests.cost_models.dram.small_traces import MEMORIES, random_design, random_trace

RELAXED = settings(deadline=None, max_examples=150)
DIRECTIONS = ("both", "reads", "writes")


def job(name: str, seed: int, n: int, direction: str, bursts: int) -> Job:
    memory = load_memory(name)
    trace = random_trace(memory, n, seed)
    if direction != "both":
        trace = replace(trace, writes=np.full(n, direction == "writes", np.uint8))
    dense = replace(trace, times=trace.times // 8)  # so that queues fill
    return job_of(memory, dense, None, bursts * memory.burst_bytes, True, False)


def simulated(job: Job, designs: np.ndarray) -> Runs:
    """Run every design, also those that are known to be alike."""
    runs = Runs.empty(len(designs), job.memory.ranks)
    job.run_all(designs, runs, threads=1)
    return runs


def check_alike(job: Job, designs: np.ndarray) -> None:
    runs = simulated(job, designs)
    same = simulated(job, canonical(designs, job.circumstances))
    assert np.array_equal(runs.finished, same.finished)
    assert np.array_equal(runs.end, same.end)
    assert np.array_equal(runs.latencies, same.latencies, equal_nan=True)
    assert np.array_equal(runs.counts, same.counts)


@RELAXED
@given(
    st.sampled_from(MEMORIES),
    st.integers(0, 10_000),
    st.integers(1, 300),
    st.sampled_from(DIRECTIONS),
    st.sampled_from((1, 1, 1, 4)),
)
def test_the_simulated_design_has_the_same_results(name, seed, n, direction, bursts) -> None:
    traces = job(name, seed, n, direction, bursts)
    designs = np.stack([random_design(100 * seed + i, traces.memory) for i in range(6)])
    check_alike(traces, designs)


ALIKE = [
    (
        {"page_policy": "closed", "scheduler": "fr_fcfs"},
        {"page_policy": "closed", "scheduler": "fifo"},
    ),
    (
        {"arbiter": "fifo", "max_active_transactions": 4, "request_buffer_size": 4},
        {
            "arbiter": "fifo",
            "max_active_transactions": 4,
            "request_buffer_size": 99,
            "scheduler_buffer": "read_write",
        },
    ),
    (
        {"arbiter": "reorder", "max_active_transactions": 1, "scheduler": "fifo"},
        {
            "arbiter": "fifo",
            "max_active_transactions": 1,
            "scheduler": "grp_fr_fcfs_wm",
            "cmd_mux": "strict",
            "page_policy": "open_adaptive",
            "resp_queue": "reorder",
            "request_buffer_size": 3,
        },
    ),
    (
        {"arbiter": "fifo", "resp_queue": "reorder"},
        {"arbiter": "reorder", "resp_queue": "reorder"},
    ),
    ({"low_watermark": 2, "high_watermark": 9}, {}),
    (
        {"refresh_policy": "no_refresh", "refresh_max_postponed": 3},
        {"refresh_policy": "no_refresh"},
    ),
    ({"max_active_transactions": 5}, {"max_active_transactions": 77}),
]
READS_ONLY = [
    (
        {"scheduler": "fr_fcfs_grp", "cmd_mux": "strict"},
        {"scheduler": "fr_fcfs", "cmd_mux": "strict"},
    ),
    ({"scheduler": "grp_fr_fcfs"}, {"scheduler": "fr_fcfs"}),
    ({"scheduler": "grp_fr_fcfs_wm"}, {"scheduler": "fr_fcfs"}),
    ({"scheduler_buffer": "read_write"}, {"scheduler_buffer": "shared"}),
]
DIFFERENT = [
    ({"page_policy": "closed", "scheduler": "fr_fcfs_grp"}, {"page_policy": "closed"}),
    (
        {"arbiter": "fifo", "max_active_transactions": 4, "request_buffer_size": 3},
        {"arbiter": "fifo", "max_active_transactions": 4, "request_buffer_size": 4},
    ),
    ({"arbiter": "fifo", "resp_queue": "fifo"}, {"arbiter": "reorder", "resp_queue": "fifo"}),
    ({"scheduler": "grp_fr_fcfs"}, {"scheduler": "fr_fcfs"}),
]


def merged(one: dict, other: dict, direction: str, bursts: int = 1) -> bool:
    traces = job("ddr4_2400", 1, 200, direction, bursts)
    designs = np.stack([encode(one), encode(other)])
    first, second = canonical(designs, traces.circumstances)
    check_alike(traces, designs)
    return bool((first == second).all())


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_these_are_alike(one, other) -> None:
    assert merged(one, other, "both")


@pytest.mark.parametrize(("one", "other"), READS_ONLY)
def test_these_are_alike_without_writes(one, other) -> None:
    assert merged(one, other, "reads")
    assert not merged(one, other, "both")


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_are_kept_apart(one, other) -> None:
    assert not merged(one, other, "both")


def test_a_request_of_several_bursts_leaves_something_to_order() -> None:
    one_entry = {"scheduler_buffer": "shared", "request_buffer_size": 1}
    assert merged(one_entry, one_entry | {"scheduler": "fifo"}, "both")
    assert not merged(one_entry, one_entry | {"scheduler": "fifo"}, "both", bursts=4)


def test_two_data_buses_may_answer_out_of_order() -> None:
    assert not job("hbm2", 0, 10, "both", 1).circumstances.in_order
    assert job("ddr4_2400", 0, 10, "both", 1).circumstances.in_order
