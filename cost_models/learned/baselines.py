"""Baselines as regressors: what a surrogate must beat to have learnt something."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.learned.regressor import (
    Beliefs,
    Tensors,
    Told,
    check_settings,
    unheard,
)
from archgym.outcome import Floats


class Baseline:
    """What is told is kept; subclasses say what is made of it.

    A sigma is 1 throughout: calibration makes it as wide as errors are.

    Raises:
        UnknownNameError: Any setting is given; there are none.
    """

    kind: ClassVar[str]

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings(self.kind, {}, settings)
        self._tensors: dict[str, NDArray[Any]] = {}

    def tensors(self) -> Tensors:
        return self._tensors

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls(settings)
        made._tensors = {name: tensors[name] for name in tensors}
        return made


class MeanRegressor(Baseline):
    """The mean of all designs that were learnt, whatever the design.

    It is taken on the scale on which metrics are learnt: of what is positive the geometric mean.
    """

    kind = "mean"

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        present = np.isfinite(metrics[feasible]).mean(axis=0)
        means = np.nanmean(metrics, axis=0)
        self._tensors = {"said": np.concatenate([means, present, [feasible.mean()]])}

    def predict(self, designs: Floats) -> Beliefs:
        return _beliefs(np.tile(self._tensors["said"], (len(designs), 1)))


class NearestRegressor(Baseline):
    """The values of the nearest design that was learnt and has them.

    Distance is Euclidean in the places of axes with an order, and in the one-hot codes of others.

    Source: Cover and Hart, Nearest neighbor pattern classification, IEEE Transactions on
    Information Theory 13, 1967.
    """

    kind = "nearest"

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        present = np.where(feasible[:, None], np.isfinite(metrics), np.nan)
        said = np.column_stack([metrics, present, feasible])
        columns = _columns(designs)
        inputs = _flat(designs)[:, columns]
        self._tensors = {"inputs": inputs, "columns": columns, "said": said}

    def predict(self, designs: Floats) -> Beliefs:
        from scipy.spatial import cKDTree

        inputs, said = self._tensors["inputs"], self._tensors["said"]
        asked = _flat(designs)[:, self._tensors["columns"]]
        known, found = np.isfinite(said), np.zeros((len(designs), said.shape[1]))
        for rows in np.unique(known, axis=1).T:
            alike = (known == rows[:, None]).all(axis=0)
            _, nearest = cKDTree(inputs[rows]).query(asked)
            found[:, alike] = said[rows][:, alike][nearest]
        return _beliefs(found)


def _columns(designs: Floats) -> NDArray[np.int64]:
    """Return the numbers that count: places, and codes where places are all the same."""
    used = np.zeros(designs.shape[1:], dtype=bool)
    used[:, 0] = np.ptp(designs[:, :, 0], axis=0) > 0
    used[:, 1:] = ~used[:, :1] & (np.ptp(designs[:, :, 1:], axis=0) > 0)
    return np.flatnonzero(used)


def _flat(designs: Floats) -> Floats:
    return designs.reshape(len(designs), math.prod(designs.shape[1:]))


def _beliefs(said: Floats) -> Beliefs:
    """Return beliefs of what is said of k means, k presences and feasibility, (n, 2 k + 1)."""
    k = said.shape[1] // 2
    mean = said[:, :k]
    return Beliefs(mean, np.ones_like(mean), said[:, k:-1], said[:, -1])
