"""The designs that a model holds most promising, found by an evolution that evaluates none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.perturbation import perturb
from archgym.agents.told import ToldDesigns
from archgym.batch import Batch
from archgym.outcome import Floats
from archgym.problem import Problem

_FIRST_REACH, _LAST_REACH = 0.5, 0.05
_CHANGED_AXES = 0.3
# A plan may begin near some of the best designs, too.
_BEST, _NEAR = 8, 0.3

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
