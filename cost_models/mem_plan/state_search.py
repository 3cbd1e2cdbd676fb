"""Best order and replacement by uniform-cost search, within the bound that a beam search gives.

Of two states that cost the same the one with more operators done is expanded first.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field

from archgym.cost_models.mem_plan.beam_search import search_beam
from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.plan import OutOfTimeError, Plan
from archgym.cost_models.mem_plan.state_space import START, Moves, State, Step, plan_of

MOST_STATES = 1_000_000  # about 0.5 GB
_BEAM_WIDTH = 20
_BETWEEN_CLOCKS = 256


@dataclass
class _Frontier:
    """States that are known, and those among them that wait to be expanded.

    Attributes:
        bound: States that cost so much are of no use.
        steps: How each known state was reached.
        waiting: (cost, operators left, ticket, state).
    """

    bound: int
    steps: dict[State, Step] = field(default_factory=lambda: {START: Step(0)})
    waiting: list[tuple[int, int, int, State]] = field(default_factory=lambda: [(0, 0, 0, START)])

    def offer(self, state: State, step: Step) -> None:
        """Take a state in unless it costs too much or is known at no higher cost."""
        known = self.steps.get(state)
        if step.cost < self.bound and (known is None or step.cost < known.cost):
            self.steps[state] = step
            entry = (step.cost, -state[0].bit_count(), len(self.steps), state)
            heapq.heappush(self.waiting, entry)


def search_states(graph: Graph, capacity: int, time_limit_s: float) -> Plan:
    """Return an order and residence that move the fewest bytes.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.
        time_limit_s: Of the search, beside the quick one that comes before it.

    Raises:
        OutOfTimeError: No plan was proven optimal within the time, or within `MOST_STATES`.
    """
    good, bound = search_beam(graph, capacity, _BEAM_WIDTH)
    moves, frontier, closed = Moves(graph, capacity), _Frontier(bound), set[State]()
    end, everything = time.monotonic() + time_limit_s, (1 << len(graph)) - 1
    while frontier.waiting:
        cost, _, _, state = heapq.heappop(frontier.waiting)
        if state in closed:
            continue
        if state[0] == everything:
            return plan_of(graph, frontier.steps, state)
        closed.add(state)
        late = len(closed) % _BETWEEN_CLOCKS == 0 and time.monotonic() > end
        if late or len(frontier.steps) > MOST_STATES:
            raise OutOfTimeError(bound, cost)
        for following, step in moves.of(state, cost):
            frontier.offer(following, step)
    return good
