"""The designs that a model holds most promising, found by an evolution that evaluates none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.perturbation import perturb
from archgym.agents.told import ToldDesigns
from archgym.batch import Batch
from archgym.outcome import Floats
from archgym.problem import Problem

_FIRST_REACH, _LAST_REACH = 0.5, 0.05
_CHANGED_AXES = 0.3
# A plan may begin near some of the best designs, too.
_BEST, _NEAR = 8, 0.3

# Hyper-parameters of agents that plan so, and choose a batch by what is expected of designs.
PLANNING: Mapping[str, Hyperparameter] = {
    "candidates": Hyperparameter(
        1024, "random designs at the start of a plan", low=64, high=65_536, log=True
    ),
    "generations": Hyperparameter(4, "of the evolution in a plan", low=0, high=100),
    "children": Hyperparameter(256, "per generation", low=16, high=4096, log=True),
    "draws": Hyperparameter(
        32, "of the metrics, from which an improvement is expected", low=1, high=512, log=True
    ),
    "reach": Hyperparameter(
        0.1, "how far designs of a batch keep apart, as a share of the cube's diagonal",
        low=0.01, high=1.0, log=True,
    ),
}  # fmt: skip

Promise = Callable[[Batch], Floats]


@dataclass(frozen=True)
class Planner:
    """Mutates the most promising designs, in smaller and smaller steps.

    Attributes:
        generations: How many there are.
        children: Per generation.
        kept: Designs that go on to the next generation, and the most that are returned.
    """

    generations: int
    children: int
    kept: int = 64

    def best(
        self,
        begin: Batch,
        promise: Promise,
        proposed: DistinctDesigns,
        rng: np.random.Generator,
    ) -> tuple[Batch, Floats]:
        """Return designs that are new, the most promising first, and what they promise.

        Args:
            begin: Designs to begin with.
            promise: How promising designs are, shape (n,).
            proposed: Designs that are not new.
            rng: Random numbers.
        """
        space = begin.space
        elite, promised = self._new_best(begin, promise(begin), proposed)
        for reach in np.geomspace(_FIRST_REACH, _LAST_REACH, self.generations):
            if not len(elite):
                break
            parents = rng.integers(len(elite), size=self.children)
            reaches = np.full(space.width, reach)
            codes = perturb(space, rng, elite.codes[parents], reaches, _CHANGED_AXES)
            children = Batch(space, codes)
            children = children.select(space.valid(children))
            both = Batch(space, np.concatenate([elite.codes, children.codes]))
            promises = np.concatenate([promised, promise(children)])
            elite, promised = self._new_best(both, promises, proposed)
        return elite, promised

    def _new_best(
        self, batch: Batch, promise: Floats, proposed: DistinctDesigns
    ) -> tuple[Batch, Floats]:
        known = proposed.new_rows(batch, set())
        order = np.array(known, dtype=np.int64)[np.argsort(-promise[known], kind="stable")]
        order = order[: self.kept]
        return batch.select(order), promise[order]


def candidates(problem: Problem, told: ToldDesigns, count: int, rng: np.random.Generator) -> Batch:
    """Return designs to begin a plan with: random ones, and half as many near the best ones."""
    space, (known, measured) = problem.space, told.all
    best = np.argsort(-problem.score(measured).reward, kind="stable")[:_BEST]
    centres = known.codes[rng.choice(best, count // 2)]
    moved = perturb(space, rng, centres, np.full(space.width, _NEAR), _CHANGED_AXES)
    near = Batch(space, moved)
    valid = near.codes[space.valid(near)]
    return Batch(space, np.concatenate([space.sample(rng, count).codes, valid]))
