"""What every memory must show: latency and bandwidth worked out by hand from its tables."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pandas as pd
import pytest
import yaml

from archgym.cost_models.dram.knobs import encode
from archgym.cost_models.dram.legality import check_legality
from archgym.cost_models.dram.memory import (
    ALIASES,
    MemorySpec,
    load_memory,
    memory_from_mapping,
    memory_names,
)
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import make_trace
from tests.cost_models.dram.agreement import read_trace
from tests.shared_data import shared_data

# Cycles of a read on a closed bank: ACT to RD, RD to data, burst; and the peak of the data pins,
# MT/s x bytes, of both pseudo-channels for HBM2.
BY_HAND = {
    "ddr3_1600": (10 + 10 + 4, 1600 * 8),
    "ddr3_1600_2gb_x16": (10 + 10 + 4, 1600 * 8),
    "ddr3_1600_4gb": (11 + 11 + 4, 1600 * 8),
    "ddr3_1600_8gb": (11 + 11 + 4, 1600 * 8),
    "ddr4_1866": (13 + 13 + 4, 1866 * 8),
    "ddr4_2400": (16 + 16 + 4, 2400 * 8),
    "ddr4_2400_8gb": (17 + 17 + 4, 2400 * 8),
    "ddr4_2400_8gb_x16": (17 + 17 + 4, 2400 * 8),
    "ddr4_2666": (19 + 19 + 4, 2666.67 * 8),
    "ddr4_3200": (22 + 22 + 4, 3200 * 8),
    "ddr5_4800": (36 + 1 + 36 + 8, 4800 * 4),  # RL counts from the second cycle of RD
    "ddr5_6400": (46 + 1 + 46 + 8, 6400 * 4),
    "lpddr4_3200": (29 + 3 + 28 + 3 + 8, 3200 * 2),  # from the last cycle of RD; tDQSCK 3
    "lpddr4_3200_6gb": (29 + 3 + 28 + 3 + 8, 3200 * 2),
    "lpddr5_6400": (1 + 15 + 17 + 2 + 2, 6400 * 2),  # from the second cycle of ACT; tWCK2DQO 2
    "hbm2": (1 + 12 + 17 + 1 + 2, 2000 * 8 * 2),  # tDQSCK 1
    "hbm2_1600": (1 + 10 + 10 + 2, 1600 * 8 * 2),
    "gddr6_14000": (27 + 24 + 2, 14000 * 2),
}
WITHOUT_REFRESH: dict[str, str | int] = {"refresh_policy": "no_refresh"}
IN_ANY_ORDER: dict[str, str | int] = {
    "address_mapping": "row_col_bank",
    "scheduler_buffer": "shared",
    "request_buffer_size": 64,
}


def run(memory: MemorySpec, times: np.ndarray, lines: np.ndarray, **design: str | int) -> dict:
    trace = make_trace("reads", times, np.zeros(len(times)), lines * memory.burst_bytes)
    metrics = simulate(memory, trace, encode(WITHOUT_REFRESH | design)[None]).metrics
    return {name: values[0] for name, values in metrics.items()}


def test_every_memory_is_worked_out() -> None:
    assert set(BY_HAND) == set(memory_names()) - set(ALIASES)


@pytest.mark.parametrize("name", BY_HAND)
def test_latency_of_a_lone_read(name: str) -> None:
    memory, n = load_memory(name), 300
    lines = np.random.default_rng(1).integers(0, memory.capacity_bytes // memory.burst_bytes, n)
    metrics = run(memory, np.arange(n) * 1000, lines, page_policy="closed")
    expected_ns = BY_HAND[name][0] * memory.clock_ps / 1000
    assert metrics["mean_read_latency_ns"] == pytest.approx(expected_ns, rel=1e-12)
    assert metrics["p99_read_latency_ns"] == pytest.approx(expected_ns, rel=1e-12)


@pytest.mark.parametrize("name", BY_HAND)
def test_bandwidth_of_a_stream(name: str) -> None:
    """A stream over all banks fills the data bus; more would be impossible."""
    memory, n = load_memory(name), 5000
    metrics = run(memory, np.zeros(n), np.arange(n), **IN_ANY_ORDER)
    peak_gb_per_s = BY_HAND[name][1] / 1000
    exact_gb_per_s = peak_gb_per_s * 1e6 / memory.clock_mhz / memory.clock_ps  # rounded period
    assert 0.93 * peak_gb_per_s < metrics["bandwidth_gb_per_s"] < exact_gb_per_s


def lpddr5_mode(banks: int, burst: int, timings: dict[str, int]) -> MemorySpec:
    """The LPDDR5 memory without bank groups; the 8-bank mode joins banks and doubles the burst."""
    text = (resources.files("archgym.cost_models.dram") / "memories/lpddr5_6400.yaml").read_text()
    entry = yaml.safe_load(text)
    columns = 1024 * 16 // banks
    entry["organisation"] |= {"nbrOfBanks": banks, "nbrOfBankGroups": 1, "burstLength": burst}
    entry["organisation"]["nbrOfColumns"] = columns
    entry["timing_cycles"] |= timings
    entry["request_bytes"] = 2 * burst
    low = 1 + burst.bit_length() - 1
    high = low + banks.bit_length() - 1
    fields = {
        "BYTE_BIT": [0],
        "COLUMN_BIT": [*range(1, low), *range(high, 15)],
        "BANK_BIT": [*range(low, high)],
        "ROW_BIT": [*range(15, 30)],
    }
    entry["address_mappings"] = {"row_col_bank": fields}
    return memory_from_mapping(f"lpddr5_{banks}_banks", entry, "test")


# Without bank groups there is one form of each distance; JESD209-5 lets activations of the 8-bank
# mode follow after 10 and 40 ns.
LPDDR5_MODES = [
    (16, 16, {"CCD_L": 2, "WTR_S": 10}),
    (8, 32, {"CCD_S": 4, "WTR_S": 10, "RRD": 8, "FAW": 32}),
]


@pytest.mark.parametrize(("banks", "burst", "timings"), LPDDR5_MODES)
def test_lpddr5_without_bank_groups(banks: int, burst: int, timings: dict[str, int]) -> None:
    memory, n = lpddr5_mode(banks, burst, timings), 4000
    assert memory.capacity_bytes == 1 << 30
    stream = run(memory, np.zeros(n), np.arange(n), **IN_ANY_ORDER)
    assert 0.97 * 12.8 < stream["bandwidth_gb_per_s"] < 12.8
    lines = np.random.default_rng(2).integers(0, (1 << 30) // memory.burst_bytes, n)
    trace = make_trace("random", np.zeros(n), np.arange(n) % 3 == 0, lines * memory.burst_bytes)
    log = simulate(memory, trace, encode(IN_ANY_ORDER)[None], log=True).log
    assert log is not None
    assert check_legality(memory, log) == []


@pytest.mark.parametrize(
    ("theirs", "ours"), [("DDR3_1600", "ddr3_1600_4gb"), ("DDR4_2400", "ddr4_2400_8gb")]
)
@pytest.mark.parametrize(
    ("point", "page_policy", "bar"), [(0, "open", 0.05), (3, "closed", 0.055)]
)
def test_unloaded_latency_agrees_with_dramsim3(
    theirs: str, ours: str, point: int, page_policy: str, bar: float
) -> None:
    """The same device in DRAMsim3, which adds two cycles of its own controller to each read.

    Two of 28 cycles are more than 5 % on DDR3 with closed pages (5.2 %). Its DDR3 has two ranks.
    """
    rows = pd.read_csv(shared_data("dram", "dramsim3_dev.csv"))
    row = (
        rows[(rows["memory"] == theirs) & (rows["trace"] == "chase_r")]
        .set_index("point")
        .loc[point]
    )
    memory, trace = load_memory(ours), read_trace(shared_data("dram", "traces", "chase_r.npz"))
    metrics = simulate(memory, trace, encode({"page_policy": page_policy})[None]).metrics
    cycles = 1000 / memory.clock_ps
    assert metrics["p50_read_latency_ns"][0] * cycles == pytest.approx(row["read_lat_p50_cyc"] - 2)
    mean = metrics["mean_read_latency_ns"][0] * cycles
    assert mean == pytest.approx(row["read_lat_mean_cyc"], rel=bar)
    assert metrics["bandwidth_gb_per_s"][0] == pytest.approx(row["bandwidth_GBps"], rel=0.02)
