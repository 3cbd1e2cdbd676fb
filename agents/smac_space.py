"""Design spaces as SMAC sees them: one hyper-parameter per axis of codes.

A discrete axis with an order is an integer, one without is categorical, a real one a float on its
own scale. This module imports ConfigSpace; agents import it when they are constructed.
"""

from __future__ import annotations

from typing import Any

from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    InCondition,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from archgym.parameter import Axis, Parameter
from archgym.space import DesignSpace


def smac_space(space: DesignSpace) -> ConfigurationSpace:
    """Return the axes as hyper-parameters, active under the conditions of their parameters."""
    result = ConfigurationSpace()
    result.add([_hyperparameter(axis) for axis in space.axes])
    for parameter in space.parameters:
        for axis in parameter.axes if parameter.active_when else ():
            result.add(_condition(space, result, parameter, axis))
    return result


def _hyperparameter(axis: Axis) -> Any:
    if axis.size is None:
        return UniformFloatHyperparameter(axis.name, axis.low, axis.high, log=axis.log)
    if axis.size == 1:
        return Constant(axis.name, 0)
    if axis.ordered:
        return UniformIntegerHyperparameter(axis.name, 0, axis.size - 1)
    return CategoricalHyperparameter(axis.name, tuple(range(axis.size)))


def _condition(
    space: DesignSpace, known: ConfigurationSpace, parameter: Parameter, axis: Axis
) -> Any:
    """Return when an axis has an effect: each parent has one of the values that allow it."""
    parts = []
    for name, values in parameter.active_when.items():
        (parent,) = space[name].axes
        allowed = [int(space[name].parse(value)[0]) for value in values]
        parts.append(InCondition(known[axis.name], known[parent.name], allowed))
    return parts[0] if len(parts) == 1 else AndConjunction(*parts)
