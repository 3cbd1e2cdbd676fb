"""Design spaces as Optuna sees them: one distribution per axis of codes.

A discrete axis with an order is an integer, one without is categorical, a real one a float on
its own scale. Optuna works on codes throughout, so that a power-of-two list is evenly spaced.
This module imports optuna; agents import it when they are constructed.
"""

from __future__ import annotations

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

from archgym.encodings import discrete_size
from archgym.parameter import Axis
from archgym.space import DesignSpace


def distributions(space: DesignSpace) -> dict[str, BaseDistribution]:
    """Return axis name -> distribution over its codes, in order."""
    return {axis.name: distribution(axis) for axis in space.axes}


def distribution(axis: Axis) -> BaseDistribution:
    """Return the distribution over the codes of one axis."""
    if axis.size is None:
        return FloatDistribution(axis.low, axis.high, log=axis.log)
    if axis.ordered:
        return IntDistribution(0, axis.size - 1)
    return CategoricalDistribution(tuple(range(axis.size)))


def suggest(trial: Trial, axis: Axis) -> float:
    """Return the code that a trial proposes for one axis, drawn from its distribution."""
    known = distribution(axis)
    if isinstance(known, FloatDistribution):
        return float(trial.suggest_float(axis.name, known.low, known.high, log=known.log))
    if isinstance(known, IntDistribution):
        return int(trial.suggest_int(axis.name, known.low, known.high))
    return trial.suggest_categorical(axis.name, range(discrete_size(axis)))
