"""Random designs of circuits, as the reference data were drawn."""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

import archgym
from archgym.cost_models.analog.circuits import load_circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.kernels import device
from archgym.cost_models.analog.solver import Solver


def draw(workload: str, count: int, seed: int = 0, **settings: object) -> pd.DataFrame:
    problem = archgym.make_problem("analog.sizing", workload, **settings)
    return problem.space.sample(np.random.default_rng(seed), count).frame()


def solver(workload: str, **conditions: object) -> Solver:
    return Solver(load_circuit(workload), Conditions(**conditions))


def sizes(workload: str, table: pd.DataFrame) -> dict[str, np.ndarray]:
    return {
        size.name: table[size.name].to_numpy(dtype=float) for size in load_circuit(workload).sizes
    }


def assert_alike(
    found: pd.DataFrame, wanted: pd.DataFrame, bars: dict[str, tuple[bool, float, float]]
) -> None:
    """Hold metrics to bars: name -> (whether relative, 95 % within, the worst within)."""
    for name in wanted.columns.intersection(list(bars)):
        ours, theirs = found[name], wanted[name]
        assert (ours.isna() == theirs.isna()).all(), name
        relative, usual, largest = bars[name]
        error = np.abs(ours - theirs) / (np.abs(theirs) if relative else 1.0)
        assert error.quantile(0.95) <= usual, name
        assert error.max() <= largest, name


@numba.njit
def size_transistors(bench, values, mos):
    """Call what only kernels can: it is chosen by types while they compile."""
    return device.size_transistors(bench, values, mos)
