"""A mixed-integer linear program, written row by row and solved by HiGHS."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.mem_plan.plan import OutOfTimeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Terms = Iterable[tuple[int, float]]

_OPTIMAL, _OUT_OF_TIME = 0, 1


class Program(Protocol):
    """What programs are written into: variables of 0 and 1, costs, rows."""

    def variables(self, *shape: int, whole: bool) -> Ints:
        """Return new variables' numbers."""

    def cost(self, variable: int, cost: float) -> None:
        """Set what a variable costs."""

    def forbid(self, variable: int) -> None:
        """Fix a variable at 0."""

    def at_most(self, terms: Terms, bound: float) -> None:
        """Demand that a sum stays below a bound."""

    def equal(self, terms: Terms, value: float) -> None:
        """Demand that a sum has a value."""


class LinearProgram:
    """Variables in [0, 1], rows, and costs to minimise, which are not negative.

    Args:
        unit: How many bytes a cost of 1 stands for.
    """

    def __init__(self, unit: int = 1) -> None:
        self._unit = unit
        self._costs: list[float] = []
        self._most: list[float] = []
        self._whole: list[bool] = []
        self._entries: list[tuple[int, int, float]] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def variables(self, *shape: int, whole: bool) -> Ints:
        """Return new variables' numbers; ``whole`` ones are 0 or 1."""
        start, count = len(self._costs), math.prod(shape)
        self._costs += [0.0] * count
        self._most += [1.0] * count
        self._whole += [whole] * count
        return np.arange(start, start + count).reshape(shape)

    def cost(self, variable: int, cost: float) -> None:
        """Set what a variable costs."""
        self._costs[variable] = cost

    def forbid(self, variable: int) -> None:
        """Fix a variable at 0."""
        self._most[variable] = 0.0

    def at_most(self, terms: Terms, bound: float) -> None:
        """Demand that a sum stays below a bound."""
        self._row(terms, -math.inf, bound)

    def equal(self, terms: Terms, value: float) -> None:
        """Demand that a sum has a value."""
        self._row(terms, value, value)

    def _row(self, terms: Terms, low: float, high: float) -> None:
        row = len(self._low)
        self._entries += [(row, int(variable), factor) for variable, factor in terms]
        self._low.append(low)
        self._high.append(high)

    def solve(self, time_limit_s: float) -> Floats:
        """Return the variables of an optimal solution, float64 (variables,).

        Raises:
            OutOfTimeError: It could not be proven optimal within the time.
            RuntimeError: There is no solution, or the solver failed.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        if not self._entries:  # nothing is demanded, so nothing is best
            return np.zeros(len(self._costs))
        rows, columns, factors = zip(*self._entries, strict=True)
        shape = (len(self._low), len(self._costs))
        found = milp(
            np.array(self._costs),
            constraints=LinearConstraint(
                coo_array((factors, (rows, columns)), shape=shape).tocsr(), self._low, self._high
            ),
            bounds=Bounds(0.0, np.array(self._most)),
            integrality=np.array(self._whole, dtype=np.int64),
            options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
        )
        if found.status == _OUT_OF_TIME:
            raise OutOfTimeError(*(self._in_bytes(v) for v in (found.fun, found.mip_dual_bound)))
        if found.status != _OPTIMAL:
            raise RuntimeError(f"HiGHS: {found.message}")
        return np.asarray(found.x)

    def _in_bytes(self, value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else value * self._unit
