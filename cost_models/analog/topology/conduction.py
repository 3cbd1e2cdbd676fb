"""Where direct current can flow."""

from __future__ import annotations

from collections.abc import Iterable

from archgym.cost_models.analog.topology.tokens import GROUND, RAILS, SUPPLY

Edges = Iterable[tuple[str, str]]


def neighbours(edges: Edges) -> dict[str, set[str]]:
    """Return net -> nets at the other ends of its edges."""
    found: dict[str, set[str]] = {net: set() for net in RAILS}
    for first, second in edges:
        if first != second:
            found.setdefault(first, set()).add(second)
            found.setdefault(second, set()).add(first)
    return found


def reached_from_rails(edges: Edges) -> set[str]:
    """Return the nets that have a path to a rail, and the rails."""
    joined, reached, waiting = neighbours(edges), set(RAILS), list(RAILS)
    while waiting:
        new = joined[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def on_supply_paths(edges: Edges) -> set[str]:
    """Return the nets on simple paths from supply to ground, and the rails.

    These are the nets of the biconnected component that an edge between the rails lies in
    (Hopcroft and Tarjan, CACM 1973).
    """
    joined = neighbours(edges)
    order, low = {GROUND: 0}, {GROUND: 0}
    kept = [GROUND]

    def visit(net: str, parent: str) -> None:
        order[net] = low[net] = len(order)
        kept.append(net)
        for other in joined[net]:
            if other == parent:
                continue
            if other in order:
                low[net] = min(low[net], order[other])
                continue
            before = len(kept)
            visit(other, net)
            low[net] = min(low[net], low[other])
            if low[other] >= order[net]:
                del kept[before:]

    visit(SUPPLY, GROUND)
    return set(kept)
