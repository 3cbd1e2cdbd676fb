"""Measure circuit evaluations: the built-in solver, ngspice in three ways, environment steps.

Usage: python -m benchmarks.analog_speed

CPU seconds of one thread, children included, medians of repeated warm runs. An evaluation is the
operating point, the frequency sweep (20 points a decade) and noise at two frequencies, without
slew rates. ngspice runs with the tolerances that metrics are defined with, sweeps all of 10 Hz to
10 GHz where the built-in solver stops at the unity crossing, and four points of noise; its share
of the adapter's time (writing decks, reading tables) is included. OMP_THREAD_LIMIT=1.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

import gymnasium
import numpy as np

import archgym
from archgym.batch import Batch
from archgym.cost_models.analog.circuits import NAMES
from archgym.cost_models.analog.ngspice.availability import INSTALL_NGSPICE, library, missing_for
from archgym.problem import Problem
from benchmarks.timing import median_seconds

DESIGNS, FEW, REPEATS, STEPS = 4_000, 40, 3, 2_000
SMALL_SIGNALS = {"metrics": "without_slew"}


def problem_of(workload: str, cost_model: str | None = None, **settings: str) -> Problem:
    return archgym.make_problem(
        "analog.sizing", workload, cost_model=cost_model, **SMALL_SIGNALS, **settings
    )


def evaluating(problem: Problem, batch: Batch) -> Callable[[], object]:
    return lambda: problem.cost_model.evaluate(batch, problem.workload)


def drawn(problem: Problem, count: int, same_lengths: bool = False) -> Batch:
    table = problem.space.sample(np.random.default_rng(0), count).frame()
    if same_lengths:
        for name in (name for name in table if name.endswith("_um")):
            table[name] = problem.space[name].default_value
    return problem.space.encode(table)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children, running ones included."""
    total = time.process_time()
    times = os.times()
    total += times.children_user + times.children_system
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        for child in file.read().split():
            with open(f"/proc/{child}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def built_in() -> float:
    print("built-in solver, level 1, a batch of designs")
    seconds = {}
    for workload in NAMES:
        problem = problem_of(workload)
        run = evaluating(problem, drawn(problem, DESIGNS))
        seconds[workload] = median_seconds(run, time.process_time) / DESIGNS
        print(f"  {workload:9} {1 / seconds[workload]:9,.0f} evaluations/s")
    problem = archgym.make_problem("analog.sizing", "miller2")
    run = evaluating(problem, drawn(problem, 200))
    slow = median_seconds(run, time.process_time) / 200
    print(f"  miller2 with slew rates {1 / slow:,.0f} evaluations/s")
    return seconds["miller2"]


def looked_up() -> None:
    print("built-in solver, gf180 by tables, a batch of designs")
    for workload in NAMES:
        problem = problem_of(workload, "lookup", model="gf180")
        count = FEW if workload == "comparator" else DESIGNS // 4  # each a transient
        run = evaluating(problem, drawn(problem, count))
        seconds = median_seconds(run, time.process_time) / count
        print(f"  {workload:9} {1 / seconds:9,.0f} evaluations/s")


def ngspice(one: float, model: str) -> None:
    print(f"ngspice, miller2, {model}")
    for way, same in (("ngspice:process", False), ("ngspice", False), ("ngspice:alter", True)):
        problem = problem_of("miller2", way, model=model)
        batch = drawn(problem, FEW, same_lengths=same)
        run = evaluating(problem, batch)
        run()
        spent = []
        for _ in range(REPEATS):
            before = cpu_seconds()
            run()
            spent.append((cpu_seconds() - before) / FEW)
        seconds = statistics.median(spent)
        print(
            f"  {way:16} {seconds * 1e3:7.2f} ms, {seconds / one:6.0f} times the built-in solver"
        )


def steps() -> None:
    for workload in ("ota5t", "miller2"):
        env = gymnasium.make("archgym/analog.sizing-v0", workload=workload)
        env.reset(seed=0)
        env.action_space.seed(0)
        times = []
        for _ in range(STEPS):
            action = env.action_space.sample()
            before = time.process_time_ns()
            _, _, over, cut, _ = env.step(action)
            times.append(time.process_time_ns() - before)
            if over or cut:
                env.reset()
        print(f"env.step, style native, {workload}: {statistics.median(times) / 1e3:.0f} us")
    vector = gymnasium.make_vec("archgym/analog.sizing-v0", num_envs=256, workload="miller2")
    vector.reset(seed=0)
    actions = vector.action_space.sample()
    seconds = median_seconds(lambda: vector.step(actions), time.process_time)
    print(f"vector of 256, miller2: {seconds / 256 * 1e6:.0f} us a step and design")


def main() -> None:
    one = built_in()
    looked_up()
    steps()
    if library() is None:
        sys.exit(f"ngspice is not installed: {INSTALL_NGSPICE}")
    ngspice(one, "afm1")
    if not missing_for("gf180"):
        ngspice(one, "gf180")


if __name__ == "__main__":
    main()
