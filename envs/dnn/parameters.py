"""Kinds of parameters that only DNN designs have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.fixed_parameters import FixedChoice
from archgym.parameter import Codes
from archgym.scalar_parameters import Categorical
from archgym.word_parameters import Permutation, split_words


@dataclass(frozen=True)
class LoopOrder(Permutation):
    """An order of loops; native value a word such as ``NKCPQRS``, outermost first.

    Attributes:
        items: The letters of the dimensions, at most seven.
    """

    items: tuple[Any, ...] = tuple(DIMENSIONS)

    @property
    def letters(self) -> str:
        """The dimensions in the order of `items`."""
        return "".join(self.items)

    @property
    def default_value(self) -> Any:
        return self.letters if self.default is None else "".join(self.default)

    @property
    def allowed(self) -> str:
        return f"a permutation of the letters {self.letters}, outermost loop first"

    def parse(self, value: Any) -> tuple[int, ...]:
        rank = _ranks(self.letters).get("".join(split_words(value)))
        if rank is None:
            raise self.refuse(value)
        return tuple(_digits(np.array([rank]), len(self.items))[0].tolist())

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        try:
            known = list(map(_ranks(self.letters).__getitem__, values))
        except (KeyError, TypeError):
            return None
        return _digits(np.array(known, dtype=np.int64), len(self.items))

    def decode(self, codes: Codes) -> NDArray[Any]:
        ranks = codes.astype(np.int64) @ _weights(len(self.items))
        return np.asarray(_words(self.letters)[ranks])


@cache
def _weights(count: int) -> NDArray[np.int64]:
    return np.array([math.factorial(count - 1 - i) for i in range(count)])


@cache
def _words(letters: str) -> NDArray[Any]:
    """Return all orders; the index is the number that the Lehmer digits form."""
    return np.array(["".join(word) for word in itertools.permutations(letters)], dtype=object)


@cache
def _ranks(letters: str) -> dict[str, int]:
    return {word: rank for rank, word in enumerate(_words(letters).tolist())}


def _digits(ranks: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.asarray(ranks[:, None] // _weights(count) % np.arange(count, 0, -1))


@dataclass(frozen=True)
class Word(Categorical):
    """A word in any case, with hyphens or underscores."""

    def _parse_other(self, value: Any) -> int:
        return _known_word(self, value)


@dataclass(frozen=True)
class FixedWord(FixedChoice):
    """A word in any case, of which agents see the first alone."""

    def _parse_other(self, value: Any) -> int:
        return _known_word(self, value)


def _known_word(parameter: Categorical, value: Any) -> int:
    word = str(value).strip().lower().replace("-", "_")
    if word not in parameter.values:
        raise parameter.refuse(value)
    return parameter.values.index(word)
