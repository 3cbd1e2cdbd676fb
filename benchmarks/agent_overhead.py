"""What agents themselves cost per evaluation.

Run ``python -m benchmarks.agent_overhead [AGENT ...]``; prints a markdown table. The problem has
10 integers of 16 values; the time is all CPU time of this process between two evaluations, divided
by the evaluations of a whole run, the median of three runs on one thread. A run before that warms
up what is compiled or imported at first use.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import time

from archgym import Evaluator, make_agent
from archgym.batch import Batch
from archgym.outcome import Outcomes
from archgym.registry import agents
from tests.toys import toy_problem

REPEATS = 3
WARM_UP = 100
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
# They search only where there are targets that they were trained for, or a table of designs.
WITH_MORE = ("goal_ppo", "coms", "prime")
LARGEST_BUDGET = {"tpe": 1_000}


class CpuEvaluator(Evaluator):
    """Measures the CPU time that passes between evaluations."""

    agent_seconds = 0.0
    _left = 0.0

    def evaluate(self, batch: Batch) -> Outcomes:
        self.agent_seconds += time.process_time() - self._left
        outcomes = super().evaluate(batch)
        self._left = time.process_time()
        return outcomes


def measure(name: str, seed: int, budget: int, hyperparameters: dict[str, Any]) -> float:
    """Return one run's CPU time in the agent, in microseconds per evaluation."""
    problem = toy_problem("toy.flat", parameters=10)
    evaluator = CpuEvaluator(problem, budget)
    agent = make_agent(name, problem, seed, **hyperparameters)
    evaluator._left = time.process_time()
    agent.run(evaluator)
    return evaluator.agent_seconds / evaluator.spent * 1e6


def microseconds(name: str, budget: int, hyperparameters: dict[str, Any]) -> float:
    """Return the agent's time per evaluation in microseconds."""
    measure(name, 0, WARM_UP, hyperparameters)
    return statistics.median(measure(name, s, budget, hyperparameters) for s in range(REPEATS))


def main() -> None:
    """Print one row per agent, settings and budget."""
    print("| agent | settings | budget | us per evaluation | bar |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or [name for name in agents.names() if name not in WITH_MORE]:
        for settings in SETTINGS.get(name, [{}]):
            for budget in BUDGETS:
                if budget <= LARGEST_BUDGET.get(name, budget):
                    measured = microseconds(name, budget, settings)
                    words = ", ".join(f"{k}={v}" for k, v in settings.items()) or "default"
                    bar = BARS_US.get(name, "")
                    print(f"| {name} | {words} | {budget} | {measured:.1f} | {bar} |", flush=True)


if __name__ == "__main__":
    main()
