"""A Gaussian process over designs that hold words."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.stats import norm

from archgym.agents.word_kernel import Comparison, Features, Shape, WordKernel
from archgym.outcome import Floats
from archgym.parameter import Codes
from archgym.space import DesignSpace

# What the free parameters are chosen from; decays as in BOiLS lie in [0, 1].
_LADDERS: dict[str, tuple[float, ...]] = {
    "match": (0.1, 0.2, 0.35, 0.5, 0.7, 1.0),
    "gap": (0.1, 0.3, 0.5, 0.7, 0.85, 1.0),
    "ordered": (0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
    "unordered": (0.05, 0.1, 0.2, 0.4, 0.8, 1.6),
    "noise": (1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.5, 1.0),
}
_START = Shape(length=3, match=0.5, gap=0.85, ordered=0.4, unordered=0.4, noise=0.05)
_ROUNDS = 4
_SMALLEST_VARIANCE = 1e-12


class WordProcess:
    """Zero mean, a `WordKernel`, and free parameters of the largest marginal likelihood.

    They are climbed to along ladders of values, one parameter at a time, from where the last fit
    ended; the kernel's variance is the most likely one in closed form. Comparisons of the designs
    are kept for each gap weight and grow with the designs.

    Args:
        space: The design space.
        longest: Longest sub-sequence that may count.

    Attributes:
        shape: The free parameters.
    """

    def __init__(self, space: DesignSpace, longest: int):
        self.kernel = WordKernel(space, longest)
        self.ladders = self._ladders()
        self.shape = replace(_START, length=min(_START.length, self.kernel.longest))
        self._seen: Features = self.kernel.features(space.default.codes[:0])
        self._values: Floats = np.empty(0)
        self._compared: dict[float, Comparison] = {}

    def _ladders(self) -> dict[str, tuple[float, ...]]:
        """Return the parameters that this space leaves free and their values."""
        kernel, ladders = self.kernel, dict(_LADDERS)
        lengths = {"length": tuple(range(1, kernel.longest + 1))}
        unused = {"match", "gap"} if not kernel.sequences else set()
        unused |= {"ordered"} if not len(kernel.ordered) else set()
        unused |= {"unordered"} if not len(kernel.unordered) else set()
        free = {name: values for name, values in ladders.items() if name not in unused}
        return free | (lengths if kernel.sequences else {})

    def train(self, codes: Codes, values: Floats) -> None:
        """Learn from designs and their values; the first of them may be those known already."""
        known = len(self._values)
        features = self.kernel.features(codes)
        if known > len(values) or not _begins_with(features, self._seen):
            self._compared, known = {}, 0
        self._seen, self._values = features, (values - values.mean()) / (values.std() or 1.0)
        self._climb()
        _, self._factor, self._variance = self._fit(self.shape)
        self._inverse = cho_solve((self._factor, True), np.eye(len(values)))

    def predict(self, codes: Codes) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of standardised values, shapes (n,)."""
        gap, features = self.shape.gap, self.kernel.features(codes)
        own = [alone for _, _, alone in self._compared[gap].shared]
        cross = self.kernel.compare(features, self._seen, gap, own).kernel(self.shape)
        explained = cross @ self._inverse
        left = np.maximum(1.0 - (explained * cross).sum(axis=1), _SMALLEST_VARIANCE)
        return explained @ self._values, np.sqrt(self._variance * left)

    def expected_improvement(self, codes: Codes, best: float) -> Floats:
        """Return by how much designs are expected to be better than a standardised value."""
        mean, deviation = self.predict(codes)
        ratio = (mean - best) / deviation
        gain = deviation * (ratio * norm.cdf(ratio) + norm.pdf(ratio))
        return np.asarray(gain, dtype=np.float64)

    @property
    def values(self) -> Floats:
        """The standardised values that were learnt, in order."""
        return self._values

    # -- free parameters ------------------------------------------------------------------------

    def _climb(self) -> None:
        best = self._fit(self.shape)[0]
        for _ in range(_ROUNDS):
            before = self.shape
            for name in self.ladders:
                for shape in self._beside(name):
                    likelihood = self._fit(shape)[0]
                    if likelihood > best:
                        best, self.shape = likelihood, shape
            if self.shape == before:
                return

    def _beside(self, name: str) -> list[Shape]:
        """Return shapes in which one parameter is a step lower or higher."""
        ladder, fields = self.ladders[name], asdict(self.shape)
        at = ladder.index(fields[name])
        steps: list[Any] = [ladder[i] for i in (at - 1, at + 1) if 0 <= i < len(ladder)]
        return [replace(self.shape, **{name: value}) for value in steps]

    def _fit(self, shape: Shape) -> tuple[float, Floats, float]:
        """Return the logarithmic marginal likelihood, the Cholesky factor and the variance."""
        count = len(self._values)
        covariance = self._comparison(shape.gap).kernel(shape)
        covariance[np.diag_indices(count)] += shape.noise
        factor = cholesky(covariance, lower=True)
        whitened = solve_triangular(factor, self._values, lower=True)
        variance = max(float(whitened @ whitened) / count, _SMALLEST_VARIANCE)
        likelihood = -0.5 * count * np.log(variance) - np.log(np.diag(factor)).sum()
        return float(likelihood), factor, variance

    def _comparison(self, gap: float) -> Comparison:
        """Return what all designs have in common; only new ones are compared."""
        known = self._compared.get(gap)
        done = 0 if known is None else len(known.apart)
        if known is None or done < len(self._seen):
            fresh = self._seen.select(slice(done, None))
            own = self.kernel.own(fresh, gap)
            if known is not None:
                own = [
                    np.concatenate([old, new])
                    for (_, _, old), new in zip(known.shared, own, strict=True)
                ]
            new = self.kernel.compare(fresh, self._seen, gap, own)
            self._compared[gap] = new if known is None else _grown(known, new)
        return self._compared[gap]


def _begins_with(features: Features, known: Features) -> bool:
    """Return whether the first designs are those that are known."""
    first = features.select(slice(len(known)))
    pairs = [*zip(first.words, known.words, strict=True)]
    arrays = [*pairs, (first.ordered, known.ordered), (first.unordered, known.unordered)]
    return all(np.array_equal(mine, other) for mine, other in arrays)


def _grown(known: Comparison, new: Comparison) -> Comparison:
    """Return the comparison of all designs, given that of the first and of the others to all."""
    shared = [
        (_square(old, fresh), np.concatenate([left, more]), every)
        for (old, left, _), (fresh, more, every) in zip(known.shared, new.shared, strict=True)
    ]
    return Comparison(
        shared, _square(known.apart, new.apart), _square(known.differing, new.differing)
    )


def _square(known: Floats, rows: Floats) -> Floats:
    """Return a symmetric array (n, n, ...) of its first block and its last rows."""
    columns = np.moveaxis(rows[:, : len(known)], 0, 1)
    return np.concatenate([np.concatenate([known, columns], axis=1), rows])
