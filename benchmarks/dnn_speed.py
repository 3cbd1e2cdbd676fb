"""Measure the DNN models: evaluations per second, a step of an environment, a whole network.

Usage: python -m benchmarks.dnn_speed

Times are medians of process time of repeated warm calls of one thread. ``exact`` designs are those
of tables, ``fitted`` ones those that agents draw, whose bounds are made to fit first.
"""

from __future__ import annotations

import statistics
import time

import gymnasium
import numpy as np
import pandas as pd

import archgym
from archgym.batch import Batch
from archgym.problem import Problem
from benchmarks.timing import median_seconds

LAYER = "resnet18/conv2_x"
DESIGNS = 10_000
STEPS = 2_000


def exact_table(problem: Problem, batch: Batch) -> pd.DataFrame:
    """Return the mappings that drawn designs stand for, as users would give them."""
    tables = []
    for row in range(len(batch)):
        detail = problem.cost_model.detail(batch.select([row]), problem.workload)
        tables.append({name: values[0] for name, values in detail["mapping"].items()})
    return pd.DataFrame(tables)


def mapping_speed(forwarding: int) -> None:
    problem = archgym.make_problem("dnn.mapping", LAYER, forwarding=forwarding)
    fitted = problem.space.sample(np.random.default_rng(0), DESIGNS)
    table = exact_table(problem, fitted)
    exact = problem.space.encode(table)
    for name, batch in (("exact", exact), ("fitted", fitted)):

        def model(batch: Batch = batch) -> object:
            return problem.cost_model.evaluate(batch, problem.workload)

        def outcomes(batch: Batch = batch) -> object:
            return problem.outcomes(batch)

        model_rate = DESIGNS / median_seconds(model, time.process_time) / 1e6
        rate = DESIGNS / median_seconds(outcomes, time.process_time) / 1e6
        print(f"forwarding={forwarding} {name:7} {model_rate:6.2f} M/s, with rewards {rate:6.2f}")
    seconds = median_seconds(lambda: problem.evaluate(table), time.process_time)
    print(f"forwarding={forwarding} problem.evaluate of a DataFrame: {seconds * 1e3:.0f} ms")


def step_seconds(env_id: str, **arguments: object) -> float:
    env = gymnasium.make(env_id, **arguments)
    env.reset(seed=0)
    env.action_space.seed(0)
    seconds = []
    for action in [env.action_space.sample() for _ in range(STEPS)]:
        env.reset()
        started = time.perf_counter()
        env.step(action)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def network_seconds(name: str) -> float:
    problem = archgym.make_problem("dnn.systolic", name)
    rng = np.random.default_rng(0)
    designs = pd.DataFrame({side: rng.integers(1, 257, DESIGNS) for side in ("rows", "cols")})
    designs["dataflow"] = rng.choice(["os", "ws", "is"], DESIGNS)
    batch = problem.space.encode(designs)
    return median_seconds(lambda: problem.outcomes(batch), time.process_time)


def batch_seconds(env_id: str, workload: str) -> float:
    problem = archgym.make_problem(env_id, workload)
    batch = problem.space.sample(np.random.default_rng(0), DESIGNS)
    return median_seconds(lambda: problem.outcomes(batch), time.process_time)


OTHERS = (("dnn.dataflow", "resnet18"), ("dnn.tiles", LAYER), ("dnn.hetero", "w1"))


def main() -> None:
    started = time.process_time()
    problem = archgym.make_problem("dnn.mapping", LAYER)
    problem.outcomes(problem.space.default)
    print(f"first result: {time.process_time() - started:.1f} s CPU")
    for forwarding in (0, 1):
        mapping_speed(forwarding)
    for env_id, workload in (("dnn.mapping", LAYER), ("dnn.systolic", "resnet18"), *OTHERS):
        seconds = step_seconds(f"archgym/{env_id}-v0", workload=workload)
        print(f"env.step of {env_id} on {workload}: {seconds * 1e6:.0f} us")
    print(f"resnet18 on {DESIGNS} arrays: {network_seconds('resnet18'):.3f} s")
    for env_id, workload in OTHERS:
        print(
            f"{DESIGNS} designs of {env_id} on {workload}: {batch_seconds(env_id, workload):.3f} s"
        )


if __name__ == "__main__":
    main()
