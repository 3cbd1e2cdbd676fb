"""A box of real numbers, or a grid in it."""

from __future__ import annotations

import numpy as np

from archgym.errors import SettingError
from archgym.parameter import Parameter
from archgym.scalar_parameters import Ordinal, Real
from archgym.space import DesignSpace


def box(
    dimensions: int, low: float, high: float, default: float, values: int | None
) -> DesignSpace:
    """Return the space of x1 .. xn in [low, high].

    Args:
        dimensions: How many parameters.
        low: Smallest value of each.
        high: Largest value of each.
        default: Of each; on a grid the nearest value is taken.
        values: Values per parameter, evenly spaced from end to end; None for all real numbers.

    Raises:
        SettingError: Fewer than two dimensions or values.
    """
    for name, given in (("dimensions", dimensions), ("values", values)):
        if given is not None and given < 2:
            raise SettingError(f"setting {name!r}: {given} is not allowed (2 or more)")
    return DesignSpace(
        [_parameter(f"x{at + 1}", low, high, default, values) for at in range(dimensions)]
    )


def _parameter(
    name: str, low: float, high: float, default: float, values: int | None
) -> Parameter:
    if values is None:
        return Real(name, low, high, default=default)
    grid = np.linspace(low, high, values).tolist()
    return Ordinal(name, tuple(grid), default=min(grid, key=lambda value: abs(value - default)))
