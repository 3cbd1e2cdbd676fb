"""Searches in tests: small problems, and what an agent asked for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.constraint import Constraint
from archgym.cost_model import CostModel
from archgym.evaluator import Evaluator, History, Record
from archgym.metric import Metric
from archgym.objective_spec import parse_objective
from archgym.outcome import Measurements, concatenate
from archgym.parameter import Parameter
from archgym.problem import Problem
from archgym.space import DesignSpace

SCORE = Metric("score", "1", "maximize")
_OTHER_HASH_SEED = "4242"


class FunctionModel(CostModel):
    """The metric ``score`` is a function of the batch."""

    name = "function"
    version = "1"
    metrics = (SCORE,)

    def __init__(self, function: Callable[[Batch], Any]):
        self._function = function

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        return Measurements.of({"score": self._function(batch)})


def constant(batch: Batch) -> NDArray[np.float64]:
    """Score all designs alike."""
    return np.full(len(batch), 3.0)


def problem_of(
    *parameters: Parameter,
    function: Callable[[Batch], Any] = constant,
    constraints: Sequence[Constraint] = (),
) -> Problem:
    """Return the problem of maximising a function over some parameters."""
    model = FunctionModel(function)
    return Problem(
        env="function-v0",
        space=DesignSpace(parameters, constraints),
        cost_model=model,
        workload=None,
        objective=parse_objective({"maximize": "score"}, {}, model.metrics),
    )


def records_of(agent: Any, budget: int, history: History | None = None) -> list[Record]:
    """Let an agent spend a budget; every row it asked for beyond the history is in the records."""
    records: list[Record] = []
    evaluator = Evaluator(agent.problem, budget, records.append, history)
    agent.run(evaluator)
    return records


def codes_of(records: Sequence[Record]) -> NDArray[Any]:
    """Return the codes of all designs, in order."""
    return np.concatenate([record.batch.codes for record in records])


def rewards_of(records: Sequence[Record]) -> NDArray[np.float64]:
    """Return the rewards of all designs, in order."""
    return np.concatenate([record.outcomes.reward for record in records])


def history_of(records: Sequence[Record], rows: int) -> History:
    """Return the first rows of a run as a store would give them back."""
    batch = Batch(records[0].batch.space, codes_of(records)[:rows])
    measured = concatenate([record.outcomes for record in records])
    return History(batch, measured.select(range(rows)))


def digest(codes: NDArray[Any]) -> str:
    """Return a hash of codes."""
    return hashlib.sha256(np.ascontiguousarray(codes).tobytes()).hexdigest()


def in_another_process(expression: str) -> str:
    """Return what an expression ``module:attribute(...)`` prints under another hash seed.

    Raises:
        RuntimeError: The process failed. Holds what it wrote.
    """
    module, _, call = expression.partition(":")
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}; print({module}.{call})"],
        env=os.environ
        | {"PYTHONHASHSEED": _OTHER_HASH_SEED, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()
