"""What the tests of agents share: small problems, quick settings, and one function to search."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.evaluator import Evaluator, History, Record
from archgym.metric import Metric
from archgym.objective_spec import parse_objective
from archgym.outcome import Measurements, concatenate
from archgym.parameter import Parameter
from archgym.problem import Problem
from archgym.registry import agents, make_agent
from archgym.space import DesignSpace

AGENTS = agents.names()
# Neither looks at what it is told.
BLIND = {"random", "sobol"}
QUICK: dict[str, dict[str, Any]] = {
    "genetic": {"population": 12},
    "nsga2": {"population": 12},
    "tpe": {"startup": 8},
    "ppo": {"rollout": 16},
    "gp": {"startup": 12},
    "smac": {"startup": 8, "candidates": 50, "local_searches": 1, "retrain_after": 16},
    "turbo": {"startup": 8, "batch_size": 8, "candidates": 100},
    "qnehvi": {"startup": 8, "batch_size": 8, "candidates": 64, "samples": 16},
}
# Agents whose models take a tenth of a second per design are tested on fewer designs.
LARGEST_BUDGETS = {"gp": 20, "smac": 30, "turbo": 24, "qnehvi": 24}
# Settings under which a search is mostly random, for tests of what can be reached at all.
WIDE: dict[str, dict[str, Any]] = {
    name: {"startup": 150} for name in ("gp", "smac", "turbo", "qnehvi")
}
SCORE = Metric("score", "1", "maximize")


class FunctionModel(CostModel):
    """The metric ``score`` is a function of the batch."""

    name = "function"
    version = "1"
    metrics = (SCORE,)

    def __init__(self, function):
        self._function = function

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        return Measurements.of({"score": self._function(batch)})


def constant(batch: Batch) -> NDArray[np.float64]:
    return np.full(len(batch), 3.0)


def problem_of(*parameters: Parameter, function=constant, constraints=()) -> Problem:
    model = FunctionModel(function)
    return Problem(
        env="function-v0",
        space=DesignSpace(parameters, constraints),
        cost_model=model,
        workload=None,
        objective=parse_objective({"maximize": "score"}, {}, model.metrics),
    )


def affordable(name: str, budget: int) -> int:
    """Return the budget, or less for agents that think long."""
    return min(budget, LARGEST_BUDGETS.get(name, budget))


def quick_agent(name: str, problem: Problem, seed: int = 0, **hyperparameters: Any) -> Any:
    return make_agent(name, problem, seed, **(QUICK.get(name, {}) | hyperparameters))


def records_of(agent: Any, budget: int, history: History | None = None) -> list[Record]:
    """Let an agent spend a budget; every row it asked for beyond the history is in the records."""
    records: list[Record] = []
    evaluator = Evaluator(agent.problem, budget, records.append, history)
    agent.run(evaluator)
    return records


def codes_of(records: list[Record]) -> NDArray[Any]:
    return np.concatenate([record.batch.codes for record in records])


def rewards_of(records: list[Record]) -> NDArray[np.float64]:
    return np.concatenate([record.outcomes.reward for record in records])


def search_codes(name: str, problem: Problem, budget: int, seed: int = 0) -> NDArray[Any]:
    return codes_of(records_of(quick_agent(name, problem, seed), budget))


def best_reward(name: str, problem: Problem, budget: int, seed: int = 0) -> float:
    return float(rewards_of(records_of(quick_agent(name, problem, seed), budget)).max())


def history_of(records: list[Record], rows: int) -> History:
    """Return the first rows of a run as a store would give them back."""
    batch = Batch(records[0].batch.space, codes_of(records)[:rows])
    measured = concatenate([record.outcomes for record in records])
    return History(batch, measured.select(range(rows)))


def digest(codes: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(codes).tobytes()).hexdigest()
