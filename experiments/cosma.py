"""Simple policies, agents and proven optima on memory plans, side by side (COSMA).

Usage: python -m archgym.experiments.cosma [BUDGET] [SEEDS] [WORKLOAD ...]

Claim (COSMA, arXiv 2311.18246): 84 % fewer non-compulsory accesses on average, optimal in seconds.
Prints non-compulsory bytes: of the methods on the workload's order, of agents (medians over seeds,
order and replacement searched), of a beam search, and of the best plan, where a solver proves one
within a minute.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from archgym.cost_models.mem_plan.columns import (
    BEAM_SEARCH,
    BELADY_TOPO,
    ILP,
    LOCAL_SEARCH,
    LRU_TOPO,
    METHOD,
    OPT_REPLACEMENT_TOPO,
    STATE_SEARCH,
)
from archgym.envs.mem_plan.scratchpad import ENVIRONMENT
from archgym.registry import make_agent
from archgym.searching import search

IN_ORDER = (LRU_TOPO, BELADY_TOPO, OPT_REPLACEMENT_TOPO)
AGENTS = ("random", "genetic", "simulated_annealing", "hill_climbing", "ant_colony")
SOLVERS = (BEAM_SEARCH, LOCAL_SEARCH, STATE_SEARCH, ILP)
_MOVED = "non_compulsory_B"


def by_methods(workload: str, methods: Sequence[str]) -> list[float]:
    """Return the bytes that methods move, NaN where a solver ran out of time."""
    problem = ENVIRONMENT.make_problem(workload)
    found = problem.evaluate([{METHOD: method} for method in methods])
    return [float(value) for value in found[_MOVED]]


def by_agent(workload: str, agent: str, budget: int, seeds: int) -> float:
    """Return the median over seeds of the fewest bytes that an agent finds."""
    problem = ENVIRONMENT.make_problem(workload)
    return statistics.median(
        float(search(problem, make_agent(agent, problem, seed=seed), budget).best[_MOVED])
        for seed in range(seeds)
    )


def row(workload: str, budget: int, seeds: int) -> list[float]:
    """Return the bytes moved by all methods, agents and solvers, in this order."""
    agents = [by_agent(workload, agent, budget, seeds) for agent in AGENTS]
    return [*by_methods(workload, IN_ORDER), *agents, *by_methods(workload, SOLVERS)]


def main() -> None:
    """Print the table."""
    budget = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    names = (*IN_ORDER, *AGENTS, *SOLVERS)
    print(f"non-compulsory bytes; agents: {budget} evaluations, medians of {seeds} seeds")
    print(" | ".join(("workload", *names)))
    for workload in sys.argv[3:] or ENVIRONMENT.workloads:
        cells = [f"{value:.0f}" for value in row(workload, budget, seeds)]
        print(" | ".join((workload, *cells)), flush=True)


if __name__ == "__main__":
    main()
