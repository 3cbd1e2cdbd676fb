"""Operators and their tensors: what is to be planned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

Ints = NDArray[np.int64]

MOST_OPS = 1000
MOST_BYTES = 2**50  # sums of sizes stay exact in float64
FORMAT = '{"ops": [[[], 0], [[0], 1], ...], "size": [bytes, ...], "capacity": bytes}'


@dataclass(frozen=True)
class Graph:
    """A directed acyclic graph of operators; tensor ``t`` is the output of operator ``t``.

    Attributes:
        name: What messages call it.
        inputs: Of each operator, the tensors that it reads; all are outputs of earlier operators.
        sizes: Bytes of each tensor.
        capacity: Bytes of the scratchpad where a design says nothing.

    Raises:
        WorkloadError: Inputs, sizes or capacity are not as said above.
    """

    name: str
    inputs: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    capacity: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.inputs) <= MOST_OPS:
            raise self._refuse(f"{len(self.inputs)} operators are not 1 .. {MOST_OPS}")
        if len(self.sizes) != len(self.inputs):
            raise self._refuse(f"{len(self.sizes)} sizes for {len(self.inputs)} operators")
        for op, inputs in enumerate(self.inputs):
            if any(not 0 <= tensor < op for tensor in inputs) or len(set(inputs)) < len(inputs):
                raise self._refuse(
                    f"operator {op} reads {list(inputs)}, which are not distinct outputs of"
                    " earlier operators"
                )
        if min(*self.sizes, self.capacity) < 1 or sum(self.sizes) > MOST_BYTES:
            raise self._refuse(f"sizes and capacity must be 1 .. {MOST_BYTES} bytes in all")

    def _refuse(self, reason: str) -> WorkloadError:
        return WorkloadError(f"graph {self.name!r}: {reason}")

    def __len__(self) -> int:
        return len(self.inputs)

    @cached_property
    def users(self) -> tuple[tuple[int, ...], ...]:
        """Of each tensor, the operators that read it."""
        found: list[list[int]] = [[] for _ in self.inputs]
        for op, inputs in enumerate(self.inputs):
            for tensor in inputs:
                found[tensor].append(op)
        return tuple(map(tuple, found))

    @cached_property
    def working_sets(self) -> tuple[int, ...]:
        """Of each operator, the bytes of its inputs and its output."""
        return tuple(
            self.sizes[op] + sum(self.sizes[tensor] for tensor in inputs)
            for op, inputs in enumerate(self.inputs)
        )

    @property
    def least_capacity(self) -> int:
        """Bytes of the smallest scratchpad on which every operator runs."""
        return max(self.working_sets)

    @cached_property
    def scale(self) -> int:
        """The sizes' greatest common divisor in bytes."""
        return math.gcd(*self.sizes)

    @cached_property
    def scaled_sizes(self) -> tuple[int, ...]:
        """The sizes without their common factor, which keeps solvers' numbers small."""
        return tuple(size // self.scale for size in self.sizes)

    @property
    def compulsory(self) -> int:
        """Bytes that every plan moves: what no operator computes is read, results are written."""
        pairs = zip(self.inputs, self.users, self.sizes, strict=True)
        return sum(size * ((not inputs) + (not users)) for inputs, users, size in pairs)

    @cached_property
    def arrays(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Sizes, then starts and entries of inputs and of users, as kernels take them."""
        return (
            np.array(self.sizes, dtype=np.int64),
            *_flat(self.inputs),
            *_flat(self.users),
        )


def _flat(lists: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Return starts, int64 (n + 1,), and all entries one after another."""
    starts = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    return starts, np.array([entry for entries in lists for entry in entries], dtype=np.int64)


def graph_of(fields: Any, name: str) -> Graph:
    """Return the graph of a mapping in the form of `FORMAT`.

    Raises:
        WorkloadError: Says what is missing or wrong.
    """
    if not isinstance(fields, Mapping):
        raise WorkloadError(f"graph {name!r}: expected {FORMAT}, not {fields!r:.80}")
    for key in ("ops", "size", "capacity"):
        if key not in fields:
            raise WorkloadError(f"graph {name!r}: {key!r} is missing; expected {FORMAT}")
    ops = _list(name, "ops", fields["ops"])
    inputs = tuple(_inputs(name, op, entry) for op, entry in enumerate(ops))
    sizes = _list(name, "size", fields["size"])
    whole = tuple(_whole(name, f"size of tensor {at}", size) for at, size in enumerate(sizes))
    return Graph(name, inputs, whole, _whole(name, "capacity", fields["capacity"]))


def _inputs(name: str, op: int, entry: Any) -> tuple[int, ...]:
    parts = _list(name, f"operator {op}", entry)
    if len(parts) != 2 or parts[1] != op:
        raise WorkloadError(
            f"graph {name!r}: operator {op} is {entry!r}, not [[input tensors], {op}]"
        )
    listed = _list(name, f"inputs of operator {op}", parts[0])
    return tuple(_whole(name, f"an input of operator {op}", tensor) for tensor in listed)


def _list(name: str, what: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise WorkloadError(f"graph {name!r}: {what} must be a list, not {value!r:.80}")
    return list(value)


def _whole(name: str, what: str, value: Any) -> int:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value != value or value in (float("inf"), float("-inf")) or value % 1:
        raise WorkloadError(f"graph {name!r}: {what} must be a whole number, not {value!r}")
    return int(value)
