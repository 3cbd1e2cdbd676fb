"""Where searches begin, and the random numbers of their steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.cost_models.dnn.mapping.columns import LEVELS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_FILLED = ("rf", "sp", "glb")
_ALL = 64  # more prime factors than a dimension has
_PLANS, _DRAWS = range(2)  # streams of random numbers


@dataclass(frozen=True)
class Starts:
    """What is random in a search, the same for every layer and machine.

    Attributes:
        plans: int64 (chains, starts, entries, 3): level, dimension, most factors it takes. The
            first plan of the first chain is that of the fixed mapping.
        orders: int64 (chains, starts, 28), dimensions from the outermost loop, level after level.
        draws: float64 (chains, steps, N_DRAWS) in [0, 1).
    """

    plans: Ints
    orders: Ints
    draws: Floats


@cache
def options() -> dict[str, Any]:
    """Return the mapper's numbers as ``search.yaml`` declares them."""
    text = files("archgym.cost_models.dnn.mapper").joinpath("search.yaml").read_text("utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table


@lru_cache(maxsize=4)
def starts_of(evaluations: int, seed: int) -> Starts:
    """Return what a search of that length needs; without evaluations, the fixed mapping alone."""
    from archgym.cost_models.dnn.mapper.kernels.layout import N_DRAWS

    chains = max(1, min(options()["most_chains"], evaluations // options()["least_steps"]))
    count = max(1, int(options()["starts"] * evaluations) // chains)
    plans, orders = _random_plans(np.random.default_rng([seed, _PLANS]), (chains, count))
    fixed_plan, fixed_order = _fixed_plan(plans.shape[2])
    plans[0, 0], orders[0, 0] = fixed_plan, fixed_order
    draws = np.random.default_rng([seed, _DRAWS]).random((chains, evaluations // chains, N_DRAWS))
    return Starts(plans, orders, draws)


def _random_plans(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Return plans that take some factors in random turn, then fill the GLB, and orders."""
    levels = np.array([LEVELS.index(level) for level in _FILLED])
    some = _permutations(rng, shape, len(_FILLED) * len(DIMENSIONS))
    last = _permutations(rng, shape, len(DIMENSIONS))
    taken = rng.integers(0, options()["most_taken"] + 1, some.shape)
    glb = np.full(last.shape, LEVELS.index("glb"))
    level = np.concatenate([levels[some // len(DIMENSIONS)], glb], axis=-1)
    dimension = np.concatenate([some % len(DIMENSIONS), last], axis=-1)
    most = np.concatenate([taken, np.full(last.shape, _ALL)], axis=-1)
    orders = _permutations(rng, (*shape, len(LEVELS)), len(DIMENSIONS))
    return np.stack([level, dimension, most], axis=-1), orders.reshape(*shape, -1)


def _permutations(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> Ints:
    return np.asarray(rng.random((*shape, count)).argsort(axis=-1), dtype=np.int64)


def _fixed_plan(entries: int) -> tuple[Ints, Ints]:
    """Return the plan of the fixed mapping, filled up by entries that take nothing."""
    named = [
        (LEVELS.index(level), DIMENSIONS.index(dimension), _ALL)
        for level, dimensions in options()["fixed_mapping"]
        for dimension in dimensions
    ]
    plan = np.zeros((entries, 3), dtype=np.int64)
    plan[: len(named)] = named
    order = [DIMENSIONS.index(dimension) for dimension in options()["order"]]
    return plan, np.tile(np.array(order, dtype=np.int64), len(LEVELS))
