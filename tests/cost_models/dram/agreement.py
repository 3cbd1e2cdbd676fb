"""Compare the simulator with recorded runs of DRAMSys v5.0, and print how well they agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from archgym.cost_models.dram.knobs import KNOBS
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import Trace, make_trace

EXACT = ("n_reads", "n_writes", "n_refreshes")
QUANTITIES = (
    "total_time_ns",
    "bandwidth_gb_per_s",
    "n_activates",
    "n_precharges_all",
    "mean_read_latency_ns",
    "p50_read_latency_ns",
    "p95_read_latency_ns",
    "p99_read_latency_ns",
    "mean_write_latency_ns",
    "energy_pj",
    "average_power_mw",
)


def read_trace(path: Path) -> Trace:
    with np.load(path) as file:
        return make_trace(path.stem, file["t"], file["w"], file["a"])


def read_rows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "dramsys5_dev.csv")


def knob_codes(rows: pd.DataFrame) -> np.ndarray:
    columns = [
        [knob.code(value) for value in rows.get(knob.name, [knob.default] * len(rows))]
        for knob in KNOBS
    ]
    return np.array(columns, np.int64).T


def simulate_rows(folder: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return our metrics for recorded rows, same index."""
    parts = []
    for (memory, workload), group in rows.groupby(["memory", "workload"], sort=False):
        trace = read_trace(folder / "traces" / f"{workload}.npz")
        simulation = simulate(load_memory(memory), trace, knob_codes(group))
        parts.append(pd.DataFrame(simulation.metrics, index=group.index))
    return pd.concat(parts).loc[rows.index]


def errors(rows: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Return signed relative errors in per cent; NaN where the recorded row has no value."""
    reference = rows[[*QUANTITIES]].astype(float)
    difference = ours[[*QUANTITIES]] - reference
    return 100.0 * difference / reference.where(reference != 0, 1.0)


def agreement_table(rows: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Return, per memory and quantity, percentiles of the absolute error in per cent."""
    error = errors(rows, ours).abs()
    table = []
    for memory, group in error.groupby(rows["memory"]):
        for quantity in QUANTITIES:
            values = group[quantity].dropna()
            if len(values):
                table.append(
                    {
                        "memory": memory,
                        "quantity": quantity,
                        "runs": len(values),
                        "median_%": values.median(),
                        "p95_%": values.quantile(0.95),
                        "max_%": values.max(),
                    }
                )
        same = [(rows.loc[group.index, name] == ours.loc[group.index, name]) for name in EXACT]
        wrong = int((~np.logical_and.reduce(same)).sum())
        table.append(
            {
                "memory": memory,
                "quantity": "+".join(EXACT),
                "runs": len(group),
                "median_%": 0.0,
                "p95_%": 0.0,
                "max_%": 100.0 * wrong / len(group),
            }
        )
    return pd.DataFrame(table)
