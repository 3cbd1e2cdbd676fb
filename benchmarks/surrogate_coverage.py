"""Measure how many values the 90 % intervals of surrogates hold, in every family.

Usage: python -m benchmarks.surrogate_coverage [ENV/WORKLOAD ...] [--kind KIND] [--designs N]

Random designs are evaluated, learnt and calibrated as `archgym surrogate train` does it; coverage
is of further random designs, of which none was among them. Prints a line for each metric that
varies. A metric is *tied* where more than half of the designs share one value.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.scoring import of_feasible, scores
from archgym.experiments.surrogate_rows import measured_rows
from archgym.outcome import Floats
from archgym.registry import make_problem
from archgym.torch_session import torch_session

# Families in which many designs cost little: (environment, workload, settings).
CASES = (
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


def drawn(env: str, workload: str, settings: dict[str, str], count: int) -> tuple[Rows, Rows]:
    """Return rows to learn from and others, no design in both; half as many of the latter."""
    problem = make_problem(env, workload, **settings)
    rows = measured_rows(problem, count + count // 2, 0)
    return rows.split(np.random.default_rng(1), 1.0 / 3.0)


def tied(values: Floats) -> bool:
    """Return whether more than half of the values are one."""
    known = values[np.isfinite(values)]
    return bool(np.unique(known, return_counts=True)[1].max() > len(known) / 2)


def report(env: str, workload: str, settings: dict[str, str], kind: str, count: int) -> int:
    """Print the coverage of each metric; return how many lie outside the bounds."""
    began = time.process_time()
    learnt, others = drawn(env, workload, settings, count)
    title = " ".join([env, workload, *(f"{k}={v}" for k, v in settings.items())])
    if len(learnt) < _FEWEST_ROWS:
        print(f"{title}: has {len(learnt)} rows, fewer than {_FEWEST_ROWS}", flush=True)
        return 0
    with torch_session():
        model = learn(make_problem(env, workload, **settings), learnt, kind)
    found, missed = scores(model, others), []
    for name, score in found.items():
        coverage, rows = score["coverage"], score["rows"]
        if coverage is not None and rows is not None and rows >= _FEWEST_SCORED:
            same = " tied" if tied(of_feasible(others)[name]) else ""
            if not LEAST <= coverage <= MOST:
                missed.append(f"{name} {100 * coverage:.1f} %{same} ({rows:,} rows)")
    held = [100.0 * s["coverage"] for s in found.values() if s["coverage"] is not None]
    print(
        f"{title}: {len(learnt):,} rows, {len(held)} metrics, {min(held):.1f} - {max(held):.1f} %,"
        f" outside: {'; '.join(missed) or 'none'}; {time.process_time() - began:.0f} s",
        flush=True,
    )
    return len(missed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", help="ENV or ENV/WORKLOAD; all otherwise")
    parser.add_argument("--kind", default="boosted_trees")
    parser.add_argument("--designs", type=int, default=8000)
    given = parser.parse_args()
    chosen = [
        case
        for case in CASES
        if not given.cases or case[0] in given.cases or f"{case[0]}/{case[1]}" in given.cases
    ]
    outside = sum(report(*case, given.kind, given.designs) for case in chosen)
    print(f"{outside} metrics outside {100 * LEAST:.0f} - {100 * MOST:.0f} %")


if __name__ == "__main__":
    main()
