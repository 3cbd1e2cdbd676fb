"""From hyper-parameters to layers, many networks at once.

A network is a chain of layers in fixed places; places that a network does not use hold no layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.hetero.tasks import Task
from archgym.cost_models.dnn.network import LAYER_FIELDS

Ints = NDArray[np.int64]
Chosen = Mapping[str, Ints]
Place = tuple[NDArray[np.bool_], Mapping[str, Ints | int]]

FILTER = 3  # height and width of all filters but the last and those that enlarge
ENLARGE = 2


def layers_of_networks(task: Task, chosen: Chosen) -> Ints:
    """Return int64 (n, places, 9), columns as `LAYER_FIELDS`; zeros where there is no layer."""
    places = BACKBONES[task.backbone](task, chosen)
    count = len(next(iter(chosen.values())))
    layers = np.ones((count, len(places), len(LAYER_FIELDS)), dtype=np.int64)
    present = np.empty((count, len(places), 1), dtype=bool)
    for at, (used, fields) in enumerate(places):
        present[:, at, 0] = used
        for name, values in fields.items():
            layers[:, at, LAYER_FIELDS.index(name)] = values
    return layers * present


def _resnet(task: Task, chosen: Chosen) -> list[Place]:
    """Return a stem, blocks of a convolution, a pooling by 2 and residual layers, a classifier."""
    stem = chosen["stem"]
    always = np.ones(len(stem), dtype=bool)
    places = [(always, _conv(stem, 3, task.size))]
    inputs, size, block = stem, task.size, 1
    while f"block{block}_filters" in task.choices:
        filters, skips = chosen[f"block{block}_filters"], chosen[f"block{block}_skips"]
        places.append((always, _conv(filters, inputs, size)))
        size //= 2
        most = max(task.choices[f"block{block}_skips"])
        places += [(skips > at, _conv(filters, filters, size)) for at in range(most)]
        inputs, block = filters, block + 1
    return [*places, (always, {"K": task.classes, "C": inputs})]


def _unet(task: Task, chosen: Chosen) -> list[Place]:
    """Return two convolutions a level down, an enlarging one and two more a level up.

    Filters double and sizes halve from level to level; level 0 is the input's size.
    """
    height, base = chosen["height"], chosen["filters"]
    most = max(task.choices["height"])
    down: list[Place] = []
    up: list[Place] = []
    inputs: Ints | int = 3
    for level in range(most + 1):
        filters, size = base << level, task.size >> level
        used = height >= level
        down += [(used, _conv(filters, inputs, size)), (used, _conv(filters, filters, size))]
        inputs = filters
    for level in reversed(range(most)):
        filters, size = base << level, task.size >> level
        used = height > level
        joined = _conv(filters, 2 * filters, size)
        enlarge = {**joined, "R": ENLARGE, "S": ENLARGE}
        up += [(used, enlarge), (used, joined), (used, _conv(filters, filters, size))]
    always = np.ones(len(base), dtype=bool)
    last: dict[str, Ints | int] = {"K": task.classes, "C": base, "P": task.size, "Q": task.size}
    return [*down, *up, (always, last)]


def _conv(filters: Ints | int, inputs: Ints | int, size: int) -> dict[str, Ints | int]:
    return {"K": filters, "C": inputs, "P": size, "Q": size, "R": FILTER, "S": FILTER}


BACKBONES: Mapping[str, Callable[[Task, Chosen], list[Place]]] = {
    "resnet": _resnet,
    "unet": _unet,
}
