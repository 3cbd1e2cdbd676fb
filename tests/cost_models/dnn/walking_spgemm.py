"""Sparse products entry by entry with dictionaries, written apart from the product's kernels."""

from __future__ import annotations

import math


def by_hand(a, b, design, entry_bytes=12, slot_bytes=16):
    """Return the counts of one design; ``a`` and ``b`` are dense 0/1 lists of rows."""
    c, flops = [], 0
    order = []  # of each row, the columns of its partial products as they come
    for row in a:
        came = [j for k, x in enumerate(row) if x for j, y in enumerate(b[k]) if y]
        order.append(came)
        flops += len(came)
        c.append(set(came))
    nnz_a, nnz_b, nnz_c = sum(map(sum, a)), sum(map(sum, b)), sum(map(len, c))
    counts = {"flops": flops, "nnz_c": nnz_c, "atomics": 0, "spilled_rows": 0}
    counts["spilled_products"] = 0
    if design["dataflow"] == "row_wise":
        read_a, read_b = nnz_a, flops
        for came, distinct in zip(order, c, strict=True):
            _gather(came, len(distinct), design, slot_bytes, counts)
        partial = 2 * counts["spilled_products"]
    elif design["dataflow"] == "outer":
        read_a, read_b, partial = nnz_a, nnz_b, 2 * flops
    else:
        read_a, read_b, partial = *_blocks(a, b, design["threads"]), 0
    counts["collisions"] = counts["atomics"] - flops if design["dataflow"] == "row_wise" else 0
    moved = {"a": read_a, "b": read_b, "partial": partial, "c": nnz_c}
    counts |= {f"{part}_traffic_B": entry_bytes * moved[part] for part in moved}
    return counts | {"traffic_B": entry_bytes * sum(moved.values())}


def _gather(came, distinct, design, slot_bytes, counts):
    wanted = math.ceil(distinct / design["hash_load_factor"])
    there = design["scratchpad_B"] // slot_bytes
    most = distinct
    if wanted > there:
        counts["spilled_rows"] += 1
        wanted, most = there, int(design["hash_load_factor"] * there)
    slots = {}
    for column in came:
        at = (column * 2654435769 % 2**32) * wanted // 2**32
        counts["atomics"] += 1
        while at in slots and slots[at] != column:
            at = (at + 1) % wanted
            counts["atomics"] += 1
        if at not in slots:
            if len(slots) < most:
                slots[at] = column
            else:
                counts["spilled_products"] += 1


def _blocks(a, b, threads):
    """Fetch rows of A and columns of B for each block of C, unless either holds nothing."""
    height = math.isqrt(threads)
    width = threads // height
    read_a = read_b = 0
    for top in range(0, len(a), height):
        from_a = sum(map(sum, a[top : top + height]))
        for left in range(0, len(b[0]), width):
            from_b = sum(sum(row[left : left + width]) for row in b)
            if from_a and from_b:
                read_a, read_b = read_a + from_a, read_b + from_b
    return read_a, read_b
