"""Agents on FARSI's three task graphs, and the speed of the simulation.

Usage: python -m benchmarks.soc_design [BUDGET ...] [--seeds N] [--agents NAME,...]

Prints, per workload, agent and budget: median and worst distance to the budgets over seeds, how
many seeds meet all budgets (4e-9), and the median evaluations that these took. Then designs a
second of the bare simulation and steps a second of two Gymnasium views, in process time.
"""

from __future__ import annotations

import argparse
import statistics
import time

import gymnasium
import numpy as np

import archgym
from archgym.searching import search
from benchmarks.timing import median_seconds

WORKLOADS = ("edge_detection", "audio_decoder", "hpvm_cava")
AGENTS = "random,hill_climbing,simulated_annealing,genetic"
MET = 4.0000001e-9
DESIGNS, STEPS, REPEATS = 5_000, 200, 5


def best_so_far(workload: str, agent: str, seed: int, budget: int) -> np.ndarray:
    """Return the smallest distance after each evaluation."""
    problem = archgym.make_problem("soc.design", workload=workload)
    made = archgym.make_agent(agent, problem, seed=seed)
    records = search(problem, made, budget).records
    found = [record.outcomes.metrics["distance_to_budget"] for record in records]
    return np.minimum.accumulate(np.concatenate(found))


def print_searches(agents: list[str], budgets: list[int], seeds: int) -> None:
    print("| workload | agent | evaluations | median | worst | met | evaluations to meet |")
    print("|---|---|---|---|---|---|---|")
    for workload in WORKLOADS:
        for agent in agents:
            curves = [best_so_far(workload, agent, seed, max(budgets)) for seed in range(seeds)]
            for budget in budgets:
                print(row(workload, agent, budget, curves), flush=True)


def row(workload: str, agent: str, budget: int, curves: list[np.ndarray]) -> str:
    ends = [float(curve[:budget][-1]) for curve in curves]
    firsts = [int(np.argmax(c <= MET)) + 1 for c in curves if c[:budget][-1] <= MET]
    took = f"{statistics.median(firsts):,.0f}" if firsts else "-"
    middle, worst = f"{statistics.median(ends):.3g}", f"{max(ends):.3g}"
    return (
        f"| {workload} | {agent} | {budget:,} | {middle} | {worst}"
        f" | {len(firsts)} of {len(ends)} | {took} |"
    )


def print_speeds() -> None:
    for workload in WORKLOADS:
        problem = archgym.make_problem("soc.design", workload=workload)
        batch = problem.space.sample(np.random.default_rng(0), DESIGNS)
        bare = median_seconds(lambda: problem.run(batch), time.process_time, REPEATS)  # noqa: B023
        steps = {style: seconds_per_step(workload, style) for style in ("one_shot", "native")}
        shown = ", ".join(f"{style} {1e3 * s:.2f} ms a step" for style, s in steps.items())
        print(f"{workload}: {DESIGNS / bare:,.0f} designs/s, {shown}")


def seconds_per_step(workload: str, style: str) -> float:
    env = gymnasium.make("archgym/soc.design-v0", workload=workload, style=style).unwrapped
    env.action_space.seed(0)
    env.reset(seed=0)
    actions = [env.action_space.sample() for _ in range(STEPS)]

    def walk() -> None:
        env.reset()
        for action in actions:
            env.step(action)

    return median_seconds(walk, time.process_time, REPEATS) / STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("budgets", nargs="*", type=int, default=[1_000])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--agents", default=AGENTS)
    given = parser.parse_args()
    if given.seeds:
        print_searches(given.agents.split(","), sorted(given.budgets), given.seeds)
    print_speeds()


if __name__ == "__main__":
    main()
