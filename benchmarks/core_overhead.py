"""What the core costs on top of a cost model, beside plain Python that does the same with dicts.

Run ``python benchmarks/core_overhead.py``; prints a markdown table. Times are medians: of single
steps, of batches, and of fresh processes. The cost model returns constants, so the time is the
core's. "Plain Python" evaluates dict designs one by one: check the values, look the design up
in a cache, compute reward and observation; for processes it is the bare interpreter.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import archgym
from archgym import Batch, CostModel, DesignSpace, Evaluator, Integer, Measurements, Metric
from archgym.environment import Environment
from archgym.views.making import UNLIMITED
from archgym.views.one_shot import OneShotEnv
from archgym.views.vector import OneShotVectorEnv

PARAMETERS, VALUES, POPULATION, ROWS = 10, 16, 1024, 10_000
COLUMNS = ["figure", "unit", "bar", "measured", "plain Python"]


class Constant(CostModel):
    """No model: two metrics that are always 1, from arrays made before."""

    name = "constant"
    version = "1"
    metrics = (Metric("latency_ns", "ns", "minimize"), Metric("energy_pj", "pJ", "minimize"))

    def __init__(self) -> None:
        self._ones, self._zeros = np.ones(ROWS), np.zeros(ROWS)
        self._status = np.zeros(ROWS, dtype=np.uint8)

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        n = len(batch)
        metrics = {"latency_ns": self._ones[:n], "energy_pj": self._ones[:n]}
        return Measurements(metrics, self._zeros[:n], self._status[:n])


def problem() -> archgym.Problem:
    """Return ten integers of sixteen values each."""
    names = [f"x{i}" for i in range(PARAMETERS)]
    return Environment(
        id="columns",
        version=0,
        description="overhead alone",
        space=lambda settings: DesignSpace([Integer(name, 0, VALUES - 1) for name in names]),
        cost_models={"constant": lambda settings: Constant()},
        workloads={"none": ""},
        load_workload=lambda name, settings: None,
        objectives={"latency": {"minimize": "latency_ns"}},
    ).make_problem()


class PlainEvaluation:
    """The same work without the core, design by design."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, ...], dict[str, float]] = {}

    def step(self, design: dict[str, int]) -> tuple[list[float], float, dict[str, Any]]:
        """Return observation, reward and info of one design."""
        for name, value in design.items():
            if not isinstance(value, int) or not 0 <= value < VALUES:
                raise ValueError(f"{name}: {value}")
        key = tuple(design.values())
        if key not in self.known:
            self.known[key] = {"latency_ns": 1.0, "energy_pj": 1.0}
        metrics = self.known[key]
        reward = 1.0 / metrics["latency_ns"]
        observation = [value / (VALUES - 1) for value in key] + list(metrics.values())
        return observation, reward, {"design": design, "metrics": metrics, "status": "ok"}


def median_s(call: Callable[[Any], object], inputs: Any) -> float:
    """Return the median time of one call in seconds."""
    times = []
    for item in inputs:
        start = time.perf_counter()
        call(item)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def step_us(rng: np.random.Generator) -> tuple[float, float]:
    """Return microseconds of one step of one environment."""
    env, plain = OneShotEnv(Evaluator(problem(), UNLIMITED)), PlainEvaluation()
    env.reset(seed=0)
    actions = rng.integers(0, VALUES, (20_000, PARAMETERS))
    designs = [{f"x{i}": value for i, value in enumerate(row)} for row in actions.tolist()]
    return 1e6 * median_s(env.step, actions), 1e6 * median_s(plain.step, designs)


def vector_us(rng: np.random.Generator) -> tuple[float, float]:
    """Return microseconds per design of the vector environment."""
    env = OneShotVectorEnv(Evaluator(problem(), UNLIMITED), num_envs=POPULATION)
    env.reset(seed=0)
    actions = rng.integers(0, VALUES, (100, POPULATION, PARAMETERS))
    plain = PlainEvaluation()

    def population(rows: Any) -> None:
        for row in rows.tolist():
            plain.step({f"x{i}": value for i, value in enumerate(row)})

    scale = 1e6 / POPULATION
    return scale * median_s(env.step, actions), scale * median_s(population, actions[:20])


def table_ms(rng: np.random.Generator) -> tuple[float, float]:
    """Return milliseconds of evaluating a table of designs."""
    asked, plain = problem(), PlainEvaluation()
    codes = rng.integers(0, VALUES, (ROWS, PARAMETERS))
    designs = Batch(asked.space, codes).frame()

    def rows(frame: Any) -> Any:
        import pandas as pd

        table = []
        for design in frame.to_dict("records"):
            _, reward, info = plain.step(design)
            table.append(design | info["metrics"] | {"reward": reward, "status": "ok"})
        return pd.DataFrame(table)

    return 1e3 * median_s(asked.evaluate, [designs] * 21), 1e3 * median_s(rows, [designs] * 7)


def command_cpu_s(*command: str) -> float:
    """Return the median CPU seconds of a fresh process; the first, which compiles, left out."""
    times = []
    for _ in range(6):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return float(np.median(times[1:]))


def main() -> None:
    rng = np.random.default_rng(0)
    bare = command_cpu_s(sys.executable, "-c", "pass")
    rows = [
        ("`env.step`, one_shot, 10 parameters", "us", 30, *step_us(rng)),
        ("vector `step`, 1,024 designs, per design", "us", 2, *vector_us(rng)),
        ("`problem.evaluate`, 10,000 designs in a DataFrame", "ms", 20, *table_ms(rng)),
        (
            "`import archgym`, CPU",
            "s",
            0.5,
            command_cpu_s(sys.executable, "-c", "import archgym"),
            bare,
        ),
        (
            "`archgym --help`, CPU",
            "s",
            0.5,
            command_cpu_s(str(Path(sys.executable).with_name("archgym")), "--help"),
            bare,
        ),
    ]
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    for figure, unit, bar, measured, plain in rows:
        print(f"| {figure} | {unit} | {bar:g} | {measured:.3g} | {plain:.3g} |")


if __name__ == "__main__":
    main()
