"""The methods that find order and replacement, by name."""

from __future__ import annotations

from dataclasses import dataclass

from archgym.cost_models.mem_plan.beam_search import search_beam
from archgym.cost_models.mem_plan.columns import (
    BEAM_SEARCH,
    CP_SAT_ADDRESSES,
    ILP,
    LOCAL_SEARCH,
    STATE_SEARCH,
)
from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.local_search import bytes_moved, search_locally
from archgym.cost_models.mem_plan.optimal import best_plan
from archgym.cost_models.mem_plan.placement import Stay
from archgym.cost_models.mem_plan.plan import Plan
from archgym.cost_models.mem_plan.state_search import search_states


@dataclass(frozen=True)
class Limits:
    """How long solvers may take.

    Attributes:
        time_s: Of one solver, wall clock; of CP-SAT, its own measure, which repeats exactly.
        beam_width: States that beam searches keep.
    """

    time_s: float
    beam_width: int


@dataclass(frozen=True)
class Solved:
    """A plan and what is known about it.

    Attributes:
        plan: The plan.
        bound: Bytes beyond the compulsory ones that no plan undercuts; None if not known.
        stays: Addresses, where the method chose them.
    """

    plan: Plan
    bound: float | None = None
    stays: tuple[Stay, ...] = ()


def solve(method: str, graph: Graph, capacity: int, limits: Limits) -> Solved:
    """Return the plan of a method of `columns.SOLVERS`.

    Raises:
        OutOfTimeError: It did not prove a plan best in time; CP-SAT: it found none.
        MissingExtraError: It needs OR-tools.
    """
    if method == BEAM_SEARCH:
        return Solved(search_beam(graph, capacity, limits.beam_width)[0])
    if method == LOCAL_SEARCH:
        return Solved(search_locally(graph, capacity, limits.beam_width, limits.time_s))
    if method in (ILP, STATE_SEARCH):
        best = best_plan if method == ILP else search_states
        plan = best(graph, capacity, limits.time_s)
        return Solved(plan, float(bytes_moved(graph, plan, capacity)))
    from archgym.cost_models.mem_plan.constraint_program import solve_plan

    addresses = method == CP_SAT_ADDRESSES
    found = solve_plan(graph, capacity, limits.time_s, addresses, limits.beam_width)
    return Solved(found.plan, found.bound, found.stays)
