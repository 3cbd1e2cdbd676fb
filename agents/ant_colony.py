"""Ant colony optimisation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.generations import GenerationAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.encodings import from_unit, to_unit
from archgym.outcome import Floats
from archgym.parameter import Codes

_PATIENCE = 100


class AntColonyAgent(GenerationAgent):
    """Ants choose each axis's value by its pheromone, which the best ants leave and time takes.

    Pheromone lies on every value of every axis, between 0 and 1 (the hyper-cube framework): each
    generation a share evaporates and is replaced by what the elite (the best ants so far) chose.
    A trace stays everywhere, as in the MAX-MIN ant system. With probability ``greediness`` an ant
    takes the value with the most pheromone, else it draws in proportion. An axis with an order
    and more values than ``resolution``, or a continuous one, is cut into that many bins. An ant
    that arrives at a known design walks again and strays: it ignores the pheromone on one axis in
    the mean, on two at the next try, and so on, doubling.

    Sources: Blum and Dorigo, The hyper-cube framework for ant colony optimization, IEEE
    Transactions on Systems, Man and Cybernetics B 34(2), 2004; Stuetzle and Hoos, MAX-MIN ant
    system, Future Generation Computer Systems 16(8), 2000.
    """

    name = "ant_colony"
    summary = "Ant colony optimisation with pheromone on every value of every axis."
    constraint_handling = "repair"
    hyperparameters: ClassVar = {
        "ants": Hyperparameter(16, "designs per generation", low=2, high=4096, log=True),
        "evaporation": Hyperparameter(
            0.5, "share of the pheromone replaced in each generation", low=0.01, high=1.0
        ),
        "greediness": Hyperparameter(
            0.1, "probability of the value with the most pheromone", low=0.0, high=1.0
        ),
        "elite": Hyperparameter(4, "best ants that leave pheromone", low=1, high=64, log=True),
        "trace": Hyperparameter(
            0.05, "least pheromone of an axis, shared by its values", low=1e-4, high=0.5, log=True
        ),
        "resolution": Hyperparameter(
            64, "most bins of an axis with an order", low=2, high=1024, log=True
        ),
    }

    def setup(self) -> None:
        super().setup()
        self.batch_size = self.values["ants"]
        limit = self.values["resolution"]
        sizes = [axis.size or limit for axis in self.space.axes]
        bins = [
            min(size, limit) if axis.ordered else size
            for size, axis in zip(sizes, self.space.axes, strict=True)
        ]
        self._bins = np.array(bins)
        exists = np.arange(max(bins)) < self._bins[:, None]
        self._columns = np.arange(self.space.width)
        self._even = exists / self._bins[:, None]
        self._exact = all(
            axis.size == count for axis, count in zip(self.space.axes, bins, strict=True)
        )
        self._elite = self.space.default.codes[:0]
        self._elite_losses = np.empty(0)
        self._lay(self._even)

    def breed(self) -> Batch:
        codes, taken = self.space.default.codes[:0], set[bytes]()
        stray = 0.0
        for _ in range(_PATIENCE):
            ants = repair(self._walk(self.batch_size - len(codes), stray), self.rng)
            new = self.proposed.new_rows(ants, taken)
            codes = np.concatenate([codes, ants.codes[new]])
            if len(codes) == self.batch_size:
                break
            stray = min(max(2.0 * stray, 1.0 / self.space.width), 1.0)
        return Batch(self.space, codes)

    def learn(self, generation: Batch, losses: Floats) -> None:
        known = np.concatenate([self._elite_losses, losses[:, 0]])
        best = np.argsort(known, kind="stable")[: self.values["elite"]]
        self._elite = np.concatenate([self._elite, generation.codes])[best]
        self._elite_losses = known[best]
        left = np.zeros(self._pheromone.shape)
        chosen = self._bin_of(self._elite)
        np.add.at(left, (self._columns, chosen), 1.0 / len(chosen))
        self._lay(self._pheromone + self.values["evaporation"] * (left - self._pheromone))

    def _lay(self, pheromone: Floats) -> None:
        """Take pheromone of shape (width, bins) and derive how ants choose."""
        trace = self.values["trace"]
        self._pheromone = pheromone
        upto = np.cumsum((1.0 - trace) * pheromone + trace * self._even, axis=1)
        # One ascending row for all axes, the n-th lying between n and n + 1: one search finds all.
        self._upto = (upto / upto[:, -1:] + self._columns[:, None]).ravel()
        self._favourite = pheromone.argmax(axis=1)

    def _walk(self, count: int, stray: float) -> Batch:
        """Return the designs that ants arrive at, each axis being ignored with a probability."""
        draw, turn, other = self.rng.random((3, count, self.space.width))
        found = np.searchsorted(self._upto, draw + self._columns, side="right")
        bins = np.minimum(found - self._columns * self._even.shape[1], self._bins - 1)
        greediness = self.values["greediness"]
        bins = np.where(turn < greediness, self._favourite, bins)
        if stray:
            strays = turn >= 1.0 - stray
            bins = np.where(strays, (other * self._bins).astype(np.int64), bins)
        if self._exact:
            return Batch(self.space, bins)
        return Batch(
            self.space, from_unit(self.space, (bins + self.rng.random(bins.shape)) / self._bins)
        )

    def _bin_of(self, codes: Codes) -> NDArray[np.int64]:
        if self._exact:
            return np.asarray(codes, dtype=np.int64)
        bins = np.minimum(to_unit(self.space, codes) * self._bins, self._bins - 1)
        return np.asarray(bins, dtype=np.int64)
