"""Single designs, evaluated and reported quickly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.outcome import Outcomes
from archgym.parameter import Codes
from archgym.problem import Problem
from archgym.space import DesignSpace
from archgym.views.observations import Features, OutcomeFeatures

_LARGEST_TABLE = 1024


class NativeDesigns:
    """Turns one row of codes into a mapping name -> native value, by tables if small."""

    def __init__(self, space: DesignSpace):
        self._space = space
        self._fields = [
            (name, space.columns[name].start, _table(space, name)) for name in space.names
        ]

    def __call__(self, codes: NDArray[Any]) -> dict[str, Any]:
        """Return the design of codes of shape (width,)."""
        row = codes.tolist()
        design = {}
        for name, column, table in self._fields:
            code = row[column]
            design[name] = table[code] if code in table else self._decode(name, codes)
        return design

    def _decode(self, name: str, codes: NDArray[Any]) -> Any:
        decoded = self._space[name].decode(codes[None, self._space.columns[name]])
        return decoded.tolist()[0]


def _table(space: DesignSpace, name: str) -> dict[int, Any]:
    """Return code -> native value of a parameter with one small discrete axis, else nothing."""
    axes = space[name].axes
    size = axes[0].size if len(axes) == 1 else None
    if size is None or size > _LARGEST_TABLE:
        return {}
    return dict(enumerate(space[name].decode(np.arange(size)[:, None]).tolist()))


class DesignReporter:
    """Evaluates one design at a time and says everything about it that environments return.

    Args:
        evaluator: What evaluates, under its budget.
    """

    def __init__(self, evaluator: Evaluator):
        self.evaluator = evaluator
        self.problem: Problem = evaluator.problem
        self.features = OutcomeFeatures(self.problem)
        self._native = NativeDesigns(self.problem.space)

    def evaluate(self, codes: Codes) -> tuple[Features, float, dict[str, Any]]:
        """Return features (size,), reward and info of a design of shape (1, width).

        Raises:
            BudgetSpentError: Nothing remains of the evaluator's budget.
        """
        outcomes = self.evaluator.evaluate(Batch(self.problem.space, codes))
        return (
            self.features(codes, outcomes)[0],
            outcomes.reward.item(0),
            self.info(codes, outcomes),
        )

    def info(self, codes: Codes, outcomes: Outcomes, row: int = 0) -> dict[str, Any]:
        """Return design, metrics (None where one has no value), objectives, status and error."""
        values = {name: column.item(row) for name, column in outcomes.metrics.items()}
        return {
            "design": self._native(codes[row]),
            "metrics": {n: v if v == v else None for n, v in values.items()},
            "objectives": outcomes.objectives[row].tolist(),
            "status": outcomes.label(row),
            "error": outcomes.error.get(row, ""),
        }
