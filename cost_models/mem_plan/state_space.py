"""What plans go through: which operators are done, which tensors are on chip, which are saved.

Sets of tensors are bits of whole numbers; tensor ``t`` is bit ``t``, operator ``t`` likewise. A
tensor is fetched only when an operator needs it, and tensors leave only when room is needed, in
sets of which every member is needed to make it: neither costs optimality. A live tensor that
leaves must come back, so its leaving is charged with its next fetch, and fetching is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.plan import Plan

# Operators done, live tensors on chip, live tensors with a copy off chip.
State = tuple[int, int, int]
START: State = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """How a state was reached.

    Attributes:
        cost: Bytes charged up to here.
        before: The state that it was reached from.
        op: The operator that ran.
        resident: Tensors on chip while it ran.
    """

    cost: int
    before: State = START
    op: int = -1
    resident: int = 0


class Moves:
    """The operators that may run in a state, and what must leave for them."""

    def __init__(self, graph: Graph, capacity: int):
        self._sizes, self._capacity = graph.sizes, capacity
        self._inputs = [sum(1 << tensor for tensor in inputs) for inputs in graph.inputs]
        self._users = [sum(1 << op for op in users) for users in graph.users]
        self.all_done = (1 << len(graph)) - 1

    def of(self, state: State, cost: int) -> Iterator[tuple[State, Step]]:
        """Yield the states that follow one, with how they are reached."""
        done, chip, saved = state
        for op in _bits(self.all_done & ~done):
            operands = self._inputs[op] | 1 << op
            if self._inputs[op] & ~done:
                continue
            lacking = self.bytes_of(chip | operands) - self._capacity
            now = done | 1 << op
            dead = self._dead(now, chip | operands)
            for gone in self._leaving(list(_bits(chip & ~operands)), lacking):
                charge = self.bytes_of(gone) + self.bytes_of(gone & ~saved)
                resident = (chip | operands) & ~gone
                following = (now, resident & ~dead, (saved | gone) & ~dead)
                yield following, Step(cost + charge, state, op, resident)

    def _leaving(self, idle: list[int], lacking: int) -> Iterator[int]:
        """Yield the sets that make room for ``lacking`` bytes, without a member to spare."""
        if lacking <= 0:
            yield 0
            return
        for at, tensor in enumerate(idle):
            for rest in self._leaving(idle[at + 1 :], lacking - self._sizes[tensor]):
                if self.bytes_of(rest) < lacking:
                    yield rest | 1 << tensor

    def _dead(self, done: int, tensors: int) -> int:
        return sum(1 << t for t in _bits(tensors) if not self._users[t] & ~done)

    def bytes_of(self, tensors: int) -> int:
        """Return the bytes of a set of tensors."""
        return sum(self._sizes[tensor] for tensor in _bits(tensors))


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def plan_of(graph: Graph, steps: Mapping[State, Step], state: State) -> Plan:
    """Return the plan that leads to a state, from how it and those before it were reached."""
    order, resident = [], []
    while state != START:
        step = steps[state]
        order.append(step.op)
        resident.append([bool(step.resident >> tensor & 1) for tensor in range(len(graph))])
        state = step.before
    return Plan(np.array(order[::-1]), np.array(resident[::-1]))
