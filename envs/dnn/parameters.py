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

_LETTERS = len(DIMENSIONS)
_WEIGHTS = np.array([math.factorial(_LETTERS - 1 - i) for i in range(_LETTERS)])


@dataclass(frozen=True)
class LoopOrder(Permutation):
    """An order of the seven loops; native value a word such as ``NKCPQRS``, outermost first."""

    items: tuple[Any, ...] = tuple(DIMENSIONS)

    @property
    def default_value(self) -> Any:
        return DIMENSIONS if self.default is None else "".join(self.default)

    @property
    def allowed(self) -> str:
        return f"a permutation of the letters {DIMENSIONS}, outermost loop first"

    def parse(self, value: Any) -> tuple[int, ...]:
        rank = _ranks().get("".join(split_words(value)))
        if rank is None:
            raise self.refuse(value)
        return tuple(_digits(np.array([rank]))[0].tolist())

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        try:
            return _digits(np.array(list(map(_ranks().__getitem__, values)), dtype=np.int64))
        except (KeyError, TypeError):
            return None

    def decode(self, codes: Codes) -> NDArray[Any]:
        return np.asarray(_words()[codes.astype(np.int64) @ _WEIGHTS])


@cache
def _words() -> NDArray[Any]:
    """Return all 5,040 orders; the index is the number that the Lehmer digits form."""
    return np.array(["".join(word) for word in itertools.permutations(DIMENSIONS)], dtype=object)


@cache
def _ranks() -> dict[str, int]:
    return {word: rank for rank, word in enumerate(_words().tolist())}


def _digits(ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(ranks[:, None] // _WEIGHTS % np.arange(_LETTERS, 0, -1))


@dataclass(frozen=True)
class Word(Categorical):
    """A word in any case."""

    def _parse_other(self, value: Any) -> int:
        return _known_word(self, value)


@dataclass(frozen=True)
class FixedWord(FixedChoice):
    """A word in any case, of which agents see the first alone."""

    def _parse_other(self, value: Any) -> int:
        return _known_word(self, value)


def _known_word(parameter: Categorical, value: Any) -> int:
    word = str(value).strip().lower()
    if word not in parameter.values:
        raise parameter.refuse(value)
    return parameter.values.index(word)
