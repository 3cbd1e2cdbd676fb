"""Plans by constraint programming: CP-SAT of OR-tools, with bounds, and with addresses if asked.

The program is the linear one of `optimal`, of whole numbers throughout. With addresses (COSMA's
full problem) each step in which a tensor is resident is a rectangle of one step by its bytes; they
do not overlap, and a tensor lies still while it stays. The search is deterministic: one thread,
and limits in CP-SAT's own measure of work, which is about a second of a present-day core.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.cost_models.mem_plan.beam_search import search_beam
from archgym.cost_models.mem_plan.graph import Graph, Ints
from archgym.cost_models.mem_plan.optimal import PlanVariables, plan_of_values, plan_variables
from archgym.cost_models.mem_plan.placement import Stay, stays_of
from archgym.cost_models.mem_plan.plan import OutOfTimeError, Plan, movement_of
from archgym.errors import MissingExtraError

Terms = Iterable[tuple[int, float]]


@dataclass(frozen=True)
class Found:
    """What the solver knows when it ends.

    Attributes:
        plan: The best plan found.
        bound: Bytes that every plan moves beyond what is compulsory.
        stays: Addresses of the plan's tensors; nothing where none were asked.
    """

    plan: Plan
    bound: float
    stays: tuple[Stay, ...] = ()


class ConstraintProgram:
    """Variables of 0 and 1, rows of whole factors, and costs to minimise.

    Raises:
        MissingExtraError: OR-tools is not installed.
    """

    def __init__(self) -> None:
        try:
            from ortools.sat.python import cp_model
        except ImportError:
            raise MissingExtraError("method cp_sat", "ilp") from None
        self.library, self.model = cp_model, cp_model.CpModel()
        self.made: list[Any] = []
        self._costs: list[tuple[int, int]] = []

    def variables(self, *shape: int, whole: bool) -> Ints:
        """Return new variables' numbers; all are whole."""
        start, count = len(self.made), math.prod(shape)
        self.made += [self.model.new_bool_var("") for _ in range(count)]
        return np.arange(start, start + count).reshape(shape)

    def cost(self, variable: int, cost: float) -> None:
        """Set what a variable costs."""
        self._costs.append((int(variable), int(cost)))

    def forbid(self, variable: int) -> None:
        """Fix a variable at 0."""
        self.model.add(self.made[variable] == 0)

    def at_most(self, terms: Terms, bound: float) -> None:
        """Demand that a sum stays below a bound."""
        self.model.add(self._sum(terms) <= int(bound))

    def equal(self, terms: Terms, value: float) -> None:
        """Demand that a sum has a value."""
        self.model.add(self._sum(terms) == int(value))

    def _sum(self, terms: Terms) -> Any:
        pairs = [(self.made[variable], int(factor)) for variable, factor in terms]
        variables, factors = zip(*pairs, strict=True) if pairs else ((), ())
        return self.library.LinearExpr.weighted_sum(variables, factors)

    def solve(self, limit: float) -> tuple[Any, bool]:
        """Return the solver, which knows values and the bound, and whether it found a solution."""
        self.model.minimize(self._sum(self._costs))
        solver = self.library.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = limit
        status = solver.solve(self.model)
        return solver, status in (self.library.OPTIMAL, self.library.FEASIBLE)


def solve_plan(
    graph: Graph, capacity: int, limit: float, addresses: bool = False, hint_width: int = 0
) -> Found:
    """Return the best plan found within a limit, and the bound that is proven.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.
        limit: Of the search, about seconds.
        addresses: Whether tensors must lie in one piece, without moving while they stay.
        hint_width: States of a beam search whose plan the solver starts from; 0 for none.

    Raises:
        OutOfTimeError: No plan was found within the limit.
        MissingExtraError: OR-tools is not installed.
    """
    program = ConstraintProgram()
    variables = plan_variables(program, graph, capacity)
    where = _address_rows(program, graph, variables, capacity) if addresses else []
    if hint_width:
        _hint(program, graph, variables, search_beam(graph, capacity, hint_width)[0], capacity)
    solver, found = program.solve(limit)
    bound = math.ceil(max(solver.best_objective_bound, 0.0) - 1e-6) * graph.scale
    if not found:
        raise OutOfTimeError(None, bound)
    values = np.array([solver.boolean_value(made) for made in program.made], dtype=np.float64)
    plan = plan_of_values(graph, variables, values)
    return Found(plan, bound, tuple(_stays(graph, plan, where, solver)))


def _address_rows(
    program: ConstraintProgram, graph: Graph, variables: PlanVariables, capacity: int
) -> list[list[Any]]:
    """Demand that tensors in a step do not overlap; return addresses, tensor by step."""
    model, n, room = program.model, len(graph), capacity // graph.scale
    where, times, places = [], [], []
    for tensor, size in enumerate(graph.scaled_sizes):
        starts = [model.new_int_var(0, room - size, "") for _ in range(n)]
        for step, start in enumerate(starts):
            there = program.made[variables.there[tensor, step]]
            times.append(model.new_optional_fixed_size_interval_var(step, 1, there, ""))
            places.append(model.new_optional_fixed_size_interval_var(start, size, there, ""))
            if step:
                fetched = program.made[variables.fetched[tensor, step]]
                before = program.made[variables.there[tensor, step - 1]]
                stays = [there, before, fetched.negated()]
                model.add(start == starts[step - 1]).only_enforce_if(stays)
        where.append(starts)
    model.add_no_overlap_2d(times, places)
    return where


def _hint(
    program: ConstraintProgram, graph: Graph, variables: PlanVariables, plan: Plan, capacity: int
) -> None:
    movement = movement_of(graph, plan, capacity)
    runs = np.zeros((len(graph), len(graph)), dtype=bool)
    runs[plan.order, np.arange(len(graph))] = True
    pairs = (
        (variables.runs, runs),
        (variables.there, plan.resident.T),
        (variables.fetched, movement.refetched.T),
        (variables.saved, movement.refetched.any(axis=0)),
    )
    for numbers, values in pairs:
        for number, value in zip(numbers.ravel().tolist(), values.ravel().tolist(), strict=True):
            program.model.add_hint(program.made[number], value)


def _stays(graph: Graph, plan: Plan, where: list[list[Any]], solver: Any) -> list[Stay]:
    """Return the addresses of a solution, in bytes."""
    found = []
    for tensor, first, last in stays_of(plan) if where else ():
        start = int(solver.value(where[tensor][first])) * graph.scale
        found.append(Stay(tensor, first, last, start, start + graph.sizes[tensor]))
    return sorted(found, key=lambda stay: (stay.first, stay.start))
