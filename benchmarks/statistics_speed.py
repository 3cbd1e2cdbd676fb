"""How long the statistics of a large study take: 120 configurations, 12 problems, 15 seeds.

``python -m benchmarks.statistics_speed`` prints CPU seconds for all 21,600 runs, 2,000 resamples.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from archgym.results.statistics import Floats
from archgym.results.statistics.aggregates import interquartile_mean, mean, median
from archgym.results.statistics.bootstrap import bootstrap_interval
from archgym.results.statistics.improvement import improvement_interval
from archgym.results.statistics.profiles import profile_band

SHAPE = 120, 12, 15


def spent(what: Callable[[list[Floats]], object], runs: Floats) -> float:
    started = time.process_time()
    for agent in runs:
        what(list(agent))
    return time.process_time() - started


def main() -> None:
    runs = np.random.default_rng(0).random(SHAPE)
    first, thresholds = list(runs[0]), np.linspace(0.0, 1.0, 101)
    for aggregate in (mean, median, interquartile_mean):
        seconds = spent(lambda scores, a=aggregate: bootstrap_interval(scores, a), runs)
        print(f"interval of the {aggregate.__name__}: {seconds:.2f} s")
    profiles = spent(lambda scores: profile_band(scores, thresholds), runs)
    print(f"profiles of 101 thresholds with bands: {profiles:.2f} s")
    improvement = spent(lambda scores: improvement_interval(scores, first), runs)
    print(f"probability of improvement over one other: {improvement:.2f} s")


if __name__ == "__main__":
    main()
