"""Families of graphs, drawn by seed and written as text such as ``random:n=12,seed=0``.

``random`` is the usual test of such planners: an operator reads one earlier tensor or, twice as
likely, two; sizes are uniform. ``nas`` stacks cells as differentiable architecture search finds
them (DARTS, arXiv 1806.09055): a node applies an operator to each of two earlier states of its
cell and adds the results, the cell's output concatenates its nodes, and a cell is fed by the two
before it. The capacity is the largest working set of an operator times (1 + slack).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from archgym.cost_models.mem_plan.graph import MOST_OPS, Graph
from archgym.errors import WorkloadError

_RANDOM: dict[str, float] = {"n": 12, "largest": 4, "slack": 0, "seed": 0}
_NAS: dict[str, float] = {
    "cells": 2,
    "nodes": 4,
    "channels": 16,
    "side": 32,
    "slack": 0,
    "seed": 0,
}
FORMS = "random:n=12,largest=4,slack=0,seed=0 or nas:cells=2,nodes=4,channels=16,side=32,slack=0"
_MOST_ZERO = ("seed", "slack")


def is_generated(text: str) -> bool:
    """Return whether a text names a family."""
    return text.partition(":")[0].strip() in _FAMILIES and ":" in text


def generate(text: str) -> Graph:
    """Return the graph of a text; fields that are left out take the values of `FORMS`.

    Raises:
        WorkloadError: A field is unknown or has a value it cannot take.
    """
    kind, _, rest = text.partition(":")
    defaults, make = _FAMILIES[kind.strip()]
    fields = {**defaults, **_read_fields(text, rest, defaults)}
    slack = fields.pop("slack")
    inputs, sizes = make(**{name: int(value) for name, value in fields.items()})
    tight = Graph(text, inputs, sizes, sum(sizes))
    return Graph(text, inputs, sizes, math.floor(tight.least_capacity * (1 + slack)))


def _read_fields(text: str, rest: str, known: Mapping[str, float]) -> dict[str, float]:
    fields: dict[str, float] = {}
    for pair in filter(None, (part.strip() for part in rest.split(","))):
        name, _, value = (part.strip() for part in pair.partition("="))
        if name not in known or name in fields:
            raise WorkloadError(f"graph {text!r}: {pair!r} is unknown or repeated ({FORMS})")
        fields[name] = _number(text, name, value)
    return fields


def _number(text: str, name: str, value: str) -> float:
    least, most = (0, 2**31) if name in _MOST_ZERO else (1, 2**20)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not least <= number <= most or (name != "slack" and not number.is_integer()):
        kind = "a number" if name == "slack" else "an integer"
        raise WorkloadError(f"graph {text!r}: {name}={value} is not {kind} {least} .. {most}")
    return number


Parts = tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]


def _random(n: int, largest: int, seed: int) -> Parts:
    if n > MOST_OPS:
        raise WorkloadError(f"random graph: n={n} is above {MOST_OPS}")
    rng = np.random.default_rng(seed)
    inputs: list[tuple[int, ...]] = [()]
    for op in range(1, n):
        count = min(op, int(rng.choice([1, 2, 2])))
        inputs.append(tuple(sorted(rng.choice(op, count, replace=False).tolist())))
    return tuple(inputs), tuple(rng.integers(1, largest + 1, n).tolist())


def _nas(cells: int, nodes: int, channels: int, side: int, seed: int) -> Parts:
    if 2 + cells * (3 + 3 * nodes) > MOST_OPS:
        raise WorkloadError(f"nas graph: {cells} cells of {nodes} nodes exceed {MOST_OPS}")
    rng, unit = np.random.default_rng(seed), channels * side * side
    inputs: list[tuple[int, ...]] = [(), (0,)]  # the image's features, and the stem behind them
    sizes = [unit, unit]

    def add(*tensors: int, size: int = unit) -> int:
        inputs.append(tensors)
        sizes.append(size)
        return len(inputs) - 1

    outputs = [0, 1]
    for _ in range(cells):
        states = [add(outputs[-2]), add(outputs[-1])]
        for _ in range(nodes):
            first, second = rng.choice(len(states), 2, replace=False).tolist()
            states.append(add(add(states[first]), add(states[second])))
        outputs.append(add(*states[2:], size=nodes * unit))
    return tuple(inputs), tuple(sizes)


_FAMILIES: dict[str, tuple[dict[str, float], Callable[..., Parts]]] = {
    "random": (_RANDOM, _random),
    "nas": (_NAS, _nas),
}
