"""Running one agent on one problem, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from archgym.evaluator import Evaluator, Record
from archgym.problem import Problem

if TYPE_CHECKING:
    import pandas as pd


class Searches(Protocol):
    """Anything that can spend an evaluator's budget."""

    def run(self, evaluator: Evaluator) -> None:
        """Search until the budget is spent or nothing is left to try."""


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        problem: What was searched.
        records: All batches in order.
        unique: Different designs evaluated.
        ask_seconds: Time spent in the agent.
        evaluate_seconds: Time spent in the cost model.
        charged: What cheaper models cost beside the evaluations, in evaluations.
    """

    problem: Problem
    records: Sequence[Record]
    unique: int
    ask_seconds: float
    evaluate_seconds: float
    charged: float = 0.0

    @property
    def history(self) -> pd.DataFrame:
        """All evaluations in order: design, metrics, reward, status, error."""
        import pandas as pd

        parts = [
            pd.concat([record.batch.frame(), record.outcomes.frame()], axis=1)
            for record in self.records
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def best(self) -> dict[str, Any]:
        """The first evaluation with the largest reward, as a mapping."""
        history = self.history
        row = history.iloc[int(np.argmax(history["reward"].to_numpy()))]
        return {str(name): value for name, value in row.items()}


def search(
    problem: Problem, agent: Searches, budget: int, timeout_s: float | None = None
) -> SearchResult:
    """Let an agent search a problem and return what it found.

    Args:
        problem: What is searched.
        agent: Made by `archgym.make_agent` for this problem.
        budget: Evaluations that it may spend.
        timeout_s: Wall-clock limit of one evaluation in seconds; None sets none.
    """
    records: list[Record] = []
    evaluator = Evaluator(problem, budget, records.append, timeout_s=timeout_s)
    try:
        agent.run(evaluator)
    finally:
        evaluator.close()
    return SearchResult(
        problem,
        records,
        evaluator.unique,
        evaluator.ask_seconds,
        evaluator.evaluate_seconds,
        float(evaluator.charged),
    )
