"""Best order and replacement by uniform-cost search over what is done, on chip, and saved.

Sets of tensors are bits of whole numbers; tensor ``t`` is bit ``t``, operator ``t`` likewise. A
tensor is fetched only when an operator needs it, and tensors leave only when room is needed, in
sets of which every member is needed to make it: neither costs optimality. A live tensor that
leaves must come back, so its leaving is charged with its next fetch, and fetching is free. Of two
states that cost the same the one with more operators done is expanded first.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.plan import OutOfTimeError, Plan

MOST_STATES = 1_000_000  # about 0.5 GB
_BETWEEN_CLOCKS = 256

# Operators done, live tensors on chip, live tensors with a copy off chip.
State = tuple[int, int, int]
_START: State = (0, 0, 0)


@dataclass(frozen=True)
class _Step:
    """How a state was reached.

    Attributes:
        cost: Bytes charged up to here.
        before: The state that it was reached from.
        op: The operator that ran.
        resident: Tensors on chip while it ran.
    """

    cost: int
    before: State = _START
    op: int = -1
    resident: int = 0


@dataclass
class _Frontier:
    """States that are known, and those among them that wait to be expanded."""

    steps: dict[State, _Step] = field(default_factory=dict)
    waiting: list[tuple[int, int, int, State]] = field(default_factory=list)

    def offer(self, state: State, step: _Step) -> None:
        """Take a state in unless it is known at no higher cost."""
        known = self.steps.get(state)
        if known is None or step.cost < known.cost:
            self.steps[state] = step
            entry = (step.cost, -state[0].bit_count(), len(self.waiting), state)
            heapq.heappush(self.waiting, entry)


def search_states(graph: Graph, capacity: int, time_limit_s: float) -> Plan:
    """Return an order and residence that move the fewest bytes.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.
        time_limit_s: Of the search.

    Raises:
        OutOfTimeError: No plan was proven optimal within the time, or within `MOST_STATES`.
    """
    moves, frontier = _Moves(graph, capacity), _Frontier()
    frontier.offer(_START, _Step(0))
    state, closed, end = _START, set[State](), time.monotonic() + time_limit_s
    while state[0] != moves.all_done:
        cost, _, _, state = heapq.heappop(frontier.waiting)
        if state in closed:
            continue
        closed.add(state)
        late = len(closed) % _BETWEEN_CLOCKS == 0 and time.monotonic() > end
        if late or len(frontier.steps) > MOST_STATES:
            raise OutOfTimeError(None, cost)
        for following, step in moves.of(state, cost):
            frontier.offer(following, step)
    return _plan(graph, frontier.steps, state)


class _Moves:
    """The operators that may run in a state, and what must leave for them."""

    def __init__(self, graph: Graph, capacity: int):
        self._sizes, self._capacity = graph.sizes, capacity
        self._inputs = [sum(1 << tensor for tensor in inputs) for inputs in graph.inputs]
        self._users = [sum(1 << op for op in users) for users in graph.users]
        self.all_done = (1 << len(graph)) - 1

    def of(self, state: State, cost: int) -> Iterator[tuple[State, _Step]]:
        """Yield the states that follow one, with how they are reached."""
        done, chip, saved = state
        for op in _bits(self.all_done & ~done):
            operands = self._inputs[op] | 1 << op
            if self._inputs[op] & ~done:
                continue
            lacking = self._bytes(chip | operands) - self._capacity
            now = done | 1 << op
            dead = self._dead(now, chip | operands)
            for gone in self._leaving(list(_bits(chip & ~operands)), lacking):
                charge = self._bytes(gone) + self._bytes(gone & ~saved)
                resident = (chip | operands) & ~gone
                following = (now, resident & ~dead, (saved | gone) & ~dead)
                yield following, _Step(cost + charge, state, op, resident)

    def _leaving(self, idle: list[int], lacking: int) -> Iterator[int]:
        """Yield the sets that make room for ``lacking`` bytes, without a member to spare."""
        if lacking <= 0:
            yield 0
            return
        for at, tensor in enumerate(idle):
            for rest in self._leaving(idle[at + 1 :], lacking - self._sizes[tensor]):
                if self._bytes(rest) < lacking:
                    yield rest | 1 << tensor

    def _dead(self, done: int, tensors: int) -> int:
        return sum(1 << t for t in _bits(tensors) if not self._users[t] & ~done)

    def _bytes(self, tensors: int) -> int:
        return sum(self._sizes[tensor] for tensor in _bits(tensors))


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _plan(graph: Graph, steps: dict[State, _Step], state: State) -> Plan:
    order, resident = [], []
    while state != _START:
        step = steps[state]
        order.append(step.op)
        resident.append([bool(step.resident >> tensor & 1) for tensor in range(len(graph))])
        state = step.before
    return Plan(np.array(order[::-1]), np.array(resident[::-1]))
