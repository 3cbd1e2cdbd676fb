"""Mappings of layers on machines, found by a search of fixed length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.cost_models.dnn.mapper.starts import options, starts_of
from archgym.cost_models.dnn.mapping.columns import BOUND_COLUMNS, LEVELS, ORDER_COLUMNS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# Exponents of cycles and energy; a small one decides between mappings that are alike otherwise.
METRICS = {"edp": (1.0, 1.0), "latency": (1.0, 0.001), "energy": (0.001, 1.0)}


@dataclass(frozen=True)
class Found:
    """The best mappings found, one per task.

    Attributes:
        bounds: int64 (n, 28), in the order of `BOUND_COLUMNS`.
        orders: int64 (n, 28), dimensions from the outermost loop, level after level.
        results: float64 (N_RESULTS, n) as in the mapping model, without area; NaN where not even
            tiles of one word fit.
    """

    bounds: Ints
    orders: Ints
    results: Floats

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the mappings in the columns of the mapping environment."""
        words = np.array(list(DIMENSIONS))[self.orders.reshape(-1, len(LEVELS), len(DIMENSIONS))]
        orders = np.array([["".join(order) for order in row] for row in words.tolist()])
        orders = orders.reshape(-1, len(LEVELS))
        return {
            **dict(zip(BOUND_COLUMNS, self.bounds.T, strict=True)),
            **dict(zip(ORDER_COLUMNS, orders.T, strict=True)),
        }


def find_mappings(
    layers: Ints, machines: Floats, evaluations: int, metric: str = "edp", seed: int = 0
) -> Found:
    """Return the best mapping of each layer on its machine.

    Each result depends on its own layer and machine alone, whatever else is in the batch.

    Args:
        layers: int64 (n, >= 8), columns as `LAYER_FIELDS`; of one group.
        machines: float64 (n, N_MACHINE), columns as in `kernels.layout`.
        evaluations: Steps of the search per task, beside the mappings at which it begins (a
            twentieth); 0 takes the fixed mapping.
        metric: One of `METRICS`.
        seed: Of the search's random numbers.

    Raises:
        KeyError: An unknown metric.
        ValueError: A negative number of evaluations.
    """
    from archgym.cost_models.dnn.mapper.kernels.search import search_mappings
    from archgym.cost_models.dnn.mapping.kernels.layout import N_BOUNDS, N_RESULTS

    if evaluations < 0:
        raise ValueError(f"evaluations: {evaluations} is negative")
    starts = starts_of(evaluations, seed)
    bounds = np.empty((len(layers), N_BOUNDS), dtype=np.int64)
    orders = np.empty_like(bounds)
    results = np.empty((N_RESULTS, len(layers)))
    search_mappings(
        np.ascontiguousarray(layers, dtype=np.int64),
        np.ascontiguousarray(machines, dtype=np.float64),
        np.array(METRICS[metric]),
        starts.plans,
        starts.orders,
        starts.draws,
        np.array(options()["steps"]),
        np.array(options()["temperatures"]),
        bounds,
        orders,
        results,
    )
    return Found(bounds, orders, results)
