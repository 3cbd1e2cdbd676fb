"""The parameters of synthesis designs that need a reading of their own: recipes and libraries."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass
from numbers import Number
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.synthesis.actions import (
    HOW_TO_WRITE,
    SEPARATOR,
    UnknownActionError,
    action_numbers,
    legal_actions,
    parse_recipe,
)
from archgym.cost_models.synthesis.libraries import ALLOWED, find_library
from archgym.errors import InvalidDesignError, SettingError
from archgym.parameter import Codes
from archgym.space import is_blank
from archgym.text_parameters import OpenChoice
from archgym.word_parameters import Sequence, object_array, split_words

_DIGIT_BITS = 9  # enough for every legal pass plus one, and seven of them for an int64
_DIGITS = 7
_NO_PASS = 2**_DIGIT_BITS - 1


@dataclass(frozen=True)
class Recipe(Sequence):
    """A word over a set of passes; native value a text, passes separated by ``;``.

    Agents search recipes of ``min_length`` to ``max_length`` passes of the alphabet, which is the
    beginning of all legal passes. Designs of users may hold any legal passes, fewer of them or up
    to seven times ``max_length``. Such recipes have codes beyond the grid: a symbol that is no
    pass where the recipe is too short, and in the higher bits of symbol k those of the passes
    k + max_length, k + 2 max_length, ...
    """

    text_is_kept: ClassVar[bool] = True

    @property
    def values(self) -> tuple[str, ...]:
        """The passes that agents choose from."""
        return self.alphabet

    @property
    def default_value(self) -> str:
        return SEPARATOR.join(self.default or ())

    @property
    def allowed(self) -> str:
        return f"up to {self.longest} {HOW_TO_WRITE}"

    @property
    def longest(self) -> int:
        """Most passes of a design."""
        return _DIGITS * self.max_length

    def parse(self, value: Any) -> tuple[int, ...]:
        words = "" if is_blank(value) else value
        if isinstance(words, Number):
            reason = "a number: leading zeros are lost, so digits must be read as text"
            raise InvalidDesignError(self.name, value, reason)
        try:
            passes = parse_recipe(words if isinstance(words, str) else split_words(words))
        except UnknownActionError as error:
            raise InvalidDesignError(self.name, error.action, self.allowed) from None
        if len(passes) > self.longest:
            raise InvalidDesignError(self.name, f"{len(passes)} passes", self.allowed)
        symbols = self._pack([action_numbers()[action] for action in passes])
        if self._fixed:
            return tuple(symbols)
        length = min(max(len(passes), self.min_length), self.max_length)
        used = [0 if at >= length else symbol for at, symbol in enumerate(symbols)]
        return (length - self.min_length, *used)

    def _pack(self, numbers: Items[int]) -> list[int]:
        symbols = []
        for at in range(self.max_length):
            mine = numbers[at :: self.max_length]
            symbol = mine[0] if mine else _NO_PASS
            for place, number in enumerate(mine[1:], 1):
                symbol |= (number + 1) << (place * _DIGIT_BITS)
            symbols.append(symbol)
        return symbols

    def decode(self, codes: Codes) -> NDArray[Any]:
        return object_array(self._text(row) for row in codes.astype(np.int64).tolist())

    def _text(self, row: list[int]) -> str:
        length = self.max_length if self._fixed else row[0] + self.min_length
        symbols = (row if self._fixed else row[1:])[:length]
        names = legal_actions()
        passes = [names[low] for low in (x & _NO_PASS for x in symbols) if low != _NO_PASS]
        for place in range(1, _DIGITS):
            higher = [symbol >> (place * _DIGIT_BITS) & _NO_PASS for symbol in symbols]
            if not any(higher):
                break
            passes += [names[number - 1] for number in higher if number]
        return SEPARATOR.join(passes)


@dataclass(frozen=True)
class Label(OpenChoice):
    """Any text, repeated in results and without effect; agents leave it empty."""

    values: tuple[Any, ...] = ("",)

    def parse(self, value: Any) -> tuple[int]:
        return super().parse("" if value is None or value != value else str(value))


@dataclass(frozen=True)
class LibraryName(OpenChoice):
    """The name or path of a library, the only value where none is given; agents leave it alone."""

    text_is_kept: ClassVar[bool] = True

    @property
    def allowed(self) -> str:
        return ALLOWED

    def parse(self, value: Any) -> tuple[int]:
        return super().parse(self.default_value if is_blank(value) else value)

    def _parse_other(self, value: Any) -> int:
        try:
            find_library(str(value))
        except SettingError as error:
            reason = self.allowed if "is not known" in str(error) else str(error)
            raise InvalidDesignError(self.name, value, reason) from None
        return super()._parse_other(value)
