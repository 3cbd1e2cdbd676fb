"""Replacement by plain lists, written apart from the product's kernels."""

from __future__ import annotations


def run_in_order(ops, sizes, capacity, wish, policy):
    """Return (bytes written, bytes fetched again, order) of a policy, lru or belady."""
    order, left = [], list(wish)
    while left:
        op = next(op for op in left if all(tensor in order for tensor in ops[op][0]))
        order.append(op)
        left.remove(op)
    chip, saved, written, fetched = [], set(), 0, 0  # chip: least recently used first
    for step, op in enumerate(order):
        for tensor in ops[op][0]:
            if tensor in chip:
                chip.remove(tensor)
            else:
                fetched += sizes[tensor]
            chip.append(tensor)
        chip.append(op)
        while sum(sizes[tensor] for tensor in chip) > capacity:
            idle = [tensor for tensor in chip if tensor not in (*ops[op][0], op)]
            if policy == "belady":
                idle.sort(key=lambda t: (_next_use(ops, order, step, t), sizes[t], t))
                idle.reverse()
            chip.remove(idle[0])
            if idle[0] not in saved:
                saved.add(idle[0])
                written += sizes[idle[0]]
        chip = [tensor for tensor in chip if _next_use(ops, order, step, tensor) is not None]
    return written, fetched, order


def _next_use(ops, order, step, tensor):
    later = [at for at in range(step + 1, len(order)) if tensor in ops[order[at]][0]]
    return later[0] if later else None
