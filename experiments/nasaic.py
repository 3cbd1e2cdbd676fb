"""Networks and chip designed together against one after the other, under the same evaluations.

Usage: python -m archgym.experiments.nasaic [BUDGET] [SEEDS]

Claim (NASAIC, DAC 2020): joint search meets all specs on latency, energy and area, where search
in sequence violates at least one. Two sequences are tried, each with half of the budget a stage:

- network first: the most accurate network, then the chip for it that meets the specs best;
- chip first: the chip that meets the specs best with networks of middle size, then the most
  accurate networks that keep the specs on it.

All searches are `genetic` with its default hyper-parameters.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from typing import Any

from archgym.envs.dnn.hetero import ENVIRONMENT, OBJECTIVES
from archgym.registry import make_agent
from archgym.searching import search

WORKLOADS = ("w1", "w2", "w3")
LIMITED = ("latency_cycles", "energy_pj", "area_um2")

Design = Mapping[str, Any]


def best_of(
    workload: str, objective: Any, budget: int, seed: int, fixed: Design | None = None
) -> dict[str, Any]:
    """Return the best evaluation of one search, in which some parameters may be fixed."""
    held = ",".join(f"{name}={value}" for name, value in (fixed or {}).items())
    problem = ENVIRONMENT.make_problem(workload, objective, fixed=held)
    return search(problem, make_agent("genetic", problem, seed=seed), budget).best


def part(design: Design, prefix: str) -> dict[str, Any]:
    """Return the parameters of the networks (``net``) or of the chip (``sub``)."""
    return {name: value for name, value in design.items() if name.startswith(prefix)}


def joint(workload: str, budget: int, seed: int) -> dict[str, Any]:
    """Return the best of networks and chip searched together."""
    return best_of(workload, f"specs_{workload}", budget, seed)


def network_first(workload: str, budget: int, seed: int) -> dict[str, Any]:
    """Return the best chip for the most accurate networks."""
    default = ENVIRONMENT.make_problem(workload).space.default.dicts()[0]
    first = best_of(workload, "accuracy", budget // 2, seed, part(default, "sub"))
    return best_of(workload, f"specs_{workload}", budget // 2, seed, part(first, "net"))


def chip_first(workload: str, budget: int, seed: int) -> dict[str, Any]:
    """Return the best networks on the best chip for networks of middle size."""
    default = ENVIRONMENT.make_problem(workload).space.default.dicts()[0]
    first = best_of(workload, f"specs_{workload}", budget // 2, seed, part(default, "net"))
    return best_of(workload, f"specs_{workload}", budget // 2, seed, part(first, "sub"))


WAYS: dict[str, Callable[[str, int, int], dict[str, Any]]] = {
    "joint": joint,
    "network first": network_first,
    "chip first": chip_first,
}


def summary(workload: str, rows: list[dict[str, Any]]) -> str:
    """Return how many runs meet all specs, and the medians in shares of the limits."""
    limits = _limits(workload)
    met = sum(row["status"] == "ok" for row in rows)
    shares = [statistics.median(row[name] / limits[name] for row in rows) for name in LIMITED]
    accuracy = statistics.median(row["accuracy"] for row in rows)
    return f"{met} of {len(rows)}  {accuracy:8.4f}" + "".join(f"{share:9.2f}" for share in shares)


def _limits(workload: str) -> dict[str, float]:
    spec = OBJECTIVES[f"specs_{workload}"]
    assert isinstance(spec, Mapping)
    return {name: limit["max"] for name, limit in spec["subject_to"].items()}


def main() -> None:
    """Print the table."""
    budget = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seeds = range(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    print(f"{budget} evaluations, {len(seeds)} seeds; medians, costs in shares of their limits")
    print(f"{'':3} {'':14} specs met accuracy  latency   energy     area")
    for workload in WORKLOADS:
        for name, way in WAYS.items():
            rows = [way(workload, budget, seed) for seed in seeds]
            print(f"{workload:3} {name:14} {summary(workload, rows)}", flush=True)


if __name__ == "__main__":
    main()
