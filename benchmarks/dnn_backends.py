"""Measure our closed forms against SCALE-Sim and ZigZag: agreement, and time per evaluation.

Usage: ARCHGYM_SCALESIM_PYTHON=... ARCHGYM_ZIGZAG_PYTHON=... python -m benchmarks.dnn_backends

Each part needs a Python that has its tool and is left out where the variable is not set. Times are
process time, ours of warm calls on 10,000 designs, ZigZag's of its cost model alone, without the
parsing of machine and layer.
"""

from __future__ import annotations

import os
import statistics
import time

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

import archgym
from archgym.batch import Batch
from archgym.cost_models.dnn.backends import scalesim, zigzag
from benchmarks.timing import median_seconds

LAYER = "resnet18/conv2_x"
BATCH = 10_000
MAPPINGS = 200
ARRAYS = 60


def small_layers(rng: np.random.Generator) -> pd.DataFrame:
    """Return designs with a layer each, small enough for a simulator in Python."""
    groups = rng.choice([1, 1, 2, 4], ARRAYS)
    columns = {name: rng.integers(1, 10, ARRAYS) for name in ("P", "Q")}
    columns |= {name: rng.integers(1, 4, ARRAYS) for name in ("R", "S")}
    columns |= {name: groups * rng.integers(1, 9, ARRAYS) for name in ("K", "C")}
    columns |= {side: rng.integers(1, 17, ARRAYS) for side in ("array_rows", "array_cols")}
    rest = {"N": rng.choice([1, 1, 2], ARRAYS), "stride": rng.integers(1, 3, ARRAYS)}
    dataflows = {"dataflow": rng.choice(["os", "ws", "is"], ARRAYS)}
    return pd.DataFrame({**columns, **rest, "groups": groups, **dataflows})


def compare_scalesim() -> None:
    designs = small_layers(np.random.default_rng(0))
    ours = archgym.make_problem("dnn.systolic", "columns")
    tool = archgym.make_problem("dnn.systolic", "columns", cost_model="scalesim")
    started = time.perf_counter()
    said = tool.evaluate(designs)
    seconds = (time.perf_counter() - started) / ARRAYS
    wanted = ours.evaluate(designs)
    counts = [name for name in tool.metric_names if name not in ("mapping_efficiency",)]
    equal = (said[counts] == wanted[counts]).all(axis=1).sum()
    print(f"SCALE-Sim: {equal} of {ARRAYS} designs equal in {', '.join(counts)}")
    print(f"SCALE-Sim: {seconds * 1e3:.0f} ms a small layer (wall clock)")


def compare_zigzag() -> None:
    ours = archgym.make_problem("dnn.mapping", LAYER, forwarding=0)
    tool = archgym.make_problem("dnn.mapping", LAYER, cost_model="zigzag", forwarding=0)
    batch = ours.space.sample(np.random.default_rng(0), BATCH)
    our_seconds = median_seconds(lambda: ours.run(batch), time.process_time) / BATCH
    some = batch.select(slice(0, MAPPINGS))
    said, wanted = tool.run(Batch(tool.space, some.codes)).metrics, ours.run(some).metrics
    print_agreement(said, wanted)
    model = tool.cost_model
    assert isinstance(model, zigzag.ZigZagModel)
    theirs = statistics.median(
        model.evaluation_seconds(some.select([row]), tool.workload) for row in range(MAPPINGS)
    )
    print(
        f"ZigZag: {theirs * 1e3:.2f} ms a cost-model evaluation, ours {our_seconds * 1e6:.2f} us"
    )
    print(f"ZigZag: ratio {theirs / our_seconds:,.0f}")


def print_agreement(said: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    for name in said:
        share = np.mean(said[name] == wanted[name])
        some = wanted[name] > 0
        ratio = said[name][some] / wanted[name][some]
        rank = spearmanr(said[name], wanted[name])[0] if np.ptp(wanted[name]) else 1.0
        low, middle, high = np.percentile(ratio, [5, 50, 95])
        print(
            f"ZigZag: {name:16} equal {share:4.0%}, ratio {low:.2f} {middle:.2f} {high:.2f}"
            f" (5, 50, 95 %), Spearman {rank:.3f}"
        )


def main() -> None:
    for tool, compare in ((scalesim, compare_scalesim), (zigzag, compare_zigzag)):
        if tool.VARIABLE in os.environ:
            compare()
        else:
            print(f"{tool.NAME} left out: {tool.VARIABLE} is not set")


if __name__ == "__main__":
    main()
