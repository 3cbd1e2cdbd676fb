"""Learned schedulers beside heuristics and a tuned linear score, on arrivals none of them saw.

Usage: python -m benchmarks.soc_policies

Mean job latency, us, over four seeds of 1,000 jobs each. The linear score is tuned by CMA-ES, 280
evaluations of each workload with 200 jobs and seed 0 (the best of them is taken).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import archgym

WORKLOADS = {"top_50us": "top3", "top_35us": "top3", "mix6_50us": "mix6", "mix6_30us": "mix6"}
NOISES = (0.0, 0.2)
SEEDS = (101, 102, 103, 104)
JOBS = 1000
HEURISTICS = ("MET", "EFT", "ETF", "ETF_LB", "HEFT_RT", "HEFT", "round_robin", "random")
TUNED = "linear score"
TUNING_BUDGET = 280


def main() -> int:
    print(f"{'workload':24s}" + "".join(f"{name:>14s}" for name in (*HEURISTICS, TUNED, "policy")))
    for workload, policy in WORKLOADS.items():
        weights = tuned(workload)
        for noise in NOISES:
            designs = [{"scheduler": name} for name in HEURISTICS]
            found = latencies(
                workload, noise, [*designs, weights, {"scheduler": f"policy:{policy}"}]
            )
            print(
                f"{workload} noise {noise:3.1f}".ljust(24) + "".join(f"{v:14.1f}" for v in found)
            )
            best = min(found[: len(HEURISTICS)])
            etf, learned = found[HEURISTICS.index("ETF")], found[-1]
            print(
                f"    policy against ETF {learned / etf - 1:+.1%}, best {learned / best - 1:+.1%}"
            )
            sys.stdout.flush()
    return 0


def tuned(workload: str) -> dict[str, Any]:
    """Return the best weights that CMA-ES finds on one training seed."""
    problem = archgym.make_problem(
        "soc.schedule", workload=workload, space="weights", energy=False
    )
    agent = archgym.make_agent("cma_es", problem, seed=0)
    best = archgym.search(problem, agent, budget=TUNING_BUDGET).best
    return {name: best[name] for name in problem.space.names}


def latencies(workload: str, noise: float, designs: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the mean latency of each design over the seeds."""
    found = []
    for seed in SEEDS:
        name = f"{workload}:jobs={JOBS},seed={seed},noise={noise}"
        problem = archgym.make_problem("soc.schedule", workload=name, energy=False)
        found.append(problem.evaluate(list(designs))["mean_job_latency_us"])
    return list(np.mean(found, axis=0))


if __name__ == "__main__":
    sys.exit(main())
