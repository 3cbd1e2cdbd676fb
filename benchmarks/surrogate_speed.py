"""Measure how much less a surrogate of the memory simulator takes for a design than itself.

Usage: python -m benchmarks.surrogate_speed [KERNEL ...] [--designs N]

N random designs of ArchGym's space are simulated on a kernel of 10,000 requests, once; alike ones
among them are simulated once, so that more designs at once take less each. Surrogates of time,
power and energy are learnt from these, and evaluate 20,000 others at once. CPU time of one core,
all of `evaluate` included; medians of repeated calls, but for the simulator, which remembers.
Speed does not depend on how long a network is trained, so that it is trained for one epoch.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from archgym.cost_models.dram.workloads.registry import list_workloads
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import LearnedModel
from archgym.cost_models.learned.rows import Rows
from archgym.problem import Problem
from archgym.registry import make_problem
from archgym.torch_session import torch_session
from benchmarks.timing import median_seconds

METRICS = ("total_time_ns", "average_power_mw", "energy_pj")
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "boosted_trees": ("boosted_trees", {}),
    "boosted_trees, 50 rounds": ("boosted_trees", {"rounds": 50, "learning_rate": 0.4}),
    "ensemble": ("ensemble", {"epochs": 1, "fewest_steps": 1}),
    "random_forest": ("random_forest", {}),
}
ASKED = 20_000


def simulated(problem: Problem, count: int) -> tuple[Rows, float]:
    """Return random designs with their metrics, and the seconds that each took."""
    problem.measure(problem.space.default)  # compiled, and the trace read
    batch = problem.space.sample(np.random.default_rng(0), count)
    began = time.process_time()
    measured = problem.measure(batch)
    return Rows.of(batch, measured), (time.process_time() - began) / count


def seconds(model: LearnedModel, problem: Problem) -> float:
    """Return the seconds that a surrogate takes for each of many designs."""
    batch = problem.space.sample(np.random.default_rng(1), ASKED)
    return median_seconds(lambda: model.evaluate(batch, None), time.process_time) / ASKED


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kernels", nargs="*", default=[])
    parser.add_argument("--designs", type=int, default=1500)
    given = parser.parse_args()
    print(f"| kernel | simulator | {' | '.join(KINDS)} |\n|---|---|{'---|' * len(KINDS)}")
    known = list_workloads()
    for kernel in given.kernels or [name for name in known if f"{name}_short" in known]:
        problem = make_problem("dram", kernel, "latency", space="archgym")
        rows, simulator = simulated(problem, given.designs)
        cells = []
        for kind, settings in KINDS.values():
            with torch_session():
                model = learn(problem, rows, kind, METRICS, settings)
                took = seconds(model, problem)
            cells.append(f"{1e6 * took:.2f} us, {simulator / took:,.0f}")
        print(f"| {kernel} | {1e6 * simulator:,.0f} us | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
