"""Plans in full: in which order operators run, and which tensors are resident meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.mem_plan.graph import Graph

Bools = NDArray[np.bool_]


class OutOfTimeError(Exception):
    """No plan was proven optimal within the time.

    Attributes:
        best: Bytes that the best plan found moves, None where none was found.
        bound: Bytes that every plan moves, None where nothing is known.
    """

    def __init__(self, best: float | None, bound: float | None):
        self.best, self.bound = best, bound
        super().__init__(f"best plan {best}, lower bound {bound}")

    @property
    def found(self) -> str:
        """What is known, in words."""
        best = "none found" if self.best is None else f"the best found moves {self.best:.0f} B"
        return best if self.bound is None else f"{best}, none moves less than {self.bound:.0f} B"


@dataclass(frozen=True)
class Plan:
    """What is decided about a graph.

    Attributes:
        order: int64 (n,), operators in the order in which they run.
        resident: bool (n, n), whether a tensor (column) is there while a step's operator runs.
    """

    order: NDArray[np.int64]
    resident: Bools


@dataclass(frozen=True)
class Movement:
    """What a plan moves, by step and tensor.

    Attributes:
        spilled: bool (n, n), a tensor is written off chip after a step, once at most.
        refetched: bool (n, n), it is fetched again before a step.
        used: int64 (n,), bytes resident in each step.
    """

    spilled: Bools
    refetched: Bools
    used: NDArray[np.int64]


def movement_of(graph: Graph, plan: Plan, capacity: int) -> Movement:
    """Return what a plan moves; it is followed step by step.

    Raises:
        ValueError: It breaks a rule: an operator runs before its inputs, lacks an operand, or
            more is resident than fits.
    """
    resident, position = plan.resident, np.argsort(plan.order)
    _check(graph, plan, position, capacity)
    before = np.zeros_like(resident)
    before[1:] = resident[:-1]
    produced = np.zeros_like(resident)
    produced[position, np.arange(len(graph))] = True
    refetched = resident & ~before & ~produced
    spilled = np.zeros_like(resident)
    for tensor in np.flatnonzero(refetched.any(axis=0)).tolist():
        back = int(np.argmax(refetched[:, tensor]))
        last = int(np.flatnonzero(resident[:back, tensor])[-1])
        spilled[last, tensor] = True
    return Movement(spilled, refetched, resident @ np.array(graph.sizes))


def _check(graph: Graph, plan: Plan, position: NDArray[np.int64], capacity: int) -> None:
    if sorted(plan.order.tolist()) != list(range(len(graph))):
        raise ValueError("an operator does not run exactly once")
    for step, op in enumerate(plan.order.tolist()):
        inputs = graph.inputs[op]
        if any(position[tensor] >= step for tensor in inputs):
            raise ValueError(f"operator {op} runs before its inputs")
        if not plan.resident[step, [op, *inputs]].all():
            raise ValueError(f"operator {op} lacks an operand")
        early = plan.resident[step] & (position > step)
        if early.any():
            raise ValueError(f"tensor {int(np.argmax(early))} is resident before it is computed")
    if (plan.resident @ np.array(graph.sizes) > capacity).any():
        raise ValueError(f"more than {capacity} bytes are resident")
