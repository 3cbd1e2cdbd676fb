"""Surrogates of one kind that learnt from a search's own designs, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.batch import Batch
from archgym.outcome import Floats, Measurements
from archgym.problem import Problem

if TYPE_CHECKING:
    from archgym.cost_models.learned.model import LearnedModel
    from archgym.cost_models.learned.regressor import Beliefs
    from archgym.cost_models.learned.rows import Rows

# What is learnt anew many times is smaller than what is learnt once; of kinds that say the same
# sigma of all designs several models are learnt, whose trees together are those of one.
_SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "boosted_trees": {"rounds": 60},
        "random_forest": {"rounds": 10},
        "ensemble": {"fewest_steps": 300, "epochs": 1, "width": 32},
        "gp": {"most_rows": 256, "iterations": 30},
        "discrete_gp": {"most_rows": 256, "iterations": 30},
        "transformer": {"fewest_steps": 300, "epochs": 1, "width": 32, "layers": 2},
    }
)
_WITHOUT_SIGMA = ("boosted_trees", "random_forest")
_MEMBERS = 8
KINDS = tuple(_SETTINGS)


@dataclass(frozen=True)
class Opinion:
    """What is believed of n designs, on the scales on which metrics are learnt.

    Attributes:
        mean: float64 (n, k).
        sigma: float64 (n, k), standard deviations.
        likely: float64 (n,), probability that a design is feasible and has all metrics.
    """

    mean: Floats
    sigma: Floats
    likely: Floats

    def drawn(self, noise: Floats) -> Iterator[Floats]:
        """Yield metrics (n, k) for each row of standard normal noise (draws, k)."""
        for row in noise:
            yield self.mean + self.sigma * row


class Committee:
    """Believes what its models believe on average.

    How sure it is of a metric is what a model of its kind says. Trees say the same of all designs;
    so several are learnt, all but the first from designs drawn with replacement, and their spread
    counts (Breiman, Bagging predictors, Machine Learning 24, 1996).

    Args:
        problem: What is searched; the metrics that its objective needs are learnt.
        kind: Of the surrogates.

    Raises:
        MissingExtraError: The library of the kind is not installed.
    """

    def __init__(self, problem: Problem, kind: str):
        from archgym.cost_models.learned.regressor import find_kind

        find_kind(kind)
        self._problem, self._kind = problem, kind
        self._models: list[LearnedModel] = []

    @property
    def learnt(self) -> bool:
        """Whether there was something to learn."""
        return bool(self._models)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that vary, and so are learnt: k of them."""
        return self._models[0].scales.names

    def learn(self, batch: Batch, measured: Measurements, rng: np.random.Generator) -> None:
        """Learn all designs told so far; where there is nothing to learn, stay as it is."""
        from archgym.cost_models.learned.rows import NothingToLearnError, Rows

        try:
            rows = Rows.of(batch, measured)
            with self._session():
                self._models = [self._model(drawn, rng) for drawn in self._samples(rows, rng)]
        except NothingToLearnError:
            return

    def _samples(self, rows: Rows, rng: np.random.Generator) -> Iterator[Rows]:
        yield rows
        for _ in range(_MEMBERS - 1 if self._kind in _WITHOUT_SIGMA else 0):
            yield rows.select(rng.integers(len(rows), size=len(rows)))

    def _model(self, rows: Rows, rng: np.random.Generator) -> LearnedModel:
        from archgym.cost_models.learned.learning import learn

        return learn(
            self._problem,
            rows,
            self._kind,
            metrics=self._problem.objective.metrics,
            settings=_SETTINGS[self._kind],
            seed=int(rng.integers(2**31)),
            kept_out=0.0,
        )

    def opinion(self, batch: Batch) -> Opinion:
        """Return what is believed of designs."""
        with self._session():
            said = [model.beliefs(batch) for model in self._models]
        likely = np.mean([one.feasible * one.present.prod(axis=1) for one in said], axis=0)
        if len(said) == 1:
            return Opinion(said[0].mean, said[0].sigma, likely)
        means = np.stack([self._mean(*pair) for pair in zip(self._models, said, strict=True)])
        return Opinion(means.mean(axis=0), means.std(axis=0), likely)

    def _mean(self, model: LearnedModel, said: Beliefs) -> Floats:
        """Return the means of one model on the scales of the first; 0 where it has none."""
        known = model.measured(said.mean, _certain(said.mean))
        return np.nan_to_num(self.standardise(known.metrics))

    def standardise(self, metrics: Mapping[str, Floats]) -> Floats:
        """Return metrics on the scales of opinions, (n, k); NaN where there is none."""
        return self._models[0].scales.standardise(metrics)

    def measured(self, values: Floats) -> Measurements:
        """Return values (n, k) on the scales of opinions as metrics of feasible designs."""
        return self._models[0].measured(values, _certain(values))

    def _session(self) -> AbstractContextManager[None]:
        from archgym.torch_session import torch_session

        return nullcontext() if self._kind in _WITHOUT_SIGMA else torch_session()


def _certain(values: Floats) -> Beliefs:
    """Return beliefs by which all designs are feasible and have all metrics."""
    from archgym.cost_models.learned.regressor import Beliefs

    ones = np.ones_like(values)
    return Beliefs(values, ones, ones, np.ones(len(values)))
