"""Off-chip traffic of memory plans as a cost model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.mem_plan.columns import (
    BELADY,
    EXPLICIT,
    LRU,
    METHOD,
    OPTIMAL,
    ORDER,
    REPLACEMENT,
    REPLACEMENT_OF,
    SCRATCHPAD,
    SOLVERS,
)
from archgym.cost_models.mem_plan.graph import Graph, Ints
from archgym.cost_models.mem_plan.optimal import best_replacement
from archgym.cost_models.mem_plan.placement import Stay, place
from archgym.cost_models.mem_plan.plan import OutOfTimeError, Plan, movement_of
from archgym.cost_models.mem_plan.solving import Limits, Solved, solve
from archgym.metric import Metric
from archgym.outcome import Measurements, Status

Floats = NDArray[np.float64]

METRICS = (
    Metric(
        "non_compulsory_B",
        "B",
        "minimize",
        "written off chip and fetched again, beyond what every plan moves",
        signed=True,
    ),
    Metric("spilled_B", "B", "minimize", "of it, live tensors written off chip", signed=True),
    Metric("refetched_B", "B", "minimize", "of it, fetched again", signed=True),
    Metric("off_chip_B", "B", "minimize", "in all: non_compulsory_B and what every plan moves"),
    Metric("peak_B", "B", "minimize", "most bytes resident at a time"),
    Metric("capacity_B", "B", "minimize", "of the scratchpad"),
    Metric(
        "bound_B",
        "B",
        "neutral",
        "no plan moves less beyond what every plan moves; where a solver proved it",
        signed=True,
    ),
)
_MOVED = ("spilled_B", "refetched_B", "peak_B", "bound_B")
_POLICIES = (LRU, BELADY)  # as the kernels number them


@dataclass(frozen=True)
class Designs:
    """What the designs of a batch ask for.

    Attributes:
        solved: bool (n,), whether a solver finds the plan.
        solvers: The method where it finds the order as well, else empty.
        ranks: int64 (n, ops), the place of each operator in the wished order.
        policies: int64 (n,), as the kernels number them, where no solver is asked.
        capacities: int64 (n,), bytes.
    """

    solved: NDArray[np.bool_]
    solvers: tuple[str, ...]
    ranks: Ints
    policies: Ints
    capacities: Ints


class ScratchpadModel(CostModel):
    """One scratchpad and one operator at a time: what has to leave it and come back.

    Args:
        time_limit_s: Of a solver for one design, wall clock; of CP-SAT, its own measure of time.
        beam_width: States that beam search keeps.
    """

    name = "cosma"
    version = "2"
    fidelity = "analytical"
    metrics = METRICS
    sources = ("COSMA (arXiv 2311.18246): order, residence and replacement as one linear program",)
    leaves_out = (
        "addresses in the costs, but for cp_sat_addresses: capacity alone binds; --detail places"
        " tensors afterwards",
        "time: how long operators and transfers take",
        "tensors that do not fit in whole, operators computed twice, outputs in place of inputs",
    )
    checked_against = (
        "exhaustive search on small graphs: best order, best replacement",
        "45 graphs of 6 to 11 operators with known optima, all exact",
    )

    def __init__(self, time_limit_s: float, beam_width: int):
        self._limits = Limits(time_limit_s, beam_width)

    def evaluate(self, batch: Batch, workload: Graph) -> Measurements:
        """Return the measurements of plans for a graph."""
        designs, least = designs_of(batch, workload), workload.least_capacity
        moved, status = np.full((len(batch), 4), np.nan), np.zeros(len(batch), dtype=np.uint8)
        lacking = np.maximum(least - designs.capacities, 0) / least
        error = {row: _too_small(workload) for row in np.flatnonzero(lacking).tolist()}
        simple = np.flatnonzero(~designs.solved & (lacking == 0))
        moved[simple, :3] = simulated(workload, designs, simple)[0]
        for row in np.flatnonzero(designs.solved & (lacking == 0)).tolist():
            try:
                moved[row] = self._solved(workload, designs, row)
            except OutOfTimeError as timeout:
                status[row] = Status.TIMEOUT
                limit = f"no plan proven optimal within {self._limits.time_s:g} s"
                error[row] = f"{limit}: {timeout.found}"
        return _measurements(workload, designs, moved, lacking, status, error)

    def _solved(self, graph: Graph, designs: Designs, row: int) -> Floats:
        capacity, solved = int(designs.capacities[row]), self._plan(graph, designs, row)
        plan = solved.plan
        movement, sizes = movement_of(graph, plan, capacity), np.array(graph.sizes)
        out, back = (
            int((moves @ sizes).sum()) for moves in (movement.spilled, movement.refetched)
        )
        bound = np.nan if solved.bound is None else solved.bound
        return np.array([out, back, movement.used.max(), bound], dtype=np.float64)

    def _plan(self, graph: Graph, designs: Designs, row: int) -> Solved:
        capacity = int(designs.capacities[row])
        solver = designs.solvers[row]
        if solver:
            return _solve(solver, graph, capacity, self._limits)
        order = simulated(graph, designs, np.array([row]))[1][0]
        return Solved(
            _best_replacement(graph, tuple(order.tolist()), capacity, self._limits.time_s)
        )

    def detail(self, design: Batch, workload: Graph) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return schedule (a row per step) and addresses of one design, none without a plan."""
        designs = designs_of(design, workload)
        capacity = int(designs.capacities[0])
        if capacity < workload.least_capacity:
            return {}
        if designs.solved[0]:
            try:
                solved = self._plan(workload, designs, 0)
            except OutOfTimeError:
                return {}
        else:
            _, orders, resident = simulated(workload, designs, np.array([0]))
            solved = Solved(Plan(orders[0], resident[0]))
        return {
            "schedule": _schedule(workload, solved.plan, capacity),
            "placement": _placement(solved.stays or place(workload, solved.plan)),
        }


@lru_cache(maxsize=256)
def _solve(solver: str, graph: Graph, capacity: int, limits: Limits) -> Solved:
    return solve(solver, graph, capacity, limits)


@lru_cache(maxsize=4096)
def _best_replacement(
    graph: Graph, order: tuple[int, ...], capacity: int, time_limit_s: float
) -> Plan:
    return best_replacement(graph, np.array(order), capacity, time_limit_s)


def designs_of(batch: Batch, graph: Graph) -> Designs:
    """Return what the designs of a batch ask for."""
    method, replacement = batch[METHOD], batch[REPLACEMENT]
    explicit = method == EXPLICIT
    wanted = [REPLACEMENT_OF.get(m, r) for m, r in zip(method, replacement, strict=True)]
    solvers = tuple(word if word in SOLVERS else "" for word in method)
    ranks = np.tile(np.arange(len(graph)), (len(batch), 1))
    if explicit.any():
        ranks[explicit] = np.argsort(np.array(batch.select(explicit)[ORDER].tolist()), axis=1)
    return Designs(
        solved=np.array(solvers, dtype=bool)
        | np.array([w == OPTIMAL for w in wanted], dtype=bool),
        solvers=solvers,
        ranks=ranks,
        policies=np.array([_POLICIES.index(w) if w in _POLICIES else 0 for w in wanted]),
        capacities=batch[SCRATCHPAD].astype(np.int64),
    )


def simulated(graph: Graph, designs: Designs, rows: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return what plans move under simple policies, their orders, and the last one's residence.

    Args:
        graph: The graph.
        designs: All designs.
        rows: int64 (m,), which are simulated; their capacities suffice.

    Returns:
        int64 (m, 3), bytes spilled, refetched, most resident; int64 (m, ops); bool (1, ops, ops).
    """
    from archgym.cost_models.mem_plan.kernels import simulate

    count, ops = len(rows), len(graph)
    moved, orders = np.empty((count, 3), np.int64), np.empty((count, ops), np.int64)
    resident = np.zeros((1, ops, ops), dtype=np.bool_)
    chosen = (designs.ranks[rows], designs.policies[rows], designs.capacities[rows])
    simulate(graph.arrays, *chosen, moved, orders, resident)
    return moved, orders, resident


def _too_small(graph: Graph) -> str:
    op = int(np.argmax(graph.working_sets))
    return f"{SCRATCHPAD}: operator {op} needs {graph.least_capacity} B for its operands"


def _measurements(
    graph: Graph,
    designs: Designs,
    moved: Floats,
    lacking: Floats,
    status: NDArray[np.uint8],
    error: dict[int, str],
) -> Measurements:
    metrics = dict(zip(_MOVED, moved.T, strict=True))
    metrics["non_compulsory_B"] = metrics["spilled_B"] + metrics["refetched_B"]
    metrics["off_chip_B"] = metrics["non_compulsory_B"] + graph.compulsory
    run = ~np.isnan(metrics["peak_B"])
    metrics["capacity_B"] = np.where(run, designs.capacities, np.nan)
    return Measurements({m.name: metrics[m.name] for m in METRICS}, lacking, status, error)


def _schedule(graph: Graph, plan: Plan, capacity: int) -> dict[str, NDArray[Any]]:
    movement = movement_of(graph, plan, capacity)
    return {
        "step": np.arange(len(graph)),
        "operator": plan.order,
        "refetched": _lists(movement.refetched),
        "resident": _lists(plan.resident),
        "spilled_after": _lists(movement.spilled),
        "used_B": movement.used,
    }


def _placement(placed: Sequence[Stay]) -> dict[str, NDArray[Any]]:
    stays = np.array([astuple(stay) for stay in placed], dtype=np.int64)
    names = ("tensor", "first_step", "last_step", "start_B", "end_B")
    return dict(zip(names, stays.T, strict=True))


def _lists(marks: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the marked tensors of each step as words."""
    return np.array([" ".join(map(str, np.flatnonzero(row))) for row in marks], dtype=object)
