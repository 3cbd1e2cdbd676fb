"""Measure how many values the 90 % intervals of surrogates hold, in every family.

Usage: python -m benchmarks.surrogate_coverage [ENV/WORKLOAD ...] [--kind KIND] [--designs N]

Random designs are evaluated, learnt and calibrated as `archgym surrogate train` does it; coverage
is of further random designs, of which none was among them. Metrics outside the bounds are named
with how many values they have: of few values, errors have few, too, and an interval that holds
nine tenths of them holds more. --seed draws other designs.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import LearnedModel
from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.scoring import of_feasible, scores
from archgym.experiments.surrogate_rows import measured_rows
from archgym.problem import Problem
from archgym.registry import make_problem
from archgym.torch_session import torch_session

# Environment, workload, settings.
Case = tuple[str, str, dict[str, str]]
# Families in which many designs cost little.
CASES: tuple[Case, ...] = (
    ("dram", "stream_short", {}),
    ("dram", "gemm_short", {"space": "archgym"}),
    ("analog.sizing", "ota5t", {}),
    ("analog.sizing", "miller2", {}),
    ("attn_kernel.fusemax", "bert/4k", {}),
    ("dnn.eyeriss", "alexnet", {}),
    ("dnn.dataflow", "resnet18", {}),
    ("dnn.mapping", "resnet18/conv2_x", {}),
    ("dnn.tiles", "resnet18/conv2_x", {}),
    ("dnn.hetero", "w1", {}),
    ("dnn.sparse_train", "resnet18", {}),
    ("dnn.spgemm", "er_4k", {}),
    ("soc.design", "edge_detection", {}),
    ("soc.schedule", "tops_50us", {}),
    ("mem_plan.scratchpad", "random_24", {}),
    ("cpu_table", "farsi_edge_500", {}),
    ("functions", "rosenbrock", {}),
    ("functions.fronts", "zdt1", {}),
)
LEAST, MOST = 0.88, 0.92
_FEWEST_ROWS, _FEWEST_SCORED = 5000, 1000


def drawn(problem: Problem, count: int, seed: int) -> tuple[Rows, Rows]:
    """Return rows to learn from and others, no design in both; half as many of the latter."""
    rows = measured_rows(problem, count + count // 2, seed)
    return rows.split(np.random.default_rng(seed), 1.0 / 3.0)


def report(case: Case, kind: str, count: int, seed: int) -> int:
    """Print the coverage of all metrics; return how many lie outside the bounds."""
    began = time.process_time()
    env, workload, settings = case
    problem = make_problem(env, workload, **settings)
    learnt, others = drawn(problem, count, seed)
    title = " ".join([env, workload, *(f"{k}={v}" for k, v in settings.items())])
    if len(learnt) < _FEWEST_ROWS:
        print(f"{title}: has {len(learnt)} rows, fewer than {_FEWEST_ROWS}", flush=True)
        return 0
    with torch_session():
        model = learn(problem, learnt, kind, seed=seed)
    held = coverage(model, others)
    values = {name: np.unique(of_feasible(others)[name]).size for name in held}
    outside = [n for n, share in held.items() if not LEAST <= share <= MOST]
    named = "; ".join(f"{n} {100 * held[n]:.1f} % ({values[n]:,} values)" for n in outside)
    print(
        f"{title}: {len(learnt):,} rows, {len(held)} metrics,"
        f" {100 * min(held.values()):.1f} - {100 * max(held.values()):.1f} %,"
        f" outside: {named or 'none'}; {time.process_time() - began:.0f} s",
        flush=True,
    )
    return len(outside)


def coverage(model: LearnedModel, others: Rows) -> dict[str, float]:
    """Return which share of values the intervals hold, of metrics that most designs have."""
    found = scores(model, others)
    return {
        name: share
        for name, score in found.items()
        if (share := score["coverage"]) is not None and (score["rows"] or 0) >= _FEWEST_SCORED
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", help="ENV or ENV/WORKLOAD; all otherwise")
    parser.add_argument("--kind", default="boosted_trees")
    parser.add_argument("--designs", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chosen = [
        case
        for case in CASES
        if not given.cases or case[0] in given.cases or f"{case[0]}/{case[1]}" in given.cases
    ]
    outside = sum(report(case, given.kind, given.designs, given.seed) for case in chosen)
    print(f"{outside} metrics outside {100 * LEAST:.0f} - {100 * MOST:.0f} %")


if __name__ == "__main__":
    main()
