"""Designs near others."""

from __future__ import annotations

import numpy as np

from archgym.encodings import from_unit, to_unit
from archgym.outcome import Floats
from archgym.parameter import Codes
from archgym.space import DesignSpace


def perturb(
    space: DesignSpace, rng: np.random.Generator, centres: Codes, reach: Floats, share: float
) -> Codes:
    """Return each centre with some axes moved, shape (n, width); they may break constraints.

    Args:
        space: The design space.
        rng: Random numbers.
        centres: Designs, shape (n, width).
        reach: Shape (width,): an axis with an order moves to a uniform point of the interval of
            that length around the centre (of the unit cube, which bounds it); an axis without one
            takes a uniform value with that probability.
        share: Probability that an axis is considered at all; at least one is.
    """
    unit = to_unit(space, centres)
    low, high = np.maximum(unit - reach / 2, 0.0), np.minimum(unit + reach / 2, 1.0)
    near = low + (high - low) * rng.random(unit.shape)
    anywhere = np.where(rng.random(unit.shape) < reach, rng.random(unit.shape), unit)
    ordered = np.array([axis.ordered for axis in space.axes])
    moved = from_unit(space, np.where(ordered, near, anywhere))
    considered = rng.random(unit.shape) < share
    considered[np.arange(len(unit)), rng.integers(space.width, size=len(unit))] = True
    return space.canonical(np.where(considered, moved, centres))
