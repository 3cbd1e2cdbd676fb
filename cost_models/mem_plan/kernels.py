"""Plans under simple replacement policies, compiled by Numba.

The operators run in a given order. An operator runs with its inputs and its output resident; what
was pushed out is fetched again. Which tensor is pushed out is the policy's choice: the least
recently used one, or the one whose next use is furthest away. Tensors that nobody needs any more
vanish.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archgym.cost_models.compiled import Array, Compiler

COMPILER = Compiler("mem-plan", Path(__file__).parent)
kernel, helper = COMPILER.kernel, COMPILER.helper

LRU, BELADY = range(2)
SPILLED, REFETCHED, PEAK = range(3)


@helper
def _runnable_order(
    rank: Array, starts: Array, inputs: Array, order: Array, position: Array
) -> None:
    """Write the order in which operators run: of those whose inputs are there, the first in rank.

    A rank that is a topological order is that order.
    """
    n = len(rank)
    position[:] = -1
    for step in range(n):
        chosen = -1
        for op in range(n):
            if position[op] >= 0 or (chosen >= 0 and rank[op] > rank[chosen]):
                continue
            ready = True
            for at in range(starts[op], starts[op + 1]):
                ready = ready and position[inputs[at]] >= 0
            if ready:
                chosen = op
        order[step], position[chosen] = chosen, step


@helper
def _next_use(tensor: int, step: int, starts: Array, users: Array, position: Array) -> int:
    """Return the step after ``step`` at which a tensor is read next, or -1."""
    found = -1
    for at in range(starts[tensor], starts[tensor + 1]):
        use = position[users[at]]
        if use > step and (found < 0 or use < found):
            found = use
    return found


@helper
def _victim(
    policy: int,
    held: Array,
    needed: Array,
    sizes: Array,
    stamp: Array,
    following: Array,
) -> int:
    """Return the tensor to push out: held, and no operand of the operator that runs.

    Among tensors that are read next by the same operator, the larger goes, then the later.
    """
    chosen = -1
    for tensor in range(len(held)):
        if not held[tensor] or needed[tensor]:
            continue
        if chosen < 0:
            chosen = tensor
        elif policy == LRU:
            if stamp[tensor] < stamp[chosen]:
                chosen = tensor
        elif following[tensor] > following[chosen] or (
            following[tensor] == following[chosen] and sizes[tensor] >= sizes[chosen]
        ):
            chosen = tensor
    return chosen


@helper
def _make_room(
    excess: int,
    policy: int,
    held: Array,
    needed: Array,
    saved: Array,
    sizes: Array,
    stamp: Array,
    following: Array,
    moved: Array,
) -> int:
    """Push tensors out until ``excess`` bytes are gone; return the bytes that went."""
    gone = 0
    while gone < excess:
        tensor = _victim(policy, held, needed, sizes, stamp, following)
        held[tensor] = False
        gone += sizes[tensor]
        if not saved[tensor]:
            saved[tensor] = True
            moved[SPILLED] += sizes[tensor]
    return gone


@helper
def _follow(
    graph: tuple[Array, ...],
    order: Array,
    position: Array,
    policy: int,
    capacity: int,
    moved: Array,
    resident: Array,
) -> None:
    """Write what one plan moves, int64 (3,), and what is resident in each step, bool (n, n)."""
    sizes, in_starts, inputs, use_starts, users = graph
    n = len(sizes)
    stamp, following = np.zeros(n, np.int64), np.zeros(n, np.int64)
    held, needed, saved = np.zeros(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    moved[:] = 0
    clock, used = 0, 0
    for step in range(n):
        op = order[step]
        needed[:] = False
        for place in range(in_starts[op], in_starts[op + 1]):
            tensor = inputs[place]
            needed[tensor], stamp[tensor] = True, clock
            clock += 1
            if not held[tensor]:
                held[tensor] = True
                used += sizes[tensor]
                moved[REFETCHED] += sizes[tensor]
        needed[op], held[op], stamp[op] = True, True, clock
        clock += 1
        used += sizes[op]
        for tensor in range(n):
            following[tensor] = _next_use(tensor, step, use_starts, users, position)
        used -= _make_room(
            used - capacity, policy, held, needed, saved, sizes, stamp, following, moved
        )
        moved[PEAK] = max(moved[PEAK], used)
        resident[step] = held
        for tensor in range(n):
            if held[tensor] and following[tensor] < 0:
                held[tensor] = False
                used -= sizes[tensor]


@kernel
def simulate(
    graph: tuple[Array, ...],
    ranks: Array,
    policies: Array,
    capacities: Array,
    moved: Array,
    orders: Array,
    resident: Array,
) -> None:
    """Write what designs move and how they run; capacities suffice for every operator.

    Args:
        graph: As `Graph.arrays`.
        ranks: int64 (m, n), the place of each operator in the wished order.
        policies: int64 (m,), LRU or BELADY.
        capacities: int64 (m,), bytes.
        moved: int64 (m, 3), out: bytes written off chip, bytes fetched again, most bytes resident.
        orders: int64 (m, n), out: operators in the order in which they run.
        resident: bool (1, n, n), out: which tensors are there while each step's operator runs, of
            the last design.
    """
    _, in_starts, inputs, _, _ = graph
    position = np.empty(ranks.shape[1], np.int64)
    for at in range(len(ranks)):
        _runnable_order(ranks[at], in_starts, inputs, orders[at], position)
        _follow(graph, orders[at], position, policies[at], capacities[at], moved[at], resident[0])
