"""Parameters that agents leave alone while users' own designs may set them.

The grid that agents search holds the default alone, so such a parameter costs a search nothing;
other legal values have codes beyond the grid, as those of `Ordinal`. Examples are the energy of
one access while mappings are searched, and the layer in a table in which each row has its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.parameter import Axis, Codes, Parameter
from archgym.scalar_parameters import Categorical, as_number

LARGEST_WHOLE = 2**53  # float64 tells all whole numbers up to here apart


@dataclass(frozen=True)
class FixedNumber(Parameter):
    """A number in [low, high], at its default unless a design says otherwise.

    The default None means that nothing is given; the native value is then None. The code of the
    default is 0, that of another number 1 + the bits of its float64, so none is rounded.

    Attributes:
        whole: Whether only whole numbers are legal; native values are then of type int.
    """

    low: float = 0.0
    high: float = math.inf
    _: KW_ONLY
    default: float | None = None
    whole: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.low <= self.high:
            raise SettingError(f"parameter {self.name!r}: bad range {self.low} .. {self.high}")
        self.parse(self.default_value)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis(self.name, 1),)

    @property
    def default_value(self) -> Any:
        return self.default

    @property
    def allowed(self) -> str:
        kind = "an integer" if self.whole else "a number"
        if math.isinf(self.high):
            return f"{kind} >= {self.low:g}"
        return f"{kind} {self.low:g} .. {self.high:g}"

    def parse(self, value: Any) -> tuple[int]:
        if value is None and self.default is None:
            return (0,)
        number = as_number(value)
        if number is None or not self.low <= number <= self.high:
            raise self.refuse(value)
        if self.whole and not (number.is_integer() and number <= LARGEST_WHOLE):
            raise self.refuse(value)
        return (0 if number == self.default else 1 + _bits(number),)

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        if not set(map(type, values)) <= {int, float}:
            return None
        numbers = np.array(values, dtype=np.float64)
        legal = (numbers >= self.low) & (numbers <= self.high) & np.isfinite(numbers)
        if self.whole:
            legal &= (np.floor(numbers) == numbers) & (numbers <= LARGEST_WHOLE)
        if not legal.all():
            return None
        codes = 1 + (numbers + 0.0).view(np.int64)
        return np.where(numbers == self.default, 0, codes)[:, None]

    def numbers(self, codes: Codes) -> NDArray[np.float64]:
        """Return float64 (n,) of codes of shape (n, 1); NaN where nothing is given."""
        code = codes[:, 0].astype(np.int64)
        default = np.nan if self.default is None else float(self.default)
        return np.where(code == 0, default, np.maximum(code - 1, 0).view(np.float64))

    def decode(self, codes: Codes) -> NDArray[Any]:
        numbers = self.numbers(codes)
        missing = np.isnan(numbers)
        if missing.any():
            native = [None if x != x else int(x) if self.whole else x for x in numbers.tolist()]
            return np.array(native, dtype=object)
        return numbers.astype(np.int64) if self.whole else numbers


@dataclass(frozen=True)
class FixedChoice(Categorical):
    """One of several values, of which agents see the first alone."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis(self.name, 1, ordered=False),)


def _bits(number: float) -> int:
    """Return the bits of a float64 that is not negative; they ascend with the number."""
    return int(np.float64(number + 0.0).view(np.int64))
