"""Plans that move the fewest bytes: mixed-integer linear programs, solved by HiGHS.

After COSMA (arXiv 2311.18246), with capacity alone, without addresses. Every variable is 0 or 1.

Best order and replacement (`best_plan`): ``runs[op, step]`` says when an operator runs,
``there[tensor, step]`` what is resident meanwhile, ``fetched[tensor, step]`` what was brought back
for it, ``saved[tensor]`` what was ever written off chip::

    min   sum size * (saved + sum fetched)
    s.t.  each operator runs in one step, each step runs one operator, inputs before users
          there[t, s] >= runs[op, s]                          t is an operand of op
          there[t, s] <= sum of runs[t, up to s]              it exists
          there[t, s] <= there[t, s-1] + runs[t, s] + fetched[t, s]
          saved[t] >= fetched[t, s]
          sum size * there[., s] <= capacity

Best replacement for an order (`best_replacement`): between two uses a tensor is either kept, and
takes room in all steps between them, or it is written once and fetched again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.mem_plan.graph import Graph, Ints
from archgym.cost_models.mem_plan.linear_program import Floats, LinearProgram, Program
from archgym.cost_models.mem_plan.plan import Bools, Plan


def best_plan(graph: Graph, capacity: int, time_limit_s: float) -> Plan:
    """Return an order and residence that move the fewest bytes.

    Args:
        graph: The graph.
        capacity: Bytes, at least the graph's `least_capacity`.
        time_limit_s: Of the solver.

    Raises:
        OutOfTimeError: No plan was proven optimal within the time.
    """
    program = LinearProgram(graph.scale)
    variables = plan_variables(program, graph, capacity)
    return plan_of_values(graph, variables, program.solve(time_limit_s))


@dataclass(frozen=True)
class PlanVariables:
    """Numbers of a program's variables about a plan, as said above.

    Attributes:
        runs, there, fetched: int64 (n, n), operator or tensor by step.
        saved: int64 (n,), by tensor.
    """

    runs: Ints
    there: Ints
    fetched: Ints
    saved: Ints


def plan_variables(program: Program, graph: Graph, capacity: int) -> PlanVariables:
    """Write the program of the best order and replacement; return its variables."""
    n = len(graph)
    runs = program.variables(n, n, whole=True)
    there = program.variables(n, n, whole=True)
    fetched = program.variables(n, n, whole=False)
    saved = program.variables(n, whole=False)
    _order_rows(program, graph, runs)
    _residence_rows(program, graph, runs, there, fetched)
    _capacity_rows(program, graph, there, capacity)
    for tensor, size in enumerate(graph.scaled_sizes):
        program.cost(saved[tensor], size)
        for step in range(n):
            program.cost(fetched[tensor, step], size)
            program.at_most([(fetched[tensor, step], 1), (saved[tensor], -1)], 0)
    return PlanVariables(runs, there, fetched, saved)


def plan_of_values(graph: Graph, variables: PlanVariables, values: Floats) -> Plan:
    """Return the plan of a solution, without what it keeps or fetches for nothing."""
    order = np.argmax(values[variables.runs], axis=0)
    return Plan(order, _needed(graph, order, values[variables.there].T > 0.5))


def _order_rows(program: Program, graph: Graph, runs: Ints) -> None:
    n = len(graph)
    before, after = _ancestors(graph.inputs), _descendants(graph)
    for op in range(n):
        program.equal([(runs[op, step], 1) for step in range(n)], 1)
        program.equal([(runs[other, op], 1) for other in range(n)], 1)
        for step in (*range(before[op]), *range(n - after[op], n)):
            program.forbid(runs[op, step])
        for tensor, step in itertools.product(graph.inputs[op], range(n)):
            done = [(runs[tensor, earlier], -1.0) for earlier in range(step)]
            program.at_most([(runs[op, t], 1.0) for t in range(step + 1)] + done, 0)


def _residence_rows(
    program: Program, graph: Graph, runs: Ints, there: Ints, fetched: Ints
) -> None:
    for tensor, step in itertools.product(range(len(graph)), repeat=2):
        here = (there[tensor, step], 1)
        for op in (tensor, *graph.users[tensor]):
            program.at_most([(runs[op, step], 1), (there[tensor, step], -1)], 0)
        exists = [(runs[tensor, earlier], -1) for earlier in range(step + 1)]
        program.at_most([here, *exists], 0)
        held = [(there[tensor, step - 1], -1)] if step else []
        came = [(runs[tensor, step], -1), (fetched[tensor, step], -1)]
        program.at_most([here, *came, *held], 0)
        used = [(runs[op, step], -1) for op in graph.users[tensor]]
        program.at_most([(fetched[tensor, step], 1), *used], 0)


def _capacity_rows(program: Program, graph: Graph, there: Ints, capacity: int) -> None:
    sizes, room = graph.scaled_sizes, capacity // graph.scale
    for step in range(len(graph)):
        program.at_most([(there[t, step], size) for t, size in enumerate(sizes)], room)


def best_replacement(graph: Graph, order: Ints, capacity: int, time_limit_s: float) -> Plan:
    """Return the residence that moves the fewest bytes when operators run in an order.

    Args:
        graph: The graph.
        order: int64 (n,), a topological order.
        capacity: Bytes, at least the graph's `least_capacity`.
        time_limit_s: Of the solver.

    Raises:
        OutOfTimeError: No residence was proven optimal within the time.
    """
    n, program = len(graph), LinearProgram(graph.scale)
    scale, sizes = graph.scale, graph.scaled_sizes
    resident = _operands(graph, order)
    free = [(capacity - int(used)) // scale for used in resident @ np.array(graph.sizes)]
    crossing: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    gaps = list(_gaps(graph, order))
    given_up = program.variables(len(gaps), whole=True)
    saved = program.variables(n, whole=False)
    for tensor, size in enumerate(sizes):
        program.cost(saved[tensor], size)
    for (tensor, start, end), gap in zip(gaps, given_up.tolist(), strict=True):
        program.cost(gap, sizes[tensor])
        program.at_most([(gap, 1), (saved[tensor], -1)], 0)
        for step in range(start + 1, end):
            crossing[step].append((gap, sizes[tensor]))
    for terms, room in zip(crossing, free, strict=True):  # kept = all - given up
        kept = sum(size for _, size in terms)
        program.at_most([(gap, -size) for gap, size in terms], room - kept)
    values = program.solve(time_limit_s)
    for (tensor, start, end), gap in zip(gaps, given_up.tolist(), strict=True):
        resident[start:end, tensor] |= values[gap] < 0.5
    return Plan(order, resident)


def _gaps(graph: Graph, order: Ints) -> list[tuple[int, int, int]]:
    """Return (tensor, step, next step) of consecutive uses that have steps between them."""
    position = np.argsort(order)
    found = []
    for tensor, users in enumerate(graph.users):
        uses = [int(position[tensor]), *sorted(int(position[op]) for op in users)]
        found += [(tensor, a, b) for a, b in itertools.pairwise(uses) if b > a + 1]
    return found


def _operands(graph: Graph, order: Ints) -> Bools:
    """Return which tensors each step needs, bool (n, n)."""
    needed = np.zeros((len(graph), len(graph)), dtype=np.bool_)
    for step, op in enumerate(order.tolist()):
        needed[step, [op, *graph.inputs[op]]] = True
    return needed


def _needed(graph: Graph, order: Ints, resident: Bools) -> Bools:
    """Return residence without tensors that stay on after their last use, or came for none."""
    kept = _operands(graph, order)
    for tensor, start, end in _gaps(graph, order):
        kept[start:end, tensor] |= resident[start:end, tensor].all()
    return kept


def _ancestors(inputs: tuple[tuple[int, ...], ...]) -> list[int]:
    """Return how many operators must run before each."""
    found: list[set[int]] = []
    for tensors in inputs:
        found.append(set(tensors).union(*(found[tensor] for tensor in tensors)))
    return [len(ancestors) for ancestors in found]


def _descendants(graph: Graph) -> list[int]:
    """Return how many operators must run after each."""
    found: list[set[int]] = [set() for _ in graph.inputs]
    for op in reversed(range(len(graph))):
        found[op] = set(graph.users[op]).union(*(found[user] for user in graph.users[op]))
    return [len(descendants) for descendants in found]
