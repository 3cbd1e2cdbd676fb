"""How long agents think over recipes, and how far ABC's work is shared between their evaluations.

Run ``python -m benchmarks.synthesis_search [WORKLOAD] [BUDGET]``; prints a markdown table.
Recipes of 20 passes, adp_vs_resyn2 with the small library. The time is CPU time of this process
between calls of the cost model; a shared pass is one that an earlier evaluation had run.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import archgym
from archgym.evaluator import Evaluator

METRIC = "adp_vs_resyn2"
AGENTS: dict[str, dict[str, Any]] = {
    "random": {},
    "genetic": {"population": 10, "crossover": "one_point", "mutation_rate": 0.08},
    "simulated_annealing": {},
    "tpe": {},
    "boils": {},
    "mcts": {"exploration": 1.0},
    "retrieval_mcts": {},
}


class Timed(Evaluator):
    """Leaves the cost model's time out."""

    inside = 0.0

    def evaluate(self, batch: Any) -> Any:
        started = time.process_time()
        try:
            return super().evaluate(batch)
        finally:
            self.inside += time.process_time() - started


def row(name: str, workload: str, budget: int) -> str:
    problem: Any = archgym.make_problem("synthesis.recipe", workload=workload, equivalence="never")
    best: list[float] = []
    evaluator = Timed(problem, budget, lambda r: best.append(min(r.outcomes.metrics[METRIC])))
    agent = archgym.make_agent(name, problem, seed=0, **AGENTS[name])
    started = time.process_time()
    agent.run(evaluator)
    thought = time.process_time() - started - evaluator.inside
    counts = problem.cost_model.session(problem.workload).statistics
    problem.cost_model.close()
    shared = 100.0 * counts.pass_hits / counts.passes_asked
    return f"| `{name}` | {thought:.2f} | {shared:.0f} % | {100 * (1 - min(best)):.1f} % |"


def main() -> None:
    given = sys.argv[1:]
    workload, budget = [*given, *("int2float", "200")[len(given) :]]
    print("| agent | own CPU s | passes shared | reduction |\n|---|---|---|---|")
    for name in AGENTS:
        print(row(name, workload, int(budget)), flush=True)


if __name__ == "__main__":
    main()
