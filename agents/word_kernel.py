"""How alike designs are that hold words: a kernel over sub-sequences, times the usual ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.agents.subsequences import (
    Words,
    own_subsequences,
    shared_subsequences,
    words_of,
)
from archgym.encodings import to_unit
from archgym.outcome import Floats
from archgym.parameter import Codes
from archgym.space import DesignSpace
from archgym.word_parameters import Sequence


@dataclass(frozen=True)
class Shape:
    """The free parameters of the kernel and of the noise.

    Attributes:
        length: Longest sub-sequence that counts.
        match: Weight of each symbol of a sub-sequence.
        gap: Weight of each symbol that is skipped in it.
        ordered: Length scale of axes with an order, in the unit cube.
        unordered: Length scale of the share of other axes that differ.
        noise: Variance of what the kernel does not explain, relative to what it does.
    """

    length: int
    match: float
    gap: float
    ordered: float
    unordered: float
    noise: float


@dataclass(frozen=True)
class Features:
    """What the kernel sees of n designs.

    Attributes:
        words: One array (n, max_length) for each sequence.
        ordered: Other axes with an order in the unit cube, shape (n, k).
        unordered: Codes of other axes without, shape (n, l).
    """

    words: list[Words]
    ordered: Floats
    unordered: Codes

    def select(self, rows: slice) -> Features:
        """Return those of some designs."""
        words = [part[rows] for part in self.words]
        return Features(words, self.ordered[rows], self.unordered[rows])

    def __len__(self) -> int:
        return len(self.ordered)


@dataclass(frozen=True)
class Comparison:
    """What p designs have in common with q others, under one gap weight.

    Attributes:
        shared: For each sequence, shared sub-sequences by length, (p, q, longest), and those
            that either side shares with itself, (p, longest) and (q, longest).
        apart: Euclidean distance over the ordered axes, (p, q).
        differing: Share of the unordered axes that differ, (p, q).
    """

    shared: list[tuple[Floats, Floats, Floats]]
    apart: Floats
    differing: Floats

    def kernel(self, shape: Shape) -> Floats:
        """Return the similarity of each pair, 1 for a design with itself, shape (p, q)."""
        weights = shape.match ** (2.0 * np.arange(1, shape.length + 1))
        similar = matern(self.apart / shape.ordered) * np.exp(-self.differing / shape.unordered)
        for pair, left, right in self.shared:
            parts = (part[..., : shape.length] @ weights for part in (pair, left, right))
            similar *= _normalised(*parts)
        return similar


def _normalised(pair: Floats, left: Floats, right: Floats) -> Floats:
    """Return the cosine of two words; the empty word is similar to itself alone."""
    empty = (left == 0.0)[:, None] & (right == 0.0)
    sizes = np.sqrt(np.where(left > 0, left, 1.0))[:, None] * np.sqrt(
        np.where(right > 0, right, 1.0)
    )
    return np.where(empty, 1.0, pair / sizes)


def matern(distance: Floats) -> Floats:
    """Return the Matern 5/2 kernel of distances in length scales."""
    scaled = np.sqrt(5.0) * distance
    return np.asarray((1.0 + scaled + scaled**2 / 3.0) * np.exp(-scaled))


class WordKernel:
    """Compares designs of a space.

    Args:
        space: The design space.
        longest: Longest sub-sequence that is counted.

    Source: Grosnit et al., BOiLS: Bayesian optimisation for logic synthesis, DATE 2022, for the
    kernel over words, which is divided by its values on the diagonal.
    """

    def __init__(self, space: DesignSpace, longest: int):
        self.space = space
        self.sequences = [p for p in space.parameters if isinstance(p, Sequence)]
        lengths = [parameter.max_length for parameter in self.sequences]
        self.longest = min([longest, *lengths])
        free = np.array([axis.size != 1 for axis in space.axes])
        for parameter in self.sequences:
            free[space.columns[parameter.name]] = False
        ordered = np.array([axis.ordered for axis in space.axes])
        self.ordered = np.flatnonzero(ordered & free)
        self.unordered = np.flatnonzero(~ordered & free)

    def features(self, codes: Codes) -> Features:
        """Return what the kernel sees of canonical designs."""
        words = [words_of(self.space, parameter, codes) for parameter in self.sequences]
        unit = to_unit(self.space, codes)[:, self.ordered]
        return Features(words, unit, codes[:, self.unordered])

    def own(self, features: Features, gap: float) -> list[Floats]:
        """Return the sub-sequences that each design's words share with themselves."""
        return [own_subsequences(words, gap, self.longest) for words in features.words]

    def compare(
        self, left: Features, right: Features, gap: float, own: list[Floats]
    ) -> Comparison:
        """Return what each design of one side has in common with each of the other.

        Args:
            left: Designs of one side.
            right: Of the other.
            gap: Weight of a skipped symbol.
            own: What `own` says of the other side.
        """
        shared = [
            (shared_subsequences(mine, other, gap, self.longest), alone, other_alone)
            for mine, other, alone, other_alone in zip(
                left.words, right.words, self.own(left, gap), own, strict=True
            )
        ]
        difference = left.ordered[:, None] - right.ordered
        differing = left.unordered[:, None] != right.unordered
        return Comparison(
            shared,
            np.sqrt((difference**2).sum(axis=2)),
            differing.sum(axis=2) / max(1, len(self.unordered)),
        )
