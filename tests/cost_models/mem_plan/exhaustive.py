"""The least that any plan moves, by going through all of them; written apart from the product."""

from __future__ import annotations

import heapq
from itertools import count


def least_moved(ops, sizes, capacity, order=None):
    """Return the fewest non-compulsory bytes, over all orders unless one is given.

    A state is (operators done, tensors on chip, tensors with a copy off chip); states are expanded
    by what was moved so far. Tensors leave one at a time, at any moment, whether room is needed or
    not.
    """
    n, ticket = len(ops), count()
    start = (frozenset(), frozenset(), frozenset())
    queue, best = [(0, next(ticket), start)], {start: 0}
    while queue:
        moved, _, state = heapq.heappop(queue)
        if moved > best[state]:
            continue
        if len(state[0]) == n:
            return moved
        for cost, after in _moves(ops, sizes, capacity, order, *state):
            if moved + cost < best.get(after, 1 << 60):
                best[after] = moved + cost
                heapq.heappush(queue, (moved + cost, next(ticket), after))
    raise AssertionError("no plan")


def _moves(ops, sizes, capacity, order, done, chip, saved):
    for tensor in chip:
        yield (0 if tensor in saved else sizes[tensor]), (done, chip - {tensor}, saved | {tensor})
    room = capacity - sum(sizes[tensor] for tensor in chip)
    for tensor in saved - chip:
        if sizes[tensor] <= room:
            yield sizes[tensor], (done, chip | {tensor}, saved)
    wanted = range(len(ops)) if order is None else [order[len(done)]]
    for op in wanted:
        if op not in done and set(ops[op][0]) <= chip and sizes[op] <= room:
            now = done | {op}
            dead = {
                t for t in now if all(t not in ops[u][0] for u in range(len(ops)) if u not in now)
            }
            yield 0, (now, (chip | {op}) - dead, saved - dead)
