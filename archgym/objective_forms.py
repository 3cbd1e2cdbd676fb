"""The ways in which an objective combines its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from archgym.objective import Term
from archgym.outcome import Floats

_LEGACY_CAP = 1e3
_LEGACY_OFFSET, _LEGACY_FLOOR = 1e-3, 1e-5
AUTOCKT_CLOSE, AUTOCKT_BONUS, _SMALLEST_SIZE = -0.02, 10.0, 1e-30


@dataclass(frozen=True)
class _Gains:
    """Common ground of the forms that compare with a reference design."""

    terms: tuple[Term, ...]
    needs_reference = True

    def gains(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> list[Floats]:
        """Return the gain of each term, each of shape (n,)."""
        return [
            term.gain(metrics[term.metric.name], reference[term.metric.name])
            for term in self.terms
        ]

    def reward(self, components: Floats) -> Floats:
        """Return the only component."""
        return components[:, 0]


@dataclass(frozen=True)
class Weighted(_Gains):
    """Weighted mean of gains; with one term, that metric alone."""

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        gains = self.gains(metrics, reference)
        if len(gains) == 1:
            return gains[0][:, None]
        weights = [term.weight for term in self.terms]
        total = sum(weight * gain for weight, gain in zip(weights, gains, strict=True))
        return np.asarray(total / sum(weights))[:, None]


@dataclass(frozen=True)
class Product(_Gains):
    """Product of gains to the power of their weights, for example the energy-delay product."""

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        powers = [
            gain**term.weight
            for term, gain in zip(self.terms, self.gains(metrics, reference), strict=True)
        ]
        product: Floats = np.prod(powers, axis=0)
        return product[:, None]


@dataclass(frozen=True)
class Pareto(_Gains):
    """Several objectives at once; their scalar reward is the geometric mean of the gains."""

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        return np.stack(self.gains(metrics, reference), axis=1)

    def reward(self, components: Floats) -> Floats:
        product: Floats = np.prod(components, axis=1)
        mean: Floats = np.power(product, 1.0 / components.shape[1])
        return mean


@dataclass(frozen=True)
class Targets:
    """Meet a target in each metric (a term's weight is its target).

    Below its target a metric counts by its gain over the target, beyond it with diminishing
    returns up to 2, so the reward stays monotone and meeting all targets gives at least 1.
    """

    terms: tuple[Term, ...]
    needs_reference = False

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        gains = [term.gain(metrics[term.metric.name], term.weight) for term in self.terms]
        softened = [np.where(gain <= 1.0, gain, 2.0 - 1.0 / gain) for gain in gains]
        worst: Floats = np.min(gains, axis=0)
        met: Floats = np.mean(softened, axis=0)
        missed = np.minimum(worst, 1.0) * np.minimum(met, 1.0)
        return np.where(worst >= 1.0, met, missed)[:, None]

    def reward(self, components: Floats) -> Floats:
        return components[:, 0]

    def met(self, metrics: Mapping[str, Floats]) -> Floats:
        """Return 1.0 where every target is met, else 0.0, shape (n,)."""
        gains = [term.gain(metrics[term.metric.name], term.weight) for term in self.terms]
        worst: Floats = np.min(gains, axis=0)
        return np.where(worst >= 1.0, 1.0, 0.0)


@dataclass(frozen=True)
class ArchgymLegacy:
    """The reward of the published ArchGym: the product of target / |value - target|, capped.

    It has a pole at the target and punishes designs that are better than the target; it is kept
    for comparison only. A term's weight is its target; ``scales`` turns metrics into the units of
    that code (W, ms).
    """

    terms: tuple[Term, ...]
    scales: tuple[float, ...]
    needs_reference = False

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        reward = np.ones(1)
        for term, scale in zip(self.terms, self.scales, strict=True):
            distance = np.abs(metrics[term.metric.name] * scale - term.weight)
            reward = reward * np.minimum(term.weight / np.maximum(distance, 1e-12), _LEGACY_CAP)
        return reward[:, None]

    def reward(self, components: Floats) -> Floats:
        return components[:, 0]


@dataclass(frozen=True)
class ArchgymInverse:
    """The reward of the published ArchGym on MAESTRO: the inverse of a product of metrics.

    It has no reference, so its size says nothing by itself; it is kept for comparison only. A
    term's weight is the factor that turns its metric into the units of that code.
    """

    terms: tuple[Term, ...]
    needs_reference = False

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        product = np.ones(1)
        for term in self.terms:
            product = product * (metrics[term.metric.name] * term.weight)
        return (1.0 / product)[:, None]

    def reward(self, components: Floats) -> Floats:
        return components[:, 0]


@dataclass(frozen=True)
class ArchgymShortfall:
    """The reward of the published ArchGym on Timeloop: the inverse of a score of missed targets.

    The score is the sum of what each metric exceeds its target by, relative to it; 1e-3 more where
    there are several metrics, and 1e-5 where it would be 0. So all designs that meet their target
    are alike, and failed ones lie far below all others; it is kept for comparison only. A term's
    weight is its target.
    """

    terms: tuple[Term, ...]
    needs_reference = False
    failed_reward = -1500.0

    def score(self, metrics: Mapping[str, Floats]) -> Floats:
        """Return the score that ArchGym minimises, shape (n,)."""
        excess = [
            np.maximum((metrics[term.metric.name] - term.weight) / term.weight, 0.0)
            for term in self.terms
        ]
        score = np.sum(excess, axis=0) + (_LEGACY_OFFSET if len(self.terms) > 1 else 0.0)
        return np.where(score == 0.0, _LEGACY_FLOOR, score)

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        return (1.0 / self.score(metrics))[:, None]

    def reward(self, components: Floats) -> Floats:
        return components[:, 0]


@dataclass(frozen=True)
class AutoCkt:
    """The reward of AutoCkt (Settaluri et al., DATE 2020): the sum of normalised misses.

    A metric that misses its target (a term's weight) counts (value - target) / (|value| +
    |target|), negative, one that meets it counts 0; a sum of -0.02 or more earns 10. It says
    nothing about how far targets are exceeded; a failed design earns the worst possible sum.
    """

    terms: tuple[Term, ...]
    needs_reference = False

    @property
    def failed_reward(self) -> float:
        """Of designs that are not ok."""
        return -float(len(self.terms))

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        misses = [
            normalised_miss(metrics[t.metric.name], t.weight, t.maximize) for t in self.terms
        ]
        total: Floats = np.sum(misses, axis=0)
        return np.where(total >= AUTOCKT_CLOSE, AUTOCKT_BONUS, total)[:, None]

    def reward(self, components: Floats) -> Floats:
        return components[:, 0]


def normalised_miss(values: Floats, target: float | Floats, maximize: bool) -> Floats:
    """Return by how much values miss a target, 0 (met) down to -1, relative to both."""
    sign = 1.0 if maximize else -1.0
    size = np.maximum(np.abs(values) + np.abs(target), _SMALLEST_SIZE)
    return np.asarray(np.minimum(sign * (values - target) / size, 0.0))
