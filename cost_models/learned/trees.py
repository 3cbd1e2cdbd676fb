"""Boosted trees and random forests as regressors, by LightGBM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, ClassVar, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.learned.boosters import Boosters
from archgym.cost_models.learned.regressor import Beliefs, Tensors, Told, check_settings, unheard
from archgym.errors import SettingError
from archgym.outcome import Floats

# One thread and one order of sums, so that the same rows teach the same trees.
_ALWAYS: Mapping[str, Any] = {
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    "min_data_in_bin": 1,
    "verbosity": -1,
}
# Of few designs smaller trees are boosted: so many leaves, and one more for so many designs.
_FEWEST_LEAVES, _DESIGNS_PER_LEAF = 4, 100
# Our settings in LightGBM's words.
_NAMES: Mapping[str, str] = {
    "leaves": "num_leaves",
    "designs_per_leaf": "min_data_in_leaf",
    "learning_rate": "learning_rate",
    "share": "bagging_fraction",
}
_METRIC, _PRESENT, _FEASIBLE, _SHARES = "metric", "present", "feasible", "shares"


class TreesRegressor:
    """A model of trees for each metric.

    Feasibility, and whether a metric of a feasible design has a value, are classifiers; what is
    the same for all designs needs none. Axes are seen as one number each. A sigma is 1
    throughout: calibration makes it as wide as errors are.

    Args:
        settings: Changes to ``defaults``.

    Raises:
        UnknownNameError: A setting is unknown.

    Source: Ke et al., LightGBM, NeurIPS 2017.
    """

    kind: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]
    fixed: ClassVar[Mapping[str, Any]]

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings(self.kind, self.defaults, settings)
        self._boosters = Boosters({})
        self._shares = np.zeros(0)

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        inputs, present, names = _inputs(designs), np.isfinite(metrics), range(metrics.shape[1])
        seed = int(rng.integers(2**31))
        self._shares = np.append(present[feasible].mean(axis=0), feasible.mean())
        tasks: dict[str, tuple[NDArray[np.bool_], NDArray[Any], str]]
        tasks = {f"{_METRIC}.{k}": (present[:, k], metrics[:, k], "regression") for k in names}
        tasks |= {f"{_PRESENT}.{k}": (feasible, present[:, k], "binary") for k in names}
        tasks[_FEASIBLE] = (np.ones(len(designs), dtype=bool), feasible, "binary")
        needed = {
            name: (inputs[rows], targets[rows], objective)
            for name, (rows, targets, objective) in tasks.items()
            if objective == "regression" or np.unique(targets[rows]).size > 1
        }
        rounds = count(1)
        of = len(needed) * self.settings["rounds"]
        heard = [lambda state: told(next(rounds), of)]
        texts = {name: self._trained(*task, seed, heard) for name, task in needed.items()}
        self._boosters = Boosters(texts)

    def predict(self, designs: Floats) -> Beliefs:
        return self.predict_numbers(_inputs(designs))

    def predict_numbers(self, numbers: Floats) -> Beliefs:
        """Return beliefs about designs, one number per axis, see `DesignEncoding.numbers`."""
        said, metrics = self._boosters.said(numbers), range(len(self._shares) - 1)

        def column(name: str, otherwise: float) -> Floats:
            return said[name] if name in said else np.full(len(numbers), otherwise)

        mean = np.column_stack([column(f"{_METRIC}.{k}", 0.0) for k in metrics])
        present = [column(f"{_PRESENT}.{k}", self._shares[k]) for k in metrics]
        feasible = column(_FEASIBLE, self._shares[-1])
        return Beliefs(mean, np.ones_like(mean), np.column_stack(present), feasible)

    def tensors(self) -> Tensors:
        texts = self._boosters.texts
        coded = {n: np.frombuffer(text.encode(), dtype=np.uint8) for n, text in texts.items()}
        return {**coded, _SHARES: self._shares}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls(settings)
        made._shares = tensors[_SHARES]
        metrics = range(len(made._shares) - 1)
        texts = {name: bytes(tensors[name]).decode() for name in tensors if name != _SHARES}
        if not {f"{_METRIC}.{k}" for k in metrics} <= texts.keys():
            raise ValueError("a metric has no trees")
        made._boosters = Boosters(texts)
        return made

    def _trained(
        self,
        inputs: Floats,
        targets: NDArray[Any],
        objective: str,
        seed: int,
        heard: list[Callable[[Any], None]],
    ) -> str:
        """Return what was trained, as LightGBM writes it; what hears is called each round."""
        own = {_NAMES[n]: value for n, value in self.settings.items() if n in _NAMES}
        always = {**_ALWAYS, **self.fixed, **own, "objective": objective, "seed": seed}
        settings = {**always, "num_leaves": self._leaves(len(inputs))}
        data = lightgbm.Dataset(inputs, targets.astype(np.float64), params=settings)
        try:
            rounds = self.settings["rounds"]
            trained = lightgbm.train(settings, data, rounds, callbacks=[*heard])
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise SettingError(f"kind {self.kind!r}: {error}") from None
        return str(trained.model_to_string())

    def _leaves(self, designs: int) -> int:
        """Return how many leaves a tree of so many designs may have."""
        return int(self.settings["leaves"])


class BoostedTreesRegressor(TreesRegressor):
    """Gradient boosting: each tree is of what those before it leave over.

    Source: Friedman, Greedy function approximation, Annals of Statistics 29, 2001.
    """

    kind: ClassVar[str] = "boosted_trees"
    defaults: ClassVar[Mapping[str, Any]] = {
        "rounds": 300,
        "leaves": 63,
        "designs_per_leaf": 5,
        "learning_rate": 0.1,
    }
    fixed: ClassVar[Mapping[str, Any]] = {"boosting": "gbdt"}

    def _leaves(self, designs: int) -> int:
        return min(int(self.settings["leaves"]), _FEWEST_LEAVES + designs // _DESIGNS_PER_LEAF)


class RandomForestRegressor(TreesRegressor):
    """The mean of deep trees, each of a random share of the designs.

    Source: Breiman, Random forests, Machine Learning 45, 2001.
    """

    kind: ClassVar[str] = "random_forest"
    defaults: ClassVar[Mapping[str, Any]] = {
        "rounds": 50,
        "leaves": 4096,
        "designs_per_leaf": 1,
        "share": 0.632,
    }
    fixed: ClassVar[Mapping[str, Any]] = {
        "boosting": "rf",
        "bagging_freq": 1,
        "min_sum_hessian_in_leaf": 0.0,
    }


def _inputs(designs: Floats) -> Floats:
    """Return a number per axis, (n, axes), as `DesignEncoding.numbers` makes them of codes."""
    which = designs[:, :, 1:].argmax(axis=2) if designs.shape[2] > 1 else 0.0
    return np.asarray(designs[:, :, 0] + which)
