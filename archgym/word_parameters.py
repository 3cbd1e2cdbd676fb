"""Parameters made of several symbols: permutations and sequences."""

from __future__ import annotations

from collections import abc
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.parameter import Axis, Codes, Parameter


@dataclass(frozen=True)
class Permutation(Parameter):
    """An order of ``items``; native value a tuple, text form separated by blanks.

    Coded by Lehmer digits: digit ``i`` counts the positions among the items not yet placed, so
    any digits ``0 <= d_i < n - i`` are a valid order and uniform digits are uniform orders.
    """

    items: tuple[Any, ...] = ()
    _: KW_ONLY
    default: tuple[Any, ...] | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        count = len(self.items)
        return tuple(Axis(f"{self.name}.{i}", count - i, ordered=False) for i in range(count))

    @property
    def default_value(self) -> tuple[Any, ...]:
        return self.items if self.default is None else self.default

    @property
    def allowed(self) -> str:
        return "an order of " + " ".join(map(str, self.items))

    def parse(self, value: Any) -> tuple[int, ...]:
        words = split_words(value)
        rest, digits = list(map(str, self.items)), []
        if sorted(words) != sorted(rest):
            raise self.refuse(value)
        for word in words:
            digits.append(rest.index(word))
            rest.pop(digits[-1])
        return tuple(digits)

    def decode(self, codes: Codes) -> NDArray[Any]:
        return object_array(self._order(row) for row in codes.astype(np.int64).tolist())

    def _order(self, digits: list[int]) -> tuple[Any, ...]:
        rest = list(self.items)
        return tuple(rest.pop(digit) for digit in digits)


@dataclass(frozen=True)
class Sequence(Parameter):
    """A word over an alphabet with ``min_length`` to ``max_length`` symbols.

    Native value a tuple, text form separated by blanks. Coded as its length (absent where the
    length is fixed) and one symbol per position; positions beyond the length have no effect.
    """

    alphabet: tuple[Any, ...] = ()
    max_length: int = 1
    _: KW_ONLY
    min_length: int = 0
    default: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        if not self.alphabet or not 0 <= self.min_length <= self.max_length or not self.max_length:
            raise SettingError(f"parameter {self.name!r}: bad alphabet or length")

    @property
    def _fixed(self) -> bool:
        return self.min_length == self.max_length

    @property
    def axes(self) -> tuple[Axis, ...]:
        lengths = Axis(f"{self.name}.length", self.max_length - self.min_length + 1)
        symbols = (
            Axis(f"{self.name}.{i}", len(self.alphabet), ordered=False)
            for i in range(self.max_length)
        )
        return tuple(symbols) if self._fixed else (lengths, *symbols)

    @property
    def default_value(self) -> Any:
        return (self.alphabet[0],) * self.min_length if self.default is None else self.default

    @property
    def allowed(self) -> str:
        words = " ".join(map(str, self.alphabet))
        return f"{self.min_length} .. {self.max_length} words out of: {words}"

    def parse(self, value: Any) -> tuple[int, ...]:
        words, known = split_words(value), list(map(str, self.alphabet))
        if not self.min_length <= len(words) <= self.max_length or not set(words) <= set(known):
            raise self.refuse(value)
        symbols = [known.index(word) for word in words]
        padded = symbols + [0] * (self.max_length - len(words))
        return tuple(padded) if self._fixed else (len(words) - self.min_length, *padded)

    def decode(self, codes: Codes) -> NDArray[Any]:
        return object_array(self._word(row) for row in codes.astype(np.int64).tolist())

    def _word(self, row: list[int]) -> tuple[Any, ...]:
        length, symbols = (
            (self.max_length, row) if self._fixed else (row[0] + self.min_length, row[1:])
        )
        return tuple(self.alphabet[symbol] for symbol in symbols[:length])

    def canonical(self, codes: Codes) -> Codes:
        if self._fixed:
            return codes
        used = np.arange(self.max_length) < (codes[:, :1] + self.min_length)
        return np.hstack([codes[:, :1], np.where(used, codes[:, 1:], 0)])


def split_words(value: Any) -> list[str]:
    """Return the words of a text, or of a list or tuple, as texts."""
    if isinstance(value, str):
        return value.split()
    return [str(word) for word in value] if isinstance(value, abc.Iterable) else [str(value)]


def object_array(items: abc.Iterable[Any]) -> NDArray[Any]:
    """Return a one-dimensional array of objects, even where these are themselves sequences."""
    return np.fromiter(items, dtype=object)
