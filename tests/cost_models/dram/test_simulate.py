"""The simulator on cases that can be worked by hand, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.engine.run import run
from archgym.cost_models.dram.knobs import N_KNOBS, default_design, encode
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import make_trace
from archgym.errors import InvalidDesignError, SettingError, WorkloadError
from tests.cost_models.dram.small_traces import random_design, random_trace, run_one, value

TCK = 1.25  # ns, ddr3_1600: RCD 10, RP 10, RAS 28, RL 10, WL 8, CCD 4, BL/2 4
ROW = 1 << 16  # bytes from one row of a bank to the next in row_bank_col


def reads(*addresses: int, gap: int = 0) -> object:
    n = len(addresses)
    return make_trace("reads", np.arange(n) * gap, np.zeros(n), addresses)


def test_one_read() -> None:
    simulation = run_one("ddr3_1600", reads(0), log=True)
    assert value(simulation, "total_time_ns") == (10 + 10 + 4) * TCK
    assert value(simulation, "mean_read_latency_ns") == (10 + 10 + 4) * TCK
    assert simulation.log is not None
    assert simulation.log.command.tolist() == [Command.ACT, Command.RD]
    assert simulation.log.cycle.tolist() == [0, 10]
    assert simulation.log.request.tolist() == [0, 0]


def test_a_row_hit_and_a_row_miss() -> None:
    hit = run_one("ddr3_1600", reads(0, 64))
    assert value(hit, "total_time_ns") == (10 + 4 + 10 + 4) * TCK  # second RD one CCD later
    miss = run_one("ddr3_1600", reads(0, ROW))
    # PRE waits for RAS after the first ACT; then RP, RCD, RL and the burst.
    assert value(miss, "total_time_ns") == (28 + 10 + 10 + 10 + 4) * TCK
    assert value(miss, "n_precharges_single") == 1


def test_closed_page_pays_row_cycle_not_precharge() -> None:
    simulation = run_one("ddr3_1600", reads(0, ROW), page_policy="closed")
    assert value(simulation, "n_auto_precharges") == 2
    assert value(simulation, "n_precharges_single") == 0
    assert value(simulation, "total_time_ns") == (38 + 10 + 10 + 4) * TCK  # RC after the first ACT


def test_fr_fcfs_lets_a_row_hit_overtake() -> None:
    trace = reads(0, ROW, 64)
    assert value(run_one("ddr3_1600", trace), "n_activates") == 2
    assert value(run_one("ddr3_1600", trace, scheduler="fifo"), "n_activates") == 3


def test_adaptive_policies_look_at_the_queue() -> None:
    only = reads(0)
    assert value(run_one("ddr3_1600", only, page_policy="open_adaptive"), "n_auto_precharges") == 0
    closed = run_one("ddr3_1600", only, page_policy="closed_adaptive")
    assert value(closed, "n_auto_precharges") == 1
    miss_next = run_one("ddr3_1600", reads(0, ROW), page_policy="open_adaptive")
    assert value(miss_next, "n_auto_precharges") == 1


def test_refresh_comes_once_per_interval() -> None:
    simulation = run_one("ddr3_1600", reads(0, 64, gap=6240 * 10))
    assert value(simulation, "n_refreshes") == 10
    assert value(simulation, "n_precharges_all") == 1
    assert value(simulation, "feasible") == 1


def test_no_refresh_breaks_retention() -> None:
    trace = reads(0, 64, gap=6240 * 20)
    simulation = run_one("ddr3_1600", trace, refresh_policy="no_refresh")
    assert value(simulation, "refresh_deficit") == 20 - 8
    assert value(simulation, "feasible") == 0
    ignored = simulate(
        load_memory("ddr3_1600"),
        trace,
        encode({"refresh_policy": "no_refresh"})[None],
        retention="ignore",
    )
    assert ignored.metrics["feasible"][0] == 1
    assert ignored.metrics["refresh_deficit"][0] == 12


def test_self_refresh_counts_as_refreshed() -> None:
    trace = reads(0, 64, gap=6240 * 40)
    simulation = run_one("ddr3_1600", trace, power_down_policy="staggered")
    assert value(simulation, "n_self_refreshes") == 1
    assert value(simulation, "feasible") == 1
    awake = value(run_one("ddr3_1600", trace), "energy_pj")
    assert value(simulation, "energy_pj") < 0.5 * awake


def test_one_active_transaction_serialises() -> None:
    trace = reads(*range(0, 64 * 8, 64))
    simulation = run_one("ddr3_1600", trace, arbiter="fifo", max_active_transactions=1)
    # The next read is accepted in the cycle of the response before it: a hit takes RL + BL/2.
    assert value(simulation, "total_time_ns") == (24 + 7 * 14) * TCK


def test_long_requests_are_split() -> None:
    trace = make_trace("long", [0], [0], [0], [64 * 4])
    simulation = run_one("ddr3_1600", trace, log=True)
    assert value(simulation, "n_reads") == 4
    assert value(simulation, "total_time_ns") == (10 + 3 * 4 + 10 + 4) * TCK
    assert value(simulation, "bandwidth_gb_per_s") == 256 / value(simulation, "total_time_ns")
    assert simulation.log is not None
    assert set(simulation.log.request.tolist()) == {0}


def test_request_bytes_applies_where_no_length_is_given() -> None:
    memory = load_memory("hbm2")
    simulation = simulate(memory, reads(0, 4096), default_design()[None], request_bytes=64)
    assert simulation.metrics["n_reads"][0] == 4


def test_a_slower_trace_clock_spreads_the_offers() -> None:
    memory, trace = load_memory("ddr3_1600"), reads(0, 64, gap=100)
    slow = simulate(memory, trace, default_design()[None], trace_clock_mhz=400)
    assert slow.metrics["total_time_ns"][0] == (200 + 14) * TCK  # a hit: RL and the burst


def test_an_odd_trace_clock_rounds_up_to_the_memory_clock() -> None:
    memory, trace = load_memory("ddr3_1600"), reads(0, 64, gap=1)
    odd = simulate(memory, trace, default_design()[None], trace_clock_mhz=300, log=True)
    # Offered at 3333 ps, the third edge of the memory clock: too late to matter for the hit.
    assert odd.metrics["mean_read_latency_ns"][0] == ((24 + 28 - 3) / 2) * TCK


def test_relative_times_count_from_acceptance() -> None:
    relative = make_trace("r", [5, 100], [0, 0], [0, 64], relative=True)
    simulation = run_one("ddr3_1600", relative)
    assert value(simulation, "total_time_ns") == (5 + 100 + 14) * TCK


def test_percentiles_of_long_latencies_need_no_bins() -> None:
    memory = load_memory("ddr3_1600")
    n = 4000
    trace = make_trace(
        "misses", np.zeros(n), np.zeros(n), np.arange(n) * ROW % memory.capacity_bytes
    )
    fast = run_one(memory, trace, request_buffer_size=8)
    slow = run_one(memory, trace, request_buffer_size=4000)
    assert value(fast, "p99_read_latency_ns") < value(slow, "p99_read_latency_ns")
    assert value(slow, "p99_read_latency_ns") / TCK > 1 << 15


@pytest.mark.parametrize("threads", [2, 3])
def test_a_batch_equals_single_runs(threads: int) -> None:
    memory = load_memory("ddr4_2400")
    trace = random_trace(memory, 300, seed=4)
    designs = np.stack([random_design(seed) for seed in range(12)])
    together = simulate(memory, trace, designs, threads=threads)
    for row, design in enumerate(designs):
        alone = simulate(memory, trace, design[None])
        for name, values in together.metrics.items():
            assert np.array_equal(values[row], alone.metrics[name][0], equal_nan=True), name


def test_an_empty_batch_is_empty() -> None:
    trace = reads(0)
    simulation = simulate(load_memory("hbm2"), trace, np.zeros((0, N_KNOBS), np.int64))
    assert all(len(values) == 0 for values in simulation.metrics.values())


def test_read_only_traces_do_not_compile_again() -> None:
    trace = random_trace(load_memory("ddr3_1600"), 20, seed=0)
    run_one("ddr3_1600", trace)
    assert len(run.signatures) == 1


TRACE_ERRORS = [
    (make_trace("empty", [], [], []), "trace empty: holds no request"),
    (make_trace("t", [3, 2], [0, 0], [0, 0]), "trace t, request 1: 2 is a time before"),
    (make_trace("t", [-1], [0], [0]), "request 0: -1 is a negative time"),
    (make_trace("t", [0, 0], [0, 0], [0, 1 << 30]), "request 1: 1073741824 is an address beyond"),
    (make_trace("t", [0], [0], [-64]), "request 0: -64 is an address beyond"),
    (make_trace("t", [0], [0], [(1 << 30) - 64], [128]), "request 0: .* is an address beyond"),
    (make_trace("t", [0], [0], [0], [-4]), "request 0: -4 is a negative length"),
    (make_trace("t", [0], [2], [0]), "request 0: 2 is a direction"),
]


@pytest.mark.parametrize(("trace", "message"), TRACE_ERRORS)
def test_bad_traces_are_refused(trace: object, message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        run_one("ddr3_1600", trace)


def test_what_is_refused_can_be_allowed() -> None:
    memory, design = load_memory("ddr3_1600"), default_design()[None]
    unsorted = make_trace("t", [3, 2], [0, 0], [0, 0])
    assert simulate(memory, unsorted, design, allow_unsorted=True).finished.all()
    beyond = make_trace("t", [0], [0], [(1 << 30) + 64])
    assert simulate(memory, beyond, design, wrap_addresses=True).finished.all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trace_clock_mhz": 0}, "trace_clock_mhz"),
        ({"request_bytes": 0}, "request_bytes"),
        ({"retention": "maybe"}, "enforce, ignore"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        simulate(load_memory("ddr3_1600"), reads(0), default_design()[None], **settings)


def test_bad_designs_are_refused() -> None:
    memory, designs = load_memory("ddr3_1600"), np.stack([default_design()] * 2)
    designs[1, 3] = 0
    with pytest.raises(InvalidDesignError, match="row 1: parameter 'request_buffer_size'"):
        simulate(memory, reads(0), designs)
    with pytest.raises(InvalidDesignError, match="shape"):
        simulate(memory, reads(0), designs[:, :5])
    with pytest.raises(SettingError, match="one design"):
        simulate(memory, reads(0), np.stack([default_design()] * 2), log=True)
