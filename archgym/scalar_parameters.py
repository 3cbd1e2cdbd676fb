"""Parameters with one value: categorical, ordinal, integer and real."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.parameter import Axis, Codes, Parameter


@dataclass(frozen=True)
class _Choice(Parameter):
    """Common ground of Categorical and Ordinal: one value out of a list."""

    values: tuple[Any, ...] = ()
    _: KW_ONLY
    default: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if not self.values or len(set(self.values)) != len(self.values):
            raise SettingError(
                f"parameter {self.name!r}: needs distinct values, has {self.values}"
            )
        self.parse(self.default_value)

    @property
    def default_value(self) -> Any:
        return self.values[0] if self.default is None else self.default

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(map(str, self.values))

    @cached_property
    def _codes(self) -> dict[Any, int]:
        texts = {str(value): code for code, value in enumerate(self.values)}
        return texts | {value: code for code, value in enumerate(self.values)}

    def parse(self, value: Any) -> tuple[int]:
        try:
            return (self._codes[value],)
        except (KeyError, TypeError):
            return (self._parse_other(value),)

    def _parse_other(self, value: Any) -> int:
        raise self.refuse(value)

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        try:
            codes = list(map(self._codes.__getitem__, values))
        except (KeyError, TypeError):
            return None
        return np.array(codes, dtype=np.int64)[:, None]

    @cached_property
    def _table(self) -> NDArray[Any]:
        return _table_of(self.values)

    def decode(self, codes: Codes) -> NDArray[Any]:
        return self._table[codes[:, 0].astype(np.int64)]


def _table_of(values: tuple[Any, ...]) -> NDArray[Any]:
    """Return values as an array that gives them back with their types."""
    table = np.array(values)
    same = all(type(a) is type(b) for a, b in zip(table.tolist(), values, strict=True))
    return table if same and table.dtype.kind != "U" else np.array(values, dtype=object)


@dataclass(frozen=True)
class Categorical(_Choice):
    """One of several values without an order.

    ``legal`` are further values, outside what agents search, that users may evaluate; the k-th of
    them has the code ``len(values) + k``. ``legal_in`` names what the values depend on.
    """

    _: KW_ONLY
    legal: tuple[Any, ...] = ()
    legal_in: str = ""

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis(self.name, len(self.values), ordered=False),)

    @property
    def allowed(self) -> str:
        where = f" with {self.legal_in}" if self.legal_in else ""
        return "one of " + ", ".join(map(str, (*self.values, *self.legal))) + where

    def _parse_other(self, value: Any) -> int:
        texts = [str(other) for other in self.legal]
        if str(value) not in texts:
            raise self.refuse(value)
        return len(self.values) + texts.index(str(value))

    @cached_property
    def _table(self) -> NDArray[Any]:
        return _table_of((*self.values, *self.legal))


@dataclass(frozen=True)
class Ordinal(_Choice):
    """One of several numbers in ascending order: the grid that agents search.

    ``legal = (low, high)`` admits further integers outside the grid when users evaluate designs of
    their own (``high`` None means no upper end). Value ``v`` off the grid has the code
    ``len(values) + v - low``.
    """

    _: KW_ONLY
    legal: tuple[int, int | None] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if list(self.values) != sorted(self.values):
            raise SettingError(f"parameter {self.name!r}: values {self.values} are not ascending")

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis(self.name, len(self.values)),)

    @property
    def allowed(self) -> str:
        if self.legal is None:
            return super().allowed
        low, high = self.legal
        return f"an integer >= {low}" if high is None else f"an integer {low} .. {high}"

    def _parse_other(self, value: Any) -> int:
        number = as_number(value)
        if number in self._codes:
            return self._codes[number]
        if number is None or self.legal is None or not float(number).is_integer():
            raise self.refuse(value)
        low, high = self.legal
        if number < low or number > (2**31 - 1 if high is None else high):
            raise self.refuse(value)
        return len(self.values) + int(number) - low

    def decode(self, codes: Codes) -> NDArray[Any]:
        code = codes[:, 0].astype(np.int64)
        if self.legal is None or not (code >= len(self.values)).any():
            return self._table[code]
        on_grid = np.minimum(code, len(self.values) - 1)
        off_grid = code - len(self.values) + self.legal[0]
        return np.where(code < len(self.values), self._table[on_grid], off_grid)


@dataclass(frozen=True)
class Integer(Parameter):
    """A whole number in [low, high]."""

    low: int = 0
    high: int = 1
    _: KW_ONLY
    default: int | None = None

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise SettingError(f"parameter {self.name!r}: empty range {self.low} .. {self.high}")
        self.parse(self.default_value)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis(self.name, self.high - self.low + 1),)

    @property
    def default_value(self) -> int:
        return self.low if self.default is None else self.default

    @property
    def allowed(self) -> str:
        return f"an integer {self.low} .. {self.high}"

    def parse(self, value: Any) -> tuple[int]:
        number = as_integer(value)
        if number is None or not self.low <= number <= self.high:
            raise self.refuse(value)
        return (number - self.low,)

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        numbers = _numbers(values, self.low, self.high)
        if numbers is None or (np.floor(numbers) != numbers).any():
            return None
        return numbers.astype(np.int64)[:, None] - self.low

    def decode(self, codes: Codes) -> NDArray[Any]:
        return codes[:, 0].astype(np.int64) + self.low


@dataclass(frozen=True)
class Real(Parameter):
    """A real number in [low, high], searched on a linear or logarithmic scale."""

    low: float = 0.0
    high: float = 1.0
    _: KW_ONLY
    default: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise SettingError(f"parameter {self.name!r}: bad range {self.low} .. {self.high}")
        self.parse(self.default_value)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis(self.name, None, low=self.low, high=self.high, log=self.log),)

    @property
    def default_value(self) -> float:
        return self.low if self.default is None else self.default

    @property
    def allowed(self) -> str:
        return f"a number {self.low:g} .. {self.high:g}"

    def parse(self, value: Any) -> tuple[float]:
        number = as_number(value)
        if number is None or not self.low <= number <= self.high:
            raise self.refuse(value)
        return (number,)

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        numbers = _numbers(values, self.low, self.high)
        return None if numbers is None else numbers.astype(np.float64)[:, None]

    def decode(self, codes: Codes) -> NDArray[Any]:
        return codes[:, 0].astype(np.float64)


def _numbers(values: Sequence[Any], low: float, high: float) -> NDArray[Any] | None:
    """Return the values as an array where all are plain numbers in [low, high], else None."""
    if not set(map(type, values)) <= {int, float}:
        return None
    numbers = np.array(values)
    return numbers if ((numbers >= low) & (numbers <= high)).all() else None


def as_number(value: Any) -> float | None:
    """Return the finite number that ``value`` or its text stands for, or None."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def as_integer(value: Any) -> int | None:
    """Return the whole number that ``value`` or its text stands for, or None."""
    number = as_number(value)
    return int(number) if number is not None and number.is_integer() else None
