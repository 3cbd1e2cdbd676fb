"""A walk through a circuit as a parameter of a design space."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog.topology.grammar import END, Limits, PartialWalk, begin
from archgym.cost_models.analog.topology.tokens import GROUND
from archgym.errors import InvalidDesignError
from archgym.parameter import Codes
from archgym.space import is_blank
from archgym.word_parameters import Sequence, object_array, split_words

Places = tuple[int, ...]

_BITS = 11  # of a word of walks off the grid, with one added
_PER_AXIS = 4
_LONGEST_LEGAL = 512  # from which the words of users' walks are taken


@dataclass(frozen=True)
class CircuitWalk(Sequence):
    """A walk; native value a text, words separated by blanks.

    There is one code for each word after the first, VSS: its place in the alphabet. With
    ``masked`` a code whose word may not follow stands for one that may, code modulo their number
    in (O'Neill and Ryan, Grammatical evolution, 2001), so every combination of codes is a valid
    circuit. Without, codes are taken by the letter up to the first END.

    Users may give any other walk, valid or not, up to four times as long, with devices and nets up
    to those of walks of 512 words. Such a walk is packed into the bits of codes beyond the grid.

    Attributes:
        masked: Whether codes are read by the grammar.
    """

    text_is_kept: ClassVar[bool] = True

    _: KW_ONLY
    masked: bool = True

    @property
    def default_value(self) -> str:
        return " ".join(self.default or ())

    @property
    def allowed(self) -> str:
        return (
            f"a walk of up to {self.longest} words such as 'VSS NM1_S NM1_D VDD ...': nets (VSS,"
            " VDD, VIN1, VIN2, VOUT1, N1, N2, ...) and between them two pins of a device (NM1_D"
            " _G _S _B, PM1_..., and _P _N of R1, C1, I1, V1)"
        )

    @property
    def longest(self) -> int:
        """Most words of a design."""
        return _PER_AXIS * self.max_length

    def parse(self, value: Any) -> tuple[int, ...]:
        words = [] if is_blank(value) else split_words(value)
        wrong = [word for word in words if word not in legal_words()]
        if wrong or not words or len(words) > self.longest:
            shown = wrong[0] if wrong else f"{len(words)} words"
            raise InvalidDesignError(self.name, shown, self.allowed)
        return self._on_grid(words) or self._packed(words)

    def _on_grid(self, words: Items[str]) -> tuple[int, ...]:
        """Return the codes of a walk that agents may find, else nothing."""
        if words[0] != GROUND or len(words) > self.max_length + 1:
            return ()
        if not all(word in self._places for word in words) or END in words:
            return ()
        codes = tuple(self._places[word] for word in words[1:])
        padded = codes + (0,) * (self.max_length - len(codes))
        return padded if self._resolved(padded) == codes else ()

    def _packed(self, words: Items[str]) -> tuple[int, ...]:
        codes = []
        for at in range(self.max_length):
            mine = [legal_words()[word] + 1 for word in words[at :: self.max_length]]
            packed = sum(place << _BITS * k for k, place in enumerate(mine))
            codes.append(len(self.alphabet) + packed)
        return tuple(codes)

    def decode(self, codes: Codes) -> NDArray[Any]:
        return object_array(self._text(row) for row in codes.astype(np.int64).tolist())

    def _text(self, row: list[int]) -> str:
        if row[0] >= len(self.alphabet):
            return " ".join(self._unpacked(row))
        return " ".join([GROUND, *(self.alphabet[place] for place in self._resolved(row))])

    def _unpacked(self, row: list[int]) -> list[str]:
        names = list(legal_words())
        places = [
            max(code - len(self.alphabet), 0) >> _BITS * k & (1 << _BITS) - 1
            for k in range(_PER_AXIS)
            for code in row
        ]
        return [names[place - 1] for place in places if place]

    def canonical(self, codes: Codes) -> Codes:
        rows = [self._padded(row) for row in codes.astype(np.int64).tolist()]
        return np.array(rows, dtype=codes.dtype).reshape(codes.shape)

    def canonical_axis(self, codes: Codes, at: int) -> Codes:
        rows = codes[:, : at + 1].astype(np.int64).tolist()
        return np.array([self._last(row) for row in rows], dtype=codes.dtype)

    def _last(self, row: list[int]) -> int:
        """Return the last of `_padded`; what comes before is usually known."""
        if not self.masked or row[0] >= len(self.alphabet):
            return self._padded(row)[-1]
        before = self._resolved(row[:-1])
        if len(before) < len(row) - 1:
            return 0
        return _read(row[-1], before, self.alphabet, self.max_length + 1)

    def _padded(self, row: list[int]) -> list[int]:
        if row[0] >= len(self.alphabet):
            return row
        places = self._resolved(row)
        return [*places, *[0] * (len(row) - len(places))]

    def _resolved(self, row: Items[int]) -> Places:
        """Return the places of the words that codes on the grid stand for."""
        if self.masked:
            return _resolve(tuple(row), self.alphabet, self.max_length + 1)
        places = tuple(code % len(self.alphabet) for code in row)
        return places[: places.index(0)] if 0 in places else places

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.alphabet)}


@lru_cache(maxsize=4096)
def _resolve(codes: tuple[int, ...], alphabet: tuple[str, ...], length: int) -> Places:
    """Return codes as the grammar reads them; nothing behind the END of the walk."""
    places: Places = ()
    for code in codes:
        place = _read(code, places, alphabet, length)
        if alphabet[place] == END:
            break
        places = (*places, place)
    return places


def _read(code: int, places: Places, alphabet: tuple[str, ...], length: int) -> int:
    """Return the place of the word that a code stands for behind others."""
    allowed = _walk(places, alphabet, length).allowed
    word = alphabet[code] if code < len(alphabet) else ""
    return alphabet.index(word if word in allowed else allowed[code % len(allowed)])


@lru_cache(maxsize=4096)  # designs that are searched have beginnings in common
def _walk(places: Places, alphabet: tuple[str, ...], length: int) -> PartialWalk:
    if not places:
        return begin(Limits.of(length))
    return _walk(places[:-1], alphabet, length).after(alphabet[places[-1]])


@lru_cache(maxsize=1)
def legal_words() -> dict[str, int]:
    """Return all words of users' walks with their places."""
    limits = Limits.of(_LONGEST_LEGAL)
    return {word: at for at, word in enumerate(w for w in limits.alphabet if w != END)}
