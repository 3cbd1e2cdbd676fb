"""A good order and replacement by beam search: the best states after each operator are kept."""

from __future__ import annotations

from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.plan import Plan
from archgym.cost_models.mem_plan.state_space import START, Moves, State, Step, plan_of


def search_beam(graph: Graph, capacity: int, width: int) -> tuple[Plan, int]:
    """Return an order and residence, and the bytes that they move.

    Of states that cost the same the one with fewer bytes on chip is better.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.
        width: How many states are kept.
    """
    moves, steps, layer = Moves(graph, capacity), {START: Step(0)}, [START]
    for _ in range(len(graph)):
        reached = _following(moves, steps, layer)
        layer = sorted(reached, key=lambda s: (reached[s].cost, moves.bytes_of(s[1]), s))[:width]
        steps |= {state: reached[state] for state in layer}
    return plan_of(graph, steps, layer[0]), steps[layer[0]].cost


def _following(moves: Moves, steps: dict[State, Step], layer: list[State]) -> dict[State, Step]:
    """Return all states that follow those of a layer, each as it is reached at the least cost."""
    reached: dict[State, Step] = {}
    for state in layer:
        for following, step in moves.of(state, steps[state].cost):
            if following not in reached or step.cost < reached[following].cost:
                reached[following] = step
    return reached
