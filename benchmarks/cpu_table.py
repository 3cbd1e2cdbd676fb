"""How much of a table's hypervolume agents find, and how well surrogates fit it.

Usage: python -m benchmarks.cpu_table TABLE.csv [--metrics NAME:maximize,...] [--agents NAME,...]
[--seeds N]

Metrics are min-max normalised so that 0 is best, the reference point is 1.1 in each. Prints the
hypervolume of all rows, how many are Pareto-optimal, and the share of it that distinct rows drawn
at random and agents reach after 10, 20, 50 and 100 evaluations (means over seeds); then R2 of a
gradient-boosted model of each metric in 5-fold cross-validation.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pymoo.indicators.hv import HV
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

import archgym
from archgym.cost_models.soc.cpu.measured import MeasuredDesigns, parse_metrics
from archgym.cost_models.soc.cpu.model import normalised
from archgym.searching import search

O3CPU = "perf_ipc:maximize,power_W:minimize,area_mm2:minimize"
MARKS = (10, 20, 50, 100)
REFERENCE = 1.1
RANDOM_SEEDS = 20

Floats = NDArray[np.float64]


def losses(table: MeasuredDesigns, metrics: str) -> Floats:
    """Return normalised metrics of all rows, 0 best, shape (rows, metrics)."""
    return 1.0 - normalised(table, parse_metrics(metrics))


def hypervolume(points: Floats) -> float:
    return float(HV(ref_point=np.full(points.shape[1], REFERENCE))(points))


def pareto_rows(points: Floats) -> NDArray[np.int64]:
    return np.asarray(NonDominatedSorting().do(points, only_non_dominated_front=True))


def shares(points: Floats, runs: Iterable[NDArray[np.int64]]) -> list[float]:
    """Return the mean share, after each mark, over runs of rows in the order of evaluation."""
    full = hypervolume(points)
    found = [[hypervolume(points[rows[:mark]]) / full for mark in MARKS] for rows in runs]
    return [float(share) for share in np.mean(found, axis=0)]


def random_runs(rows: int) -> list[NDArray[np.int64]]:
    return [np.random.default_rng(seed).permutation(rows) for seed in range(RANDOM_SEEDS)]


def agent_run(path: str, metrics: str, agent: str, seed: int) -> NDArray[np.int64]:
    names = [metric.name for metric in parse_metrics(metrics)]
    problem = archgym.make_problem(
        "cpu_table", workload=path, objective={"pareto": names}, metrics=metrics
    )
    found = search(problem, archgym.make_agent(agent, problem, seed=seed), max(MARKS))
    rows = [record.outcomes.metrics["table_row"] for record in found.records]
    return np.concatenate(rows).astype(np.int64)


def surrogate_fit(table: MeasuredDesigns) -> dict[str, float]:
    """Return R2 of each metric, features being the parameters' places among their values."""
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(5, shuffle=True, random_state=0)
    fits = {}
    for name, values in table.metrics.items():
        model = GradientBoostingRegressor(n_estimators=300, random_state=0)
        predicted = cross_val_predict(model, table.codes, values, cv=folds)
        fits[name] = 1.0 - float(((values - predicted) ** 2).mean() / values.var())
    return fits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("--metrics", default=O3CPU)
    parser.add_argument("--agents", default="random,nsga2,genetic")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    problem = archgym.make_problem("cpu_table", workload=given.table, metrics=given.metrics)
    points = losses(problem.workload, given.metrics)
    print(f"hypervolume {hypervolume(points):.3f}, {len(pareto_rows(points))} Pareto-optimal rows")
    print(f"| agent | {' | '.join(map(str, MARKS))} |\n|{'---|' * (1 + len(MARKS))}")
    print_shares("rows at random", shares(points, random_runs(len(points))))
    for agent in filter(None, given.agents.split(",")):
        runs = [agent_run(given.table, given.metrics, agent, seed) for seed in range(given.seeds)]
        print_shares(agent, shares(points, runs))
    for name, fit in surrogate_fit(problem.workload).items():
        print(f"{name}: R2 {fit:.3f}")


def print_shares(agent: str, found: list[float]) -> None:
    print(f"| {agent} | {' | '.join(f'{100 * share:.1f} %' for share in found)} |", flush=True)


if __name__ == "__main__":
    main()
