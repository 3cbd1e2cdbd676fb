"""What the tests of agents share: small problems, quick settings, and one function to search."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from archgym.problem import Problem
from archgym.registry import agents, make_agent
from archgym.testing.searches import (
    SCORE,
    FunctionModel,
    codes_of,
    constant,
    digest,
    history_of,
    problem_of,
    records_of,
    rewards_of,
)

__all__ = [
    "AGENTS",
    "BLIND",
    "LARGEST_BUDGETS",
    "QUICK",
    "SCORE",
    "WIDE",
    "FunctionModel",
    "affordable",
    "best_reward",
    "codes_of",
    "constant",
    "digest",
    "history_of",
    "problem_of",
    "quick_agent",
    "records_of",
    "rewards_of",
    "search_codes",
]

# One searches nothing, one only towards targets that it was trained for, and two only where there
# is a table to learn from: see test_listed, test_goal_ppo and, with a table each, test_offline.
ELSEWHERE = ("listed", "goal_ppo", "coms", "prime")
AGENTS = [name for name in agents.names() if name not in ELSEWHERE]
# None of them looks at what it is told.
BLIND = {"random", "sobol", "grid", "sample"}
QUICK: dict[str, dict[str, Any]] = {
    "genetic": {"population": 12},
    "nsga2": {"population": 12},
    "nsga3": {"population": 12},
    "differential_evolution": {"population": 12},
    "tpe": {"startup": 8},
    "ppo": {"rollout": 16},
    "maskable_ppo": {"rollout": 16},
    "dqn": {"learning_starts": 0.4, "episode_length": 20},
    "gp": {"startup": 12},
    "smac": {"startup": 8, "candidates": 50, "local_searches": 1, "retrain_after": 16},
    "turbo": {"startup": 8, "batch_size": 8, "candidates": 100},
    "boils": {"startup": 8, "walks": 4, "steps": 6},
    "active_learning": {
        "kind": "random_forest",
        "startup": 10,
        "batch_size": 6,
        "growth": 1.5,
        "candidates": 64,
        "generations": 1,
        "children": 16,
        "draws": 4,
    },
    "multi_fidelity": {
        "batch_size": 6,
        "candidates": 64,
        "generations": 1,
        "children": 16,
        "draws": 4,
    },
    "insight": {
        "startup": 12,
        "batch_size": 6,
        "steps": 20,
        "candidates": 64,
        "generations": 1,
        "children": 16,
        "draws": 4,
    },
    "qnehvi": {"startup": 8, "batch_size": 8, "candidates": 64, "samples": 16},
}
# Agents whose models take a tenth of a second per design are tested on fewer designs.
LARGEST_BUDGETS = {
    "gp": 20,
    "smac": 30,
    "turbo": 24,
    "qnehvi": 24,
    "boils": 30,
    "insight": 24,
    "active_learning": 36,
    "multi_fidelity": 20,
}
# Settings under which a search is mostly random, for tests of what can be reached at all.
WIDE: dict[str, dict[str, Any]] = {
    name: {"startup": 150}
    for name in (
        "gp",
        "smac",
        "turbo",
        "qnehvi",
        "boils",
        "insight",
        "active_learning",
        "multi_fidelity",
    )
}


def affordable(name: str, budget: int) -> int:
    """Return the budget, or less for agents that think long."""
    return min(budget, LARGEST_BUDGETS.get(name, budget))


def quick_agent(name: str, problem: Problem, seed: int = 0, **hyperparameters: Any) -> Any:
    return make_agent(name, problem, seed, **(QUICK.get(name, {}) | hyperparameters))


def search_codes(name: str, problem: Problem, budget: int, seed: int = 0) -> NDArray[Any]:
    return codes_of(records_of(quick_agent(name, problem, seed), budget))


def best_reward(name: str, problem: Problem, budget: int, seed: int = 0) -> float:
    return float(rewards_of(records_of(quick_agent(name, problem, seed), budget)).max())
