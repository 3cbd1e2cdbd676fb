"""The contract of what learns metrics from designs, and the kinds that there are.

A new kind is a class that fulfils `Regressor` and a line in `KINDS`; saving, loading, checking and
the command line work from these alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from archgym.errors import MissingExtraError, SettingError, UnknownNameError
from archgym.outcome import Floats

Tensors = Mapping[str, NDArray[Any]]
# Is told how many steps of training are done, and how many there are.
Told = Callable[[int, int], None]

# Kind -> (import path of its class, extra that brings its library).
KINDS: dict[str, tuple[str, str]] = {
    "boosted_trees": ("archgym.cost_models.learned.trees:BoostedTreesRegressor", "surrogates"),
    "discrete_gp": (
        "archgym.cost_models.learned.discrete_process:DiscreteProcessRegressor",
        "rl",
    ),
    "ensemble": ("archgym.cost_models.learned.ensemble:EnsembleRegressor", "rl"),
    "gp": ("archgym.cost_models.learned.gaussian_process:GaussianProcessRegressor", "rl"),
    "random_forest": ("archgym.cost_models.learned.trees:RandomForestRegressor", "surrogates"),
    "transformer": ("archgym.cost_models.learned.transformer:TransformerRegressor", "rl"),
}
# What kinds are compared with.
BASELINES: dict[str, tuple[str, str]] = {
    "mean": ("archgym.cost_models.learned.baselines:MeanRegressor", "surrogates"),
    "nearest": ("archgym.cost_models.learned.baselines:NearestRegressor", "surrogates"),
}


@dataclass(frozen=True)
class Beliefs:
    """What a regressor says of n designs, in standardised metrics.

    Attributes:
        mean: float64 (n, k).
        sigma: float64 (n, k), standard deviations; all 1 where a kind has none.
        present: float64 (n, k), probability that a metric has a value.
        feasible: float64 (n,), probability that a design is feasible.
    """

    mean: Floats
    sigma: Floats
    present: Floats
    feasible: Floats


def unheard(done: int, of: int) -> None:
    """Tell nobody how far training is."""


class Regressor(Protocol):
    """Learns k standardised metrics, and feasibility, of encoded designs.

    Attributes:
        settings: What it was made with, plain data; `restore` makes it anew from these.
    """

    settings: Mapping[str, Any]

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        """Learn from scratch, or go on where it was fitted before.

        Args:
            designs: (n, axes, features), see `DesignEncoding`.
            metrics: (n, k), NaN where there is no value.
            feasible: (n,).
            rng: All randomness.
            told: Hears how far it is.
        """

    def predict(self, designs: Floats) -> Beliefs:
        """Return beliefs about designs (n, axes, features); the same alone or in a batch."""

    def tensors(self) -> Tensors:
        """Return all that was learnt."""

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        """Return the regressor that had these settings and tensors.

        Raises:
            KeyError, ValueError, RuntimeError: They do not belong together.
        """


@runtime_checkable
class SeesNumbers(Protocol):
    """A regressor to which one number per axis says all, so that codes need not be made."""

    def predict_numbers(self, numbers: Floats) -> Beliefs:
        """Return what `predict` says of designs (n, axes), see `DesignEncoding.numbers`."""


def check_settings(
    kind: str, defaults: Mapping[str, Any], given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return all settings of a kind, defaults filled in.

    Raises:
        UnknownNameError: A setting is unknown.
        SettingError: A value is not of the default's type, a count is below 1, or another
            number below 0.
    """
    for name, value in (given or {}).items():
        if name not in defaults:
            raise UnknownNameError(f"setting of kind {kind!r}", name, defaults)
        allowed = _allowed(defaults[name], value)
        if allowed:
            raise SettingError(f"kind {kind!r}: {name} is {value!r}, not {allowed}")
    return {**defaults, **(given or {})}


def _allowed(default: Any, value: Any) -> str:
    """Return what a setting may be; empty if the value is that."""
    if isinstance(default, bool | str):
        return "" if type(value) is type(default) else type(default).__name__
    if isinstance(default, int):
        return "" if type(value) is int and value >= 1 else "a whole number from 1 on"
    return "" if type(value) in (int, float) and 0.0 <= value < math.inf else "a number from 0 on"


def packages_of(kind: str) -> tuple[str, ...]:
    """Return the packages that what a kind learns depends on."""
    if kind in BASELINES:
        return ("archgym", "numpy", "scipy")
    _, extra = KINDS[kind]
    return ("archgym", "numpy", "lightgbm" if extra == "surrogates" else "torch")


def find_kind(kind: str) -> type[Any]:
    """Return the class of a kind of regressor.

    Raises:
        UnknownNameError: There is no such kind.
        MissingExtraError: Its library is not installed.
    """
    known = KINDS | BASELINES
    if kind not in known:
        raise UnknownNameError("kind of surrogate", kind, known)
    path, extra = known[kind]
    try:
        found: type[Any] = resolve_name(path)
    except ImportError as error:
        raise MissingExtraError(f"a surrogate of kind {kind!r}", extra) from error
    return found
