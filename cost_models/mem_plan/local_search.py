"""A good order by simulated annealing from a beam search's plan, with the best replacement of it.

Several chains at a time move one operator of their order to another place; orders are judged under
Belady's replacement by the compiled simulation. The best orders get their best replacement by the
linear program at the end. Deterministic: the random numbers are always the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.cost_models.mem_plan.beam_search import search_beam
from archgym.cost_models.mem_plan.graph import Graph, Ints
from archgym.cost_models.mem_plan.optimal import best_replacement
from archgym.cost_models.mem_plan.plan import OutOfTimeError, Plan, movement_of

CHAINS, ROUNDS = 32, 1500
_HOTTEST, _COLDEST = 0.1, 0.002  # as shares of the bytes that the beam search's plan moves
_POLISHED = 8  # orders that get their best replacement


@dataclass(frozen=True)
class _Annealed:
    """Distinct orders that chains went through, the best first.

    Attributes:
        orders: int64 (m, n).
        moved: int64 (m,), bytes under Belady's replacement.
    """

    orders: Ints
    moved: Ints


def search_locally(graph: Graph, capacity: int, beam_width: int, time_limit_s: float) -> Plan:
    """Return a plan that moves few bytes, never more than the beam search's.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.
        beam_width: States that the beam search keeps.
        time_limit_s: Of each linear program.
    """
    best, least = search_beam(graph, capacity, beam_width)
    if not least:
        return best
    for order in _anneal(graph, best.order, capacity, least).orders[:_POLISHED]:
        try:
            plan = best_replacement(graph, order, capacity, time_limit_s)
        except OutOfTimeError:
            continue
        moved = bytes_moved(graph, plan, capacity)
        if moved < least:
            best, least = plan, moved
    return best


def bytes_moved(graph: Graph, plan: Plan, capacity: int) -> int:
    """Return the bytes that a plan moves beyond what is compulsory."""
    movement, sizes = movement_of(graph, plan, capacity), np.array(graph.sizes)
    return int(((movement.spilled.astype(np.int64) + movement.refetched) @ sizes).sum())


def _anneal(graph: Graph, order: Ints, capacity: int, scale: int) -> _Annealed:
    rng, n = np.random.default_rng(0), len(graph)
    ranks = np.tile(np.argsort(order), (CHAINS, 1))
    now, orders = _judge(graph, ranks, capacity)
    seen = {orders[0].tobytes(): (int(now[0]), orders[0])}
    for heat in np.geomspace(_HOTTEST, _COLDEST, ROUNDS) * scale:
        tried = _moved_by_one(ranks, rng)
        moved, orders = _judge(graph, tried, capacity)
        taken = moved <= now - heat * np.log(rng.random(CHAINS))
        for chain in np.flatnonzero(moved < now).tolist():
            seen[orders[chain].tobytes()] = (int(moved[chain]), orders[chain])
        ranks[taken], now[taken] = tried[taken], moved[taken]
    kept = sorted(seen.values(), key=lambda pair: pair[0])[: 4 * _POLISHED]
    return _Annealed(np.array([o for _, o in kept]).reshape(-1, n), np.array([m for m, _ in kept]))


def _moved_by_one(ranks: Ints, rng: np.random.Generator) -> Ints:
    """Return each chain's ranks with one operator at another place."""
    tried, n = ranks.copy(), ranks.shape[1]
    sources, targets = rng.integers(n, size=(2, len(ranks)))
    for row, source, target in zip(tried, sources.tolist(), targets.tolist(), strict=True):
        low, high = min(source, target), max(source, target)
        between = (row >= low) & (row <= high)
        moving = row == source
        row[between] += -1 if source < target else 1
        row[moving] = target
    return tried


def _judge(graph: Graph, ranks: Ints, capacity: int) -> tuple[Ints, Ints]:
    """Return bytes moved under Belady's replacement, and the orders in which operators run."""
    from archgym.cost_models.mem_plan.kernels import BELADY, REFETCHED, SPILLED, simulate

    count, n = ranks.shape
    moved, orders = np.empty((count, 3), np.int64), np.empty((count, n), np.int64)
    policies, capacities = np.full(count, BELADY), np.full(count, capacity)
    resident = np.zeros((1, n, n), dtype=np.bool_)
    simulate(graph.arrays, ranks, policies, capacities, moved, orders, resident)
    return moved[:, SPILLED] + moved[:, REFETCHED], orders
