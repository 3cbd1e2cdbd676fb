"""Genetic algorithm: pymoo's GA with operators that suit design spaces."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.generations import GenerationAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.encodings import from_unit, to_unit
from archgym.outcome import Floats

_PATIENCE = 100


class GeneticAgent(GenerationAgent):
    """Elitist genetic algorithm: tournament, crossover and mutation by axis, fittest survive.

    Designs that were proposed before are not proposed again. The algorithm is pymoo's, with its
    operators, on arrays: pymoo's objects for single designs would take most of the time. A test
    holds it equal to pymoo's GA seed by seed. Default values lie inside the ranges that the
    published ArchGym swept (population 2 to 64, mutation 0.001 to 0.9).
    """

    name = "genetic"
    version = "2"
    summary = "Elitist genetic algorithm (pymoo GA) with crossover and mutation by axis."
    library = "pymoo"
    requires = ("pymoo",)
    constraint_handling = "repair"
    hyperparameters: ClassVar = {
        "population": Hyperparameter(32, "designs per generation", low=2, high=4096, log=True),
        "mutation_rate": Hyperparameter(
            None,
            "probability that an axis mutates; none: one over their number",
            low=0.001,
            high=1.0,
            log=True,
            kind=float,
        ),
        "crossover": Hyperparameter(
            "uniform", "how two parents mix", choices=("uniform", "one_point", "two_point")
        ),
        "crossover_rate": Hyperparameter(
            0.9, "probability that two parents mix at all", low=0.0, high=1.0
        ),
        "tournament": Hyperparameter(
            2, "rivals for each parent's place", low=2, high=16, log=True
        ),
    }

    def setup(self) -> None:
        from archgym.agents import pymoo_operators as operators

        super().setup()
        self.batch_size = self.values["population"]
        self._random = np.random.default_rng(self.library_seed)
        self._crossover: Any = operators.CROSSOVERS[self.values["crossover"]]()
        self._mutation: Any = operators.AxisMutation(self.proposed, self.values["mutation_rate"])
        self._genes = np.empty((0, self.space.width))
        self._loss = np.empty(0)

    def breed(self) -> Batch:
        size = self.values["population"]
        if not len(self._genes):
            first = self.space.sample(self._random, size)
            return first.select(self.proposed.new_rows(first, set()))
        codes, taken = self.space.default.codes[:0], set[bytes]()
        for _ in range(_PATIENCE):
            children = self._children(size - len(codes))
            new = self.proposed.new_rows(children, taken)
            codes = np.concatenate([codes, children.codes[new]])[:size]
            if len(codes) == size:
                break
        return Batch(self.space, codes)

    def learn(self, generation: Batch, losses: Floats) -> None:
        genes = np.concatenate([self._genes, to_unit(self.space, generation.codes)])
        loss = np.concatenate([self._loss, losses[:, 0]])
        first = not len(self._genes)
        order = np.arange(len(loss)) if first else np.argsort(loss, kind="stable")
        fittest = order[: self.values["population"]]
        self._genes, self._loss = genes[fittest], loss[fittest]

    def _children(self, count: int) -> Batch:
        """Return ``count`` children, or one more, that obey the constraints."""
        random, pairs = self._random, math.ceil(count / 2)
        parents = self._genes[self._select(2 * pairs).reshape(pairs, 2).T]
        mixes = random.random(pairs) < self.values["crossover_rate"]
        if mixes.any():
            mixed = self._crossover._do(self, parents, random_state=random)
            parents = np.where(mixes[:, None], mixed, parents)
        children = self._mutation._do(None, parents.reshape(2 * pairs, -1), random_state=random)
        random.random(len(children))  # pymoo decides here whether to mutate, which we always do
        return repair(Batch(self.space, from_unit(self.space, children)), random)

    def _select(self, count: int) -> NDArray[np.int64]:
        """Return the rows of the winners of ``count`` tournaments."""
        rivals, size = self.values["tournament"], len(self._genes)
        rounds = math.ceil(count * rivals / size)
        drawn = [self._random.permutation(size) for _ in range(rounds)]
        places = drawn[0] if rounds == 1 else np.concatenate(drawn)
        table = places[: count * rivals].reshape(count, rivals)
        winners: NDArray[np.int64] = table[np.arange(count), self._loss[table].argmin(axis=1)]
        return winners
