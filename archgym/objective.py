"""From metrics to reward and feasibility.

A reward compares a design with a reference design (the space's default, unless told otherwise):
1 is as good as the reference, 2 twice as good. Rewards of feasible designs are positive and
monotone in every metric in its declared direction; infeasible designs earn between -1 and 0, the
less they violate the more; failed evaluations earn -1. So every feasible design beats every
infeasible one, no penalty factor has to be tuned, and all numbers are finite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError, UnknownNameError
from archgym.metric import Metric
from archgym.outcome import Floats, Measurements, Outcomes, Status

FAILED_REWARD = -1.0
_SMALLEST_RATIO = 1e-12
_LARGEST_EXPONENT = 50.0


@dataclass(frozen=True)
class Term:
    """One metric of an objective, how much it counts, and which way is better."""

    metric: Metric
    weight: float = 1.0
    maximize: bool = False

    def gain(self, values: Floats, reference: float) -> Floats:
        """Return how many times better than ``reference`` the values are; always positive."""
        sign = 1.0 if self.maximize else -1.0
        if self.metric.signed:
            distance = sign * (values - reference) / max(abs(reference), 1.0)
            return np.exp(np.clip(distance, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))
        ratio = np.maximum(values / reference, _SMALLEST_RATIO)
        return ratio if self.maximize else 1.0 / ratio


@dataclass(frozen=True)
class Limit:
    """A bound that a metric must keep for the design to be feasible.

    Attributes:
        metric: What is bounded.
        bound: In the metric's unit; with ``is_ratio`` times the reference design's value.
        is_maximum: Whether values must stay below the bound, or above.
        is_ratio: Whether the bound is relative to the reference design.
    """

    metric: Metric
    bound: float
    is_maximum: bool = True
    is_ratio: bool = False

    def limit(self, reference: Mapping[str, float]) -> float:
        """Return the bound in the metric's unit."""
        return self.bound * reference[self.metric.name] if self.is_ratio else self.bound

    def violation(self, values: Floats, reference: Mapping[str, float]) -> Floats:
        """Return by how much the bound is broken relative to it, 0 where it is kept."""
        limit = self.limit(reference)
        excess = values - limit if self.is_maximum else limit - values
        return np.maximum(excess, 0.0) / max(abs(limit), _SMALLEST_RATIO)


class Form(Protocol):
    """How gains are put together."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """The metrics it looks at."""

    @property
    def needs_reference(self) -> bool:
        """Whether the metrics of a reference design enter."""

    def components(self, metrics: Mapping[str, Floats], reference: Mapping[str, float]) -> Floats:
        """Return the objectives of each design, shape (n, k), larger is better."""

    def reward(self, components: Floats) -> Floats:
        """Return one number per design, shape (n,)."""


@dataclass(frozen=True)
class Objective:
    """A form over metrics, the limits beside it, and the name it goes by."""

    name: str
    form: Form
    limits: tuple[Limit, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of all metrics that it needs, each once."""
        names = [term.metric.name for term in self.form.terms]
        return tuple(dict.fromkeys(names + [limit.metric.name for limit in self.limits]))

    @property
    def compared(self) -> tuple[Metric, ...]:
        """Metrics that are compared with those of the reference design."""
        terms = self.form.terms if self.form.needs_reference else ()
        relative = [limit.metric for limit in self.limits if limit.is_ratio]
        return (*(term.metric for term in terms), *relative)

    def score(self, measured: Measurements, reference: Mapping[str, float]) -> Outcomes:
        """Return outcomes of measurements, given the metrics of the reference design."""
        violation = measured.violation
        for limit in self.limits:
            values = measured.metrics[limit.metric.name]
            violation = violation + limit.violation(values, reference)
        components = self.form.components(measured.metrics, reference)
        reward = self.form.reward(components)
        status, error = measured.status, measured.error
        if not _all_good(violation, status, reward):
            reward = np.where(_left_out(measured) & ~np.isfinite(reward), 0.0, reward)
            good = (violation == 0.0) & (status == Status.OK) & np.isfinite(reward)
            status, error = self._explain(measured, reference, violation, reward)
            penalty = self._penalties(status, violation)
            reward = np.where(good, reward, penalty)
            components = np.where(good[:, None], components, penalty[:, None])
        return Outcomes(measured.metrics, violation, status, error, reward, components)

    def _penalties(self, status: NDArray[np.uint8], violation: Floats) -> Floats:
        """Return the rewards of designs that are not ok: the form's own where it has one."""
        own = getattr(self.form, "failed_reward", None)
        return _penalty(status, violation) if own is None else np.full(len(status), own)

    def _explain(
        self,
        measured: Measurements,
        reference: Mapping[str, float],
        violation: Floats,
        reward: Floats,
    ) -> tuple[NDArray[np.uint8], dict[int, str]]:
        ran = measured.status == Status.OK
        missing = ran & ~np.isfinite(reward) & ~_left_out(measured)
        broken = ran & ((violation != 0.0) | missing)
        status = np.where(broken, np.uint8(Status.INFEASIBLE), measured.status)
        error = dict(measured.error)
        for row in np.flatnonzero(broken).tolist():
            reason = self._reason(measured, reference, row)
            error.setdefault(row, reason or f"objective {self.name!r} has no value here")
        return status, error

    def _reason(self, measured: Measurements, reference: Mapping[str, float], row: int) -> str:
        for limit in self.limits:
            value = float(measured.metrics[limit.metric.name][row])
            if limit.violation(np.array([value]), reference)[0] > 0:
                required = f"{'<=' if limit.is_maximum else '>='} {limit.limit(reference):g}"
                return f"{limit.metric.name} is {value:g}, required {required}"
        return "the cost model calls it infeasible" if measured.violation[row] else ""


def _left_out(measured: Measurements) -> NDArray[np.bool_]:
    """Return which designs leave out metrics on purpose, shape (n,)."""
    rows = [row for row, text in measured.error.items() if not text]
    marked = np.zeros(len(measured), dtype=bool)
    marked[rows] = True
    return marked


def _all_good(violation: Floats, status: NDArray[np.uint8], reward: Floats) -> bool:
    """Return whether no design needs an explanation: the common case, quickly told."""
    flaws = np.count_nonzero(violation) + np.count_nonzero(status)
    return not flaws and np.count_nonzero(np.isfinite(reward)) == len(reward)


def _penalty(status: NDArray[np.uint8], violation: Floats) -> Floats:
    """Return rewards in (-1, 0) for infeasible and -1 for failed designs."""
    known = np.where(np.isfinite(violation) & (violation > 0), violation, 1.0)
    return np.where(status == Status.INFEASIBLE, -known / (1.0 + known), FAILED_REWARD)


def find_metric(name: str, declared: tuple[Metric, ...]) -> Metric:
    """Return the declared metric of that name.

    Raises:
        UnknownNameError: There is none.
    """
    for metric in declared:
        if metric.name == name:
            return metric
    raise UnknownNameError("metric", name, [metric.name for metric in declared])


def make_term(name: str, weight: Any, declared: tuple[Metric, ...], word: str = "") -> Term:
    """Return a term; ``word`` ("minimize" or "maximize") settles neutral metrics.

    Raises:
        SettingError: The word contradicts the metric's direction, or none is known.
    """
    metric = find_metric(name, declared)
    direction = metric.direction if metric.direction != "neutral" else (word or "neutral")
    if direction == "neutral" or (word and word != direction):
        have = f"is to be {metric.direction}d" if metric.direction != "neutral" else "is neutral"
        raise SettingError(f"metric {name!r} {have}; {word or 'minimize or maximize'} is asked")
    return Term(metric, _number(name, weight), direction == "maximize")


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingError(f"objective, {name!r}: {value!r} is not a number")
    return float(value)
