"""How pymoo's evolutionary algorithms work on a design space.

Genes are points of the unit cube at the centres of the bins of discrete axes, so equal designs
have equal genes. This module imports pymoo; agents import it when they are constructed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.core.duplicate import DuplicateElimination
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population
from pymoo.core.repair import Repair
from pymoo.core.sampling import Sampling
from pymoo.operators.crossover.pntx import SinglePointCrossover, TwoPointCrossover
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.operators.selection.tournament import TournamentSelection

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.encodings import from_unit, to_unit
from archgym.parameter import Axis
from archgym.space import DesignSpace

Genes = NDArray[np.float64]

CROSSOVERS = {
    "uniform": UniformCrossover,
    "one_point": SinglePointCrossover,
    "two_point": TwoPointCrossover,
}
_GROWTH = 2.0
_LOCAL_SHARE = 0.5
_LOCAL_SHARE_OF_REAL = 0.8
_LOCAL_STEP = 0.1
_FINEST_STEP = 1e-5


class ValidSampling(Sampling):  # type: ignore[misc]
    """Uniform valid designs.

    Args:
        space: The design space.
    """

    def __init__(self, space: DesignSpace):
        super().__init__()
        self._space = space

    def _do(self, problem: Any, n_samples: int, *_: Any, random_state: Any, **__: Any) -> Genes:
        return to_unit(self._space, self._space.sample(random_state, n_samples).codes)


class ValidRepair(Repair):  # type: ignore[misc]
    """Moves genes to bin centres, and designs that break a constraint to ones that obey.

    Args:
        space: The design space.
    """

    def __init__(self, space: DesignSpace):
        super().__init__()
        self._space = space

    def _do(self, problem: Any, X: Genes, random_state: Any = None, **_: Any) -> Genes:  # noqa: N803
        batch = repair(Batch(self._space, from_unit(self._space, X)), random_state)
        return to_unit(self._space, batch.codes)


class AxisMutation(Mutation):  # type: ignore[misc]
    """Changes each axis with a probability, in a way that suits its kind.

    A changed axis always takes another value. One without an order is redrawn. One with an order
    is redrawn or, just as often, moved by a normal step of a tenth of its range, at least to the
    neighbouring value. A continuous one is more often moved, by a step of any order of magnitude.
    A step beyond an end is taken to the other side. Where a
    generation lacks designs that are new, the children that take the place of the repeated ones
    mutate more: the probability doubles with each round.

    Args:
        proposed: The designs proposed so far; no more of them means the same generation.
        rate: Probability per axis; None takes one over their number.
    """

    def __init__(self, proposed: DistinctDesigns, rate: float | None = None):
        super().__init__()
        space = proposed.space
        self._proposed, self._known, self._rounds = proposed, -1, 0
        self._rate = 1.0 / space.width if rate is None else rate
        self._local = np.array([_local_share(axis) for axis in space.axes])
        self._any_real = any(axis.size is None for axis in space.axes)
        self._bin = np.array([1.0 / axis.size if axis.size else 0.0 for axis in space.axes])

    def _do(self, problem: Any, X: Genes, *_: Any, random_state: Any, **__: Any) -> Genes:  # noqa: N803
        mutates = random_state.random(X.shape) < self._rate * _GROWTH ** self._round()
        rows, axes = np.nonzero(mutates)
        changed = X.copy()
        changed[rows, axes] = self._change(X[rows, axes], axes, random_state)
        return changed

    def _round(self) -> int:
        """Return how often children were asked for since the last generation was complete."""
        known = len(self._proposed)
        self._rounds = self._rounds + 1 if known == self._known else 0
        self._known = known
        return self._rounds

    def _change(self, genes: Genes, axes: NDArray[np.int64], random: np.random.Generator) -> Genes:
        """Return another value for each gene, shape (n,), of the axes at hand."""
        which, place = random.random((2, len(genes)))
        local = which < self._local[axes]
        width = self._bin[axes]
        step = random.normal(0.0, _LOCAL_STEP, len(genes))
        length = np.maximum(np.abs(step), width)
        if self._any_real:
            fine = _FINEST_STEP ** random.random(len(genes))
            length = np.where(width > 0.0, length, fine)
        step = np.copysign(length, step)
        moved = np.where(np.abs(genes + step - 0.5) > 0.5, genes - step, genes + step)
        redrawn = genes + width / 2 + (1.0 - width) * place
        redrawn -= np.floor(redrawn)
        changed: Genes = np.where(local, moved, redrawn)
        return np.asarray(np.minimum(np.maximum(changed, 0.0), 1.0))


def _local_share(axis: Axis) -> float:
    """Return how often a mutation moves along an axis instead of drawing it anew."""
    if axis.size is None:
        return _LOCAL_SHARE_OF_REAL
    return _LOCAL_SHARE if axis.ordered else 0.0


class NewDesigns(DuplicateElimination):  # type: ignore[misc]
    """Drops designs that behave like one that was proposed before, or like each other.

    Args:
        proposed: The designs proposed so far; pymoo's generations are added by the agent.
    """

    def __init__(self, proposed: DistinctDesigns):
        super().__init__()
        self._proposed = proposed

    def do(self, pop: Population, *others: Population, **_: Any) -> Population:
        if not len(pop):
            return pop
        taken = set[bytes]().union(*(self._batch(other).keys() for other in others if len(other)))
        return pop[self._proposed.new_rows(self._batch(pop), taken)]

    def _batch(self, pop: Population) -> Batch:
        space = self._proposed.space
        return Batch(space, from_unit(space, pop.get("X")))


def tournament(pressure: int) -> TournamentSelection:
    """Return the selection of the fittest out of ``pressure`` random individuals."""
    return TournamentSelection(func_comp=_fittest, pressure=pressure)


def _fittest(pop: Population, P: NDArray[np.int64], **_: Any) -> NDArray[np.int64]:  # noqa: N803
    loss = pop.get("F")[:, 0][P]
    return np.asarray(P[np.arange(len(P)), loss.argmin(axis=1)])
