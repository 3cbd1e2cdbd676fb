"""The bars of agreement with DRAMSys v5.0, on recorded runs of 50,000 requests."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import kendalltau

from tests.cost_models.dram.agreement import EXACT, errors, read_rows, simulate_rows
from tests.shared_data import shared_data

STAGGERED = 7  # the point of the recorded rows with power-down


@pytest.fixture(scope="module")
def compared() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = shared_data("dram", "dramsys5_dev.csv").parent
    rows = read_rows(folder)
    return rows, simulate_rows(folder, rows)


@pytest.fixture(scope="module")
def error(compared: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return errors(*compared).abs()


def share(values: pd.Series, limit: float) -> float:
    """Return which share of the values is within a limit, in per cent."""
    return float((values.dropna() <= limit).mean())


@pytest.mark.parametrize("quantity", ["total_time_ns", "bandwidth_gb_per_s"])
def test_time(error: pd.DataFrame, quantity: str) -> None:
    assert share(error[quantity], 0.05) >= 0.95
    assert share(error[quantity], 0.5) == 1.0


@pytest.mark.parametrize("memory", ["ddr3_1600", "ddr4_2400"])
def test_time_of_ddr_is_exact(
    compared: tuple[pd.DataFrame, pd.DataFrame], error: pd.DataFrame, memory: str
) -> None:
    assert error.loc[compared[0]["memory"] == memory, "total_time_ns"].max() < 1e-4


@pytest.mark.parametrize("count", EXACT)
def test_counts(compared: tuple[pd.DataFrame, pd.DataFrame], count: str) -> None:
    rows, ours = compared
    assert (rows[count] == ours[count]).all()


def test_activates(error: pd.DataFrame) -> None:
    assert share(error["n_activates"], 0.5) >= 0.95
    assert share(error["n_activates"], 2.0) == 1.0


def test_read_latency(compared: tuple[pd.DataFrame, pd.DataFrame], error: pd.DataFrame) -> None:
    is_hbm = compared[0]["memory"] == "hbm2"
    latency = error["mean_read_latency_ns"]
    assert share(latency[~is_hbm], 0.5) >= 0.95
    assert share(latency[~is_hbm], 2.0) == 1.0
    assert share(latency[is_hbm], 0.5) >= 0.85
    assert share(latency[is_hbm], 6.0) == 1.0


@pytest.mark.parametrize("percentile", ["p50", "p95", "p99"])
def test_percentiles(
    compared: tuple[pd.DataFrame, pd.DataFrame], error: pd.DataFrame, percentile: str
) -> None:
    others = error[compared[0]["memory"] != "hbm2"]
    assert share(others[f"{percentile}_read_latency_ns"], 3.0) >= 0.95


@pytest.mark.parametrize("quantity", ["energy_pj", "average_power_mw"])
def test_energy(error: pd.DataFrame, quantity: str) -> None:
    assert share(error[quantity], 0.1) >= 0.95
    assert share(error[quantity], 0.5) == 1.0


def test_staggered_power_down(
    compared: tuple[pd.DataFrame, pd.DataFrame], error: pd.DataFrame
) -> None:
    rows = error[compared[0]["point"] == STAGGERED]
    assert rows["total_time_ns"].max() <= 0.05
    assert rows["energy_pj"].max() <= 0.1
    assert rows["mean_read_latency_ns"].max() <= 0.5


@pytest.mark.parametrize("quantity", ["total_time_ns", "energy_pj", "mean_read_latency_ns"])
def test_ranking_of_designs(compared: tuple[pd.DataFrame, pd.DataFrame], quantity: str) -> None:
    rows, ours = compared
    for key, group in rows.groupby(["memory", "workload"]):
        # HBM2 latencies are only good to the bar above: one pair of seven designs may swap.
        limit = 0.9 if key[0] == "hbm2" and quantity == "mean_read_latency_ns" else 0.99
        if group[quantity].notna().all():
            tau = kendalltau(group[quantity].round(3), ours.loc[group.index, quantity].round(3))
            assert tau.statistic >= limit, (key, quantity, tau.statistic)
