"""A memory plan while it is built: what is done, what is on chip, what is saved, what it cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.plan import Plan

Bools = NDArray[np.bool_]
NOTHING = -1


class PlanState:
    """One plan, operator by operator.

    An operator is chosen first; while its operands do not fit, tensors are evicted; then it runs.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.

    Attributes:
        pending: The operator that waits for room, or `NOTHING`.
        done, chip, saved: bool (n,), operators that ran, tensors on chip, with a copy off chip.
        order: Operators in the order in which they ran.
        moved: Bytes written off chip and fetched again so far.
    """

    def __init__(self, graph: Graph, capacity: int):
        self.graph, self.capacity = graph, capacity
        self.sizes, n = np.array(graph.sizes, dtype=np.int64), len(graph)
        self._operands = np.zeros((n, n), dtype=np.bool_)
        for op, inputs in enumerate(graph.inputs):
            self._operands[op, [op, *inputs]] = True
        self._readers = np.zeros((n, n), dtype=np.bool_)  # tensor by operator
        for tensor, users in enumerate(graph.users):
            self._readers[tensor, list(users)] = True
        self._before = self._operands & ~np.eye(n, dtype=np.bool_)
        self._stamps, self._clock = np.zeros(n, dtype=np.int64), 0
        self.pending, self.moved = NOTHING, 0
        self.done, self.chip, self.saved = (np.zeros(n, dtype=np.bool_) for _ in range(3))
        self.order: list[int] = []
        self._resident: list[Bools] = []

    @property
    def ready(self) -> Bools:
        """Operators that may run next."""
        lacking = (self._before & ~self.done).any(axis=1)
        return np.asarray(~self.done & ~lacking)

    @property
    def evictable(self) -> Bools:
        """Tensors that may make room for the pending operator; none where none is pending."""
        if self.pending == NOTHING:
            return np.zeros_like(self.chip)
        return np.asarray(self.chip & ~self._operands[self.pending])

    @property
    def readers_left(self) -> NDArray[np.int64]:
        """Operators still to run that read each tensor."""
        return np.asarray((self._readers & ~self.done).sum(axis=1))

    @property
    def is_complete(self) -> bool:
        """Whether all operators ran."""
        return len(self.order) == len(self.graph)

    def choose(self, op: int) -> None:
        """Fetch what an operator reads; it runs if its operands fit, else it is pending."""
        for tensor in (*self.graph.inputs[op], op):
            self._stamps[tensor], self._clock = self._clock, self._clock + 1
        fetched = self._before[op] & ~self.chip
        self.moved += int(self.sizes[fetched].sum())
        self.chip = self.chip | self._operands[op]
        self.pending = op
        self._run_if_it_fits()

    def evict(self, tensor: int) -> None:
        """Write a tensor off chip unless a copy is there; the pending operator runs if it fits."""
        self.moved += 0 if self.saved[tensor] else int(self.sizes[tensor])
        self.chip[tensor], self.saved[tensor] = False, True
        self._run_if_it_fits()

    def least_recently_used(self) -> int:
        """Return the evictable tensor that was touched longest ago."""
        tensors = np.flatnonzero(self.evictable)
        return int(tensors[np.argmin(self._stamps[tensors])])

    def _run_if_it_fits(self) -> None:
        if self.sizes[self.chip].sum() > self.capacity:
            return
        self._resident.append(self.chip.copy())
        self.order.append(self.pending)
        self.done[self.pending], self.pending = True, NOTHING
        self.chip &= self.readers_left > 0

    def plan(self) -> Plan:
        """Return the plan that was built."""
        return Plan(np.array(self.order), np.array(self._resident))
