"""How well surrogates predict circuits: our kinds beside boosted trees and a plain network.

Run ``python -m benchmarks.surrogates [--workload miller2] [--rows 200,1000,5000] [--test 3000]
[--order] [--few-shot DIR]``; prints markdown tables of R2 on designs that were kept out, of
logarithms where metrics are positive.

Designs are random, well posed and well biased (gain above 20 dB). --order learns the slew rate in
the order of simulation cost and without seeing other metrics, over several seeds. --few-shot
takes tables of ngspice's results: the first hundred scored designs are learnt, the others are
predicted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.learning import learn, scores
from archgym.cost_models.learned.model import LearnedModel
from archgym.cost_models.learned.rows import Rows
from archgym.outcome import Floats
from archgym.problem import Problem
from archgym.registry import make_problem
from archgym.torch_session import torch_session

ENV = "analog.sizing"
BY_COST = (
    "power_w",
    "vout_dc_v",
    "min_drain_current_a",
    "gain_db",
    "ugbw_hz",
    "phase_margin_deg",
    "input_noise_1khz_v_rthz",
    "input_noise_1mhz_v_rthz",
    "slew_v_per_us",
)
SHOWN = ("gain_db", "ugbw_hz", "phase_margin_deg", "power_w")
SLEW = "slew_v_per_us"
LEAST_GAIN_DB = 20.0
MOST_FOR_GP = 1000
FEW, ORDER_ROWS, ORDER_SEEDS = 100, 2000, 3
_MORE = 1.15  # designs drawn for each that is well biased

Guess = Callable[[Floats, Floats, Floats], Floats]


def trees(x: Floats, y: Floats, unseen: Floats) -> Floats:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(random_state=0)
    return np.asarray(model.fit(x, y).predict(unseen))


def network(x: Floats, y: Floats, unseen: Floats) -> Floats:
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=(128, 128), max_iter=300, early_stopping=len(x) > 500, random_state=0
    )
    return np.asarray(model.fit(x, y).predict(unseen))


OTHERS: dict[str, Guess] = {"trees": trees, "MLP 128, 128": network}
KINDS = ("gp", "transformer")


def drawn(problem: Problem, count: int) -> Rows:
    """Return well-biased random designs and their metrics."""
    batch = problem.space.sample(np.random.default_rng(0), round(_MORE * count))
    rows = Rows.of(batch, problem.measure(batch))
    good = np.flatnonzero(rows.feasible & (rows.metrics["gain_db"] > LEAST_GAIN_DB))
    if len(good) < count:
        raise SystemExit(f"only {len(good)} of {len(batch)} designs are well biased")
    return rows.select(good[:count])


def r2_of_others(name: str, problem: Problem, taught: Rows, others: Rows, metric: str) -> float:
    """Return how well a model that is no surrogate of ours predicts one metric."""
    encoding = DesignEncoding(problem.space.axes)
    inputs = [encoding(rows.batch.codes) for rows in (taught, others)]
    # Places along the axes: lengths of gates have an order, so one-hot codes add nothing here.
    x, unseen = (numbers[:, :, 0] for numbers in inputs)
    log = metric.endswith(("_hz", "_w"))
    y, true = (np.log(v) if log else v for v in (taught.metrics[metric], others.metrics[metric]))
    known, there = np.isfinite(y), np.isfinite(true)
    mean, deviation = y[known].mean(), y[known].std()
    guessed = OTHERS[name](x[known], (y[known] - mean) / deviation, unseen[there])
    return r2(true[there], mean + deviation * guessed)


def r2(true: Floats, guessed: Floats) -> float:
    return float(1.0 - np.mean((true - guessed) ** 2) / true.var())


def learnt(
    kind: str,
    problem: Problem,
    taught: Rows,
    metrics: Sequence[str],
    seed: int = 0,
    **settings: Any,
) -> LearnedModel:
    with torch_session():
        return learn(problem, taught, kind, metrics, settings, seed, kept_out=0.0)


def compare(problem: Problem, sizes: Sequence[int], test: int) -> None:
    """Print R2 of all models by number of designs learnt."""
    rows = drawn(problem, test + max(sizes))
    others = rows.select(np.arange(test))
    print(f"| designs | model | {' | '.join(SHOWN)} | s |\n|---|---|{'---|' * (len(SHOWN) + 1)}")
    for size in sizes:
        taught = rows.select(np.arange(test, test + size))
        for name in OTHERS:
            began = time.process_time()
            found = [r2_of_others(name, problem, taught, others, metric) for metric in SHOWN]
            line(size, name, found, time.process_time() - began)
        for kind in KINDS:
            if kind != "gp" or size <= MOST_FOR_GP:
                began = time.process_time()
                metrics = [n for n in BY_COST if np.isfinite(rows.metrics[n]).any()]
                told = scores(learnt(kind, problem, taught, metrics), others)
                line(size, kind, [told[m]["r2"] for m in SHOWN], time.process_time() - began)


def line(size: int, name: str, found: Sequence[float], seconds: float) -> None:
    cells = [f"{value:.4f}" for value in found]
    print(f"| {size:,} | {name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


def order(problem: Problem, test: int) -> None:
    """Print the error of the slew rate with a chain of metrics, and without."""
    rows = drawn(problem, test + ORDER_ROWS)
    others, taught = (rows.select(np.arange(*ends)) for ends in ((0, test), (test, len(rows))))
    print("| slew rate, log | root mean square error of each seed | mean |\n|---|---|---|")
    for title, chained in (("by order of cost", True), ("independent heads", False)):
        errors = []
        for seed in range(ORDER_SEEDS):
            model = learnt("transformer", problem, taught, BY_COST, seed, chained=chained)
            errors.append(float(np.sqrt(1.0 - scores(model, others)[SLEW]["r2"])))
        cells = ", ".join(f"{error:.4f}" for error in errors)
        print(f"| {title} | {cells} | {np.mean(errors):.4f} |", flush=True)


def few_shot(folder: Path) -> None:
    """Print R2 of a hundred designs learnt, on the others of each table."""
    import pandas as pd

    print(f"| table | model | {' | '.join(SHOWN)} |\n|---|---|{'---|' * len(SHOWN)}")
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path)
        if "gain_db" not in table:
            continue
        table = table[(table["scored"] == 1) & (table["gain_db"] > LEAST_GAIN_DB)]
        workload, model = path.stem.split("_")
        problem = make_problem(ENV, workload, model=model)
        batch = problem.space.encode(table[[n for n in problem.space.names if n in table]])
        metrics = {n: _column(table, n) for n in problem.metric_names}
        rows = Rows(batch, metrics, np.ones(len(table), dtype=bool))
        taught, others = rows.select(np.arange(FEW)), rows.select(np.arange(FEW, len(rows)))
        names = [name for name in BY_COST if np.isfinite(metrics[name]).any()]
        for kind in KINDS:
            told = scores(learnt(kind, problem, taught, names), others)
            cells = " | ".join(f"{told[metric]['r2']:.3f}" for metric in SHOWN)
            print(f"| {path.stem} | {kind} | {cells} |", flush=True)


def _column(table: Any, name: str) -> NDArray[np.float64]:
    if name not in table:
        return np.full(len(table), np.nan)
    return np.asarray(table[name], dtype=np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", default="miller2")
    parser.add_argument("--rows", default="200,1000,5000")
    parser.add_argument("--test", type=int, default=3000)
    parser.add_argument("--order", action="store_true")
    parser.add_argument("--few-shot", type=Path)
    given = parser.parse_args()
    if given.few_shot is not None:
        few_shot(given.few_shot)
    elif given.order:
        order(make_problem(ENV, given.workload), given.test)
    else:
        problem = make_problem(ENV, given.workload, metrics="without_slew")
        compare(problem, [int(size) for size in given.rows.split(",")], given.test)


if __name__ == "__main__":
    main()
