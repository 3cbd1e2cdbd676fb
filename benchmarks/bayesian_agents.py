"""What Bayesian agents find, and how long they think.

Run ``python -m benchmarks.bayesian_agents [AGENT ...]``; prints a markdown table. On Hartmann's
function of six reals (smallest value known: -3.32237) it prints the regret, on the memory
controller the reward: how many times less energy x time than the default design. Means over the
seeds. The time is CPU time between calls of the cost model, since the row before.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from archgym import Evaluator, make_agent, make_problem
from archgym.batch import Batch
from archgym.outcome import Outcomes
from archgym.problem import Problem
from archgym.scalar_parameters import Real
from tests.agents.searches import problem_of

AGENTS = ("random", "tpe", "gp", "smac", "turbo", "qnehvi")
SEEDS = range(5)
BUDGETS = (50, 100)

# Hartmann's function as in Surjanovic and Bingham, Virtual library of simulation experiments.
_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_SCALES = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
_LARGEST = 3.32237


def hartmann(batch: Batch) -> NDArray[np.float64]:
    """Return Hartmann's function turned round, to be maximised."""
    x = np.stack([batch[name] for name in batch.space.names], axis=1)
    far = (_SCALES * (x[:, None] - _CENTRES) ** 2).sum(axis=2)
    return np.asarray((_WEIGHTS * np.exp(-far)).sum(axis=1))


def hartmann_problem() -> Problem:
    """Six reals between 0 and 1."""
    return problem_of(*[Real(f"x{i}", 0.0, 1.0, default=0.5) for i in range(6)], function=hartmann)


def dram_problem() -> Problem:
    """The memory controller under a short trace; half of the designs are infeasible."""
    return make_problem("dram", workload="stream", objective="energy_delay", memory="ddr4_2400")


class CpuEvaluator(Evaluator):
    """Notes the CPU time before, and the reward of, each evaluation."""

    def __init__(self, problem: Problem, budget: int):
        super().__init__(problem, budget)
        self.seconds: list[float] = []
        self.rewards: list[float] = []
        self._left = time.process_time()

    def evaluate(self, batch: Batch) -> Outcomes:
        thought = (time.process_time() - self._left) / len(batch)
        outcomes = super().evaluate(batch)
        self.seconds += [thought] * len(batch)
        self.rewards += outcomes.reward.tolist()
        self._left = time.process_time()
        return outcomes


def run(name: str, problem: Problem, seed: int) -> CpuEvaluator:
    """Let an agent spend the largest budget."""
    agent = make_agent(name, problem, seed)
    evaluator = CpuEvaluator(problem, BUDGETS[-1])
    agent.run(evaluator)
    return evaluator


def regret(problem: Problem, reward: float) -> float:
    """Return by how much the value of a reward misses Hartmann's largest."""
    return _LARGEST - reward * float(hartmann(problem.space.default)[0])


def rows(title: str, name: str, problem: Problem, value: Callable[[Problem, float], float]) -> Any:
    """Yield one row per budget."""
    runs = [run(name, problem, seed) for seed in SEEDS]
    for before, budget in zip((0, *BUDGETS), BUDGETS, strict=False):
        found = [value(problem, max(one.rewards[:budget])) for one in runs]
        thought = 1e3 * np.median([np.mean(one.seconds[before:budget]) for one in runs])
        spread = f"{np.mean(found):.3f} ({min(found):.3f} - {max(found):.3f})"
        yield f"| {title} | {name} | {budget} | {spread} | {thought:.0f} |"


def main() -> None:
    """Print the table."""
    print("| problem | agent | budget | found | ms per evaluation |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or AGENTS:
        for row in rows("hartmann, regret", name, hartmann_problem(), regret):
            print(row, flush=True)
        for row in rows("dram, reward", name, dram_problem(), lambda problem, best: best):
            print(row, flush=True)


if __name__ == "__main__":
    main()
