"""What agents themselves cost per evaluation.

Run ``python -m benchmarks.agent_overhead [AGENT ...]``; prints a markdown table. The problem has
10 integers of 16 values; the time is all that passes between two calls of the cost model, divided
by the evaluations of a whole run, the smallest of three runs on one thread.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from archgym import Evaluator, make_agent
from archgym.registry import agents
from tests.toys import toy_problem

REPEATS = 3
BUDGETS = (1_000, 10_000)
BARS_US = {
    "random": 10,
    "genetic": 10,
    "simulated_annealing": 10,
    "ant_colony": 10,
    "cma_es": 50,
    "tpe": 10_000,
    "ppo": 300,
}
SETTINGS: dict[str, list[dict[str, Any]]] = {"genetic": [{}, {"population": 128}]}
LARGEST_BUDGET = {"tpe": 1_000}


def microseconds(name: str, budget: int, hyperparameters: dict[str, Any]) -> float:
    """Return the agent's time per evaluation in microseconds."""
    times = []
    for seed in range(REPEATS):
        problem = toy_problem("toy.flat", parameters=10)
        evaluator = Evaluator(problem, budget)
        make_agent(name, problem, seed, **hyperparameters).run(evaluator)
        times.append(evaluator.ask_seconds / evaluator.spent * 1e6)
    return min(times)


def main() -> None:
    """Print one row per agent, settings and budget."""
    print("| agent | settings | budget | us per evaluation | bar |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or agents.names():
        for settings in SETTINGS.get(name, [{}]):
            for budget in BUDGETS:
                if budget <= LARGEST_BUDGET.get(name, budget):
                    measured = microseconds(name, budget, settings)
                    words = ", ".join(f"{k}={v}" for k, v in settings.items()) or "default"
                    bar = BARS_US.get(name, "")
                    print(f"| {name} | {words} | {budget} | {measured:.1f} | {bar} |", flush=True)


if __name__ == "__main__":
    main()
