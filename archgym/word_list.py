"""Lists of words, such as the blocks of a chip, as one parameter.

Agents search lists of one length, in which every entry has choices of its own; users may evaluate
any other list over the same alphabet. A word of several fields, ``sram:32:6``, has an axis for
each field, so that neighbouring sizes are neighbours.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.parameter import Axis, Codes, Parameter

Entry = tuple[tuple[str, ...], ...]  # the values of each field

BETWEEN_WORDS, BETWEEN_FIELDS = ";", ":"
_BITS = 62  # of an axis that may hold words of a list off the grid


@dataclass(frozen=True)
class WordList(Parameter):
    """A list of words; native value and text form are joined by semicolons.

    A list of the grid has one code for each field that has a choice. Any other list is packed into
    the same axes: the k-th of them holds its size plus a number made of some words' places in the
    alphabet, counted from 1. Axes of size 1 are added until all legal lists fit.

    Attributes:
        entries: The lists that agents search, entry by entry; empty for the empty list alone.
        alphabet: All legal words.
        most: Words of the longest legal list.
        default: The default list; the first value of each field unless given.
    """

    entries: tuple[Entry, ...] = ()
    alphabet: tuple[str, ...] = ()
    _: KW_ONLY
    most: int = 64
    default: str | None = None

    def __post_init__(self) -> None:
        if not self.alphabet or not len(self.entries) <= self.most:
            raise SettingError(f"parameter {self.name!r}: no alphabet, or too many entries")
        self.parse(self.default_value)

    @cached_property
    def choices(self) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
        """Entry, field and values of each axis with a choice; these axes come first."""
        return tuple(
            (at, field, values)
            for at, entry in enumerate(self.entries)
            for field, values in enumerate(entry)
            if len(values) > 1
        )

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        named = tuple(
            Axis(f"{self.name}.{at}.{field}", len(values), ordered=self._is_ordered(at, values))
            for at, field, values in self.choices
        )
        spare = math.ceil(self.most / self._words_per_axis) - len(named)
        return named + tuple(Axis(f"{self.name}.spare.{at}", 1) for at in range(spare))

    def _is_ordered(self, at: int, values: tuple[str, ...]) -> bool:
        return len(self.entries[at]) > 1 and all(value.isdigit() for value in values)

    @property
    def default_value(self) -> str:
        if self.default is not None:
            return self.default
        words = (BETWEEN_FIELDS.join(v[0] for v in entry) for entry in self.entries)
        return BETWEEN_WORDS.join(words)

    @property
    def allowed(self) -> str:
        shown = ", ".join(self.alphabet[:4])
        more = f", ... {len(self.alphabet)} in all" if len(self.alphabet) > 4 else ""
        least = 0 if not self.entries else 1
        return f"{least} .. {self.most} words, separated by semicolons, out of: {shown}{more}"

    def parse(self, value: Any) -> tuple[int, ...]:
        words = [] if _is_empty(value) else [w.strip() for w in str(value).split(BETWEEN_WORDS)]
        unknown = [word for word in words if word not in self._places]
        if unknown or len(words) > self.most or (self.entries and not words):
            raise self.refuse(unknown[0] if unknown else value)
        return self._on_grid(words) or self._packed(words)

    def _on_grid(self, words: Sequence[str]) -> tuple[int, ...]:
        """Return the codes of a list of the grid, else nothing."""
        if len(words) != len(self.entries):
            return ()
        codes = []
        for word, entry in zip(words, self.entries, strict=True):
            fields = word.split(BETWEEN_FIELDS, len(entry) - 1)
            if len(fields) != len(entry):
                return ()
            for field, values in zip(fields, entry, strict=True):
                if field not in values:
                    return ()
                if len(values) > 1:
                    codes.append(values.index(field))
        return tuple(codes + [0] * (len(self.axes) - len(codes)))

    def _packed(self, words: Sequence[str]) -> tuple[int, ...]:
        places, per = [self._places[word] + 1 for word in words], self._words_per_axis
        codes = []
        for at, axis in enumerate(self.axes):
            part = places[at * per : (at + 1) * per]
            packed = sum(place << self._word_bits * k for k, place in enumerate(part))
            codes.append((axis.size or 0) + packed)
        return tuple(codes)

    def is_on_grid(self, codes: Codes) -> NDArray[np.bool_]:
        """Return whether agents search these lists, shape (n,)."""
        return np.asarray(codes[:, 0] < (self.axes[0].size or 0))

    def places(self, codes: Codes) -> NDArray[np.int64]:
        """Return the words' places in the alphabet, int64 (n, most), -1 behind the last one."""
        codes = codes.astype(np.int64)
        found = np.full((len(codes), self.most), -1, dtype=np.int64)
        on_grid, (strides, starts, table) = self.is_on_grid(codes), self._tables
        chosen = np.where(on_grid[:, None], codes, 0) @ strides
        found[:, : len(self.entries)] = table[chosen + starts]
        if not on_grid.all():
            off = np.flatnonzero(~on_grid)
            found[off] = self._unpacked(codes[off])
        return found

    def _unpacked(self, codes: Codes) -> NDArray[np.int64]:
        packed = codes - np.array([axis.size for axis in self.axes])
        shifts = self._word_bits * np.arange(self._words_per_axis)
        words = packed[:, :, None] >> shifts & (1 << self._word_bits) - 1
        return np.asarray(words.reshape(len(codes), -1)[:, : self.most] - 1)

    def decode(self, codes: Codes) -> NDArray[Any]:
        texts = [
            BETWEEN_WORDS.join(self.alphabet[place] for place in row if place >= 0)
            for row in self.places(codes).tolist()
        ]
        return np.array(texts, dtype=object)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.alphabet)}

    @cached_property
    def _tables(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return what finds words: strides (axes, entries), entries' starts in the table, it."""
        strides = np.zeros((len(self.axes), len(self.entries)), dtype=np.int64)
        starts: list[int] = []
        table: list[int] = []
        stride = 1
        for axis, (entry, _, values) in reversed(list(enumerate(self.choices))):
            is_last = not strides[:, entry].any()
            stride = 1 if is_last else stride
            strides[axis, entry] = stride
            stride *= len(values)
        for fields in self.entries:
            starts.append(len(table))
            words = map(BETWEEN_FIELDS.join, itertools.product(*fields))
            table += [self._places[word] for word in words]
        return strides, np.array(starts, dtype=np.int64), np.array(table, dtype=np.int64)

    @cached_property
    def _word_bits(self) -> int:
        return len(self.alphabet).bit_length()

    @property
    def _words_per_axis(self) -> int:
        return _BITS // self._word_bits


def _is_empty(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())
