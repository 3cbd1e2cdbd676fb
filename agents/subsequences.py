"""How many sub-sequences two words share, for kernels over words."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from archgym.outcome import Floats
from archgym.space import DesignSpace
from archgym.word_parameters import Sequence

Words = NDArray[np.int64]
# What words are padded with; it equals no symbol.
PADDING = -1


def words_of(space: DesignSpace, parameter: Sequence, codes: NDArray[np.generic]) -> Words:
    """Return a parameter's words as symbols, shape (n, max_length), padded behind the last."""
    columns = codes[:, space.columns[parameter.name]].astype(np.int64)
    if parameter.min_length == parameter.max_length:
        return columns
    used = np.arange(parameter.max_length) < columns[:, :1] + parameter.min_length
    return np.where(used, columns[:, 1:], PADDING)


def shared_subsequences(left: Words, right: Words, gap: float, longest: int) -> Floats:
    """Return the weighted number of shared sub-sequences of each length for each pair of words.

    Every way to pick the same symbols in the same order out of both words counts
    ``gap ** (symbols skipped between the first and the last one picked, in both words)``.

    Args:
        left: Shape (p, length).
        right: Shape (q, length).
        gap: Weight of a skipped symbol, 0 to 1.
        longest: Longest sub-sequence that counts.

    Returns:
        Shape (p, q, longest), sub-sequences of 1 .. longest symbols.

    Source: Lodhi et al., Text classification using string kernels, JMLR 2, 2002, with the match
    decay left out; here the recursion runs over the ends of sub-sequences.
    """
    found = np.empty((len(left), longest, len(right)))
    others = np.ascontiguousarray(right.T)
    for row, word in enumerate(left):
        _count(word[word != PADDING], others, gap, found[row])
    return found.transpose(0, 2, 1)


@njit(cache=True)
def _count(word: Words, others: Words, gap: float, found: Floats) -> None:
    """Add up the sub-sequences that one word shares with each of the others, shape (length, q).

    At each symbol of the word, ``ends[m, b]`` weighs shared sub-sequences of m + 1 symbols that
    end there and at symbol b of the other, and ``before[m, b]`` those that end before both, the
    gaps that follow them included.
    """
    longest, (length, count) = found.shape[0], others.shape
    ends, before = np.zeros((longest, length, count)), np.zeros((longest, length, count))
    last_ends, last_before = np.zeros_like(ends), np.zeros_like(before)
    found[:] = 0.0
    for symbol in word:
        ends, last_ends = last_ends, ends
        before, last_before = last_before, before
        for m in range(longest):
            for b in range(1, length):
                for k in range(count):
                    either = before[m, b - 1, k] + last_before[m, b, k]
                    both = last_before[m, b - 1, k]
                    before[m, b, k] = last_ends[m, b - 1, k] + gap * (either - gap * both)
            for b in range(length):
                for k in range(count):
                    same = 1.0 if others[b, k] == symbol else 0.0
                    ends[m, b, k] = same * (before[m - 1, b, k] if m else 1.0)
                    found[m, k] += ends[m, b, k]


def own_subsequences(words: Words, gap: float, longest: int) -> Floats:
    """Return what `shared_subsequences` says of each word and itself, shape (n, longest)."""
    found = np.empty((len(words), longest, 1))
    for row, word in enumerate(words):
        _count(word[word != PADDING], word[:, None], gap, found[row])
    return found[:, :, 0]
