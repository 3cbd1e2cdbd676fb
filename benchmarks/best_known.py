"""The best rewards (or hypervolumes) that long searches find on a benchmark's problems.

``python -m benchmarks.best_known BENCHMARK [BUDGET]`` prints them; a benchmark's file holds them
as ``best`` where no optimum is known. Several agents spend the budget on each problem.
"""

from __future__ import annotations

import sys

import numpy as np

import archgym
from archgym.results.benchmark import BenchmarkProblem, load_benchmark
from archgym.results.statistics.fronts import hypervolume_curve

SINGLE = (
    "genetic",
    "simulated_annealing",
    "hill_climbing",
    "differential_evolution",
    "ant_colony",
)
SEVERAL = ("nsga2", "nsga3")
SEED = 1_000  # none of a benchmark's own


def best_of(own: BenchmarkProblem, agent: str, budget: int) -> float:
    problem = own.make()
    result = archgym.search(problem, archgym.make_agent(agent, problem, seed=SEED), budget)
    if not own.reference:
        return max(float(record.outcomes.reward.max()) for record in result.records)
    points = np.concatenate([record.outcomes.objectives for record in result.records])
    _, values = hypervolume_curve(points, np.asarray(own.reference))
    return float(values[-1])


def main(name: str, budget: str = "20000") -> None:
    for own in load_benchmark(name).problems:
        agents = SEVERAL if own.reference else SINGLE
        found = {agent: best_of(own, agent, int(budget)) for agent in agents}
        best = max(found, key=lambda agent: found[agent])
        print(f"{own.label}: {found[best]!r} by {best}; {found}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
