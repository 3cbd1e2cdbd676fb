"""Beam search and local search beside CP-SAT on graphs that are too large for proofs.

Usage: python -m benchmarks.mem_plan_solvers [--operators 30,40,50] [--seeds N] [--limit SECONDS]

Prints, per graph, the non-compulsory bytes and process seconds of each, CP-SAT without a hint and
its lower bound, and how far local search is above CP-SAT.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from archgym.cost_models.mem_plan.beam_search import search_beam
from archgym.cost_models.mem_plan.constraint_program import solve_plan
from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.local_search import bytes_moved, search_locally
from archgym.cost_models.mem_plan.plan import OutOfTimeError, Plan
from archgym.cost_models.mem_plan.workloads import load_graph

SLACKS = (0, 0.25)
BEAM_WIDTH, LINEAR_PROGRAM_S = 100, 10.0


def timed(graph: Graph, solve: Callable[[], Plan]) -> tuple[int, float]:
    started = time.process_time()
    plan = solve()
    return bytes_moved(graph, plan, graph.capacity), time.process_time() - started


def row(name: str, limit: float) -> str:
    graph = load_graph(name)
    capacity = graph.capacity
    beam, beam_s = timed(graph, lambda: search_beam(graph, capacity, BEAM_WIDTH)[0])
    local, local_s = timed(
        graph, lambda: search_locally(graph, capacity, BEAM_WIDTH, LINEAR_PROGRAM_S)
    )
    started = time.process_time()
    try:
        found = solve_plan(graph, capacity, limit)
        best, bound = f"{bytes_moved(graph, found.plan, capacity)}", found.bound
    except OutOfTimeError as error:
        best, bound = "-", error.bound or 0.0
    took = time.process_time() - started
    above = f"{100 * (local / int(best) - 1):+.0f} %" if best not in ("-", "0") else "-"
    return (
        f"| `{name}` | {beam} | {beam_s:.1f} | {local} | {local_s:.1f} | {best} | {bound:.0f}"
        f" | {took:.0f} | {above} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operators", default="30,40,50")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--limit", type=float, default=60.0)
    given = parser.parse_args()
    warm = load_graph("random:n=8,seed=0")
    search_locally(warm, warm.capacity, 1, LINEAR_PROGRAM_S)
    solve_plan(warm, warm.capacity, 1.0)
    print("| graph | beam | s | local | s | CP-SAT | bound | s | local against CP-SAT |")
    print("|---|---|---|---|---|---|---|---|---|")
    for n in map(int, given.operators.split(",")):
        for slack in SLACKS:
            for seed in range(given.seeds):
                print(row(f"random:n={n},slack={slack},seed={seed}", given.limit), flush=True)


if __name__ == "__main__":
    main()
