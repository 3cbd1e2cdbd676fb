"""What a cheap model said of the designs that it was asked for, and what it may say of others."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from archgym.agents.committee import Committee, Opinion
from archgym.agents.told import ToldDesigns
from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.fidelity import CheapModel
from archgym.outcome import Floats, Measurements, Status

# A surrogate of the cheap model is learnt anew when the designs asked have grown by this factor.
_GROWTH = 1.5


class CheapLevel:
    """The lower of two fidelities: designs asked are known exactly, others by a surrogate.

    Args:
        evaluator: Whose budget pays.
        model: What is asked.
        kind: Of the surrogate.
        rng: Random numbers.
    """

    def __init__(
        self, evaluator: Evaluator, model: CheapModel, kind: str, rng: np.random.Generator
    ):
        self._evaluator, self._model, self._rng = evaluator, model, rng
        self._committee = Committee(model.problem, kind)
        self._asked = ToldDesigns(model.problem.space)
        self._keys: set[bytes] = set()
        self._next_learning = 0

    @property
    def learnt(self) -> bool:
        """Whether anything can be said of designs."""
        return self._committee.learnt

    @property
    def asked(self) -> Batch:
        """All designs asked so far."""
        return self._asked.all[0]

    def affordable(self, kept: int) -> int:
        """Return how many new designs can be asked for, so that some evaluations remain."""
        reserve = math.ceil(kept / self._model.price)
        return max(0, self._evaluator.affordable(self._model) - reserve)

    def new_rows(self, batch: Batch) -> list[int]:
        """Return the rows of designs that were not asked for."""
        return [at for at, key in enumerate(batch.keys()) if key not in self._keys]

    def ask(self, batch: Batch) -> None:
        """Measure designs."""
        if len(batch):
            self._asked.add(batch, self._evaluator.measure_cheaply(self._model, batch))
            self._keys.update(batch.keys())

    def learn(self) -> None:
        """Learn the surrogate anew where that is due; the scales of opinions may change."""
        if len(self._asked) >= max(self._next_learning, 1):
            self._committee.learn(*self._asked.all, self._rng)
            self._next_learning = math.ceil(_GROWTH * len(self._asked))

    def opinion(self, batch: Batch, metrics: tuple[str, ...]) -> Opinion:
        """Return what is known or believed of metrics of designs; 0 of those that do not vary."""
        believed = self._columns(self._committee.opinion(batch), metrics)
        keys = batch.keys()
        known = np.array([key in self._keys for key in keys], dtype=bool)
        if not known.any():
            return believed
        measured = self._evaluator.measure_cheaply(self._model, batch.select(known))
        values = self._committee.standardise(measured.metrics)
        usable = _usable(measured, values)
        exact = Opinion(np.nan_to_num(values), np.zeros_like(values), usable.astype(np.float64))
        return _replaced(believed, known, self._columns(exact, metrics))

    def _columns(self, said: Opinion, metrics: tuple[str, ...]) -> Opinion:
        """Return an opinion on metrics in another order."""
        learnt = self._committee.metrics
        mean, sigma = (np.zeros((len(said.likely), len(metrics))) for _ in range(2))
        for column, name in enumerate(metrics):
            if name in learnt:
                mean[:, column] = said.mean[:, learnt.index(name)]
                sigma[:, column] = said.sigma[:, learnt.index(name)]
        return Opinion(mean, sigma, said.likely)


def _usable(measured: Measurements, values: Floats) -> NDArray[np.bool_]:
    ran = (measured.status == Status.OK) & (measured.violation == 0.0)
    return np.asarray(ran & np.isfinite(values).all(axis=1))


def _replaced(said: Opinion, rows: NDArray[np.bool_], by: Opinion) -> Opinion:
    mean, sigma, likely = said.mean.copy(), said.sigma.copy(), np.array(said.likely)
    mean[rows], sigma[rows], likely[rows] = by.mean, by.sigma, by.likely
    return Opinion(mean, sigma, likely)
