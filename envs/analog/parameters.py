"""Parameters of circuits: ranges bind what agents search, not what users may evaluate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.parameter import Codes
from archgym.scalar_parameters import Ordinal, Real, as_number


@dataclass(frozen=True)
class OpenReal(Real):
    """A number that agents search in [low, high] while users may give any positive one."""

    @property
    def allowed(self) -> str:
        return f"a number above 0, searched in {self.low:g} .. {self.high:g}"

    def parse(self, value: Any) -> tuple[float]:
        number = as_number(value)
        if number is None or not 0.0 < number < math.inf:
            raise self.refuse(value)
        return (number,)

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        if not set(map(type, values)) <= {int, float}:
            return None
        numbers = np.array(values, dtype=np.float64)
        return numbers[:, None] if ((numbers > 0.0) & np.isfinite(numbers)).all() else None


@dataclass(frozen=True)
class GridLength(Ordinal):
    """A gate length out of those of one process; others' have codes beyond the grid.

    Attributes:
        others: Lengths that only other processes have, in micrometres.
    """

    _: KW_ONLY
    others: tuple[float, ...] = ()

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(map(str, sorted({*self.values, *self.others})))

    @cached_property
    def _all(self) -> NDArray[np.float64]:
        return np.array([*self.values, *self.others], dtype=np.float64)

    def _parse_other(self, value: Any) -> int:
        number = as_number(value)
        same = [] if number is None else np.flatnonzero(self._all == number).tolist()
        if not same:
            raise self.refuse(value)
        return int(same[0])

    def decode(self, codes: Codes) -> NDArray[Any]:
        return self._all[codes[:, 0].astype(np.int64)]
