"""A small environment whose workloads are sizes, which it declares as a feature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archgym.cost_model import CostModel
from archgym.cost_models.learned.rows import Rows
from archgym.environment import Environment
from archgym.metric import Metric
from archgym.outcome import Measurements
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.space import DesignSpace

SIZES = {"small": 10.0, "middle": 100.0, "large": 1000.0}


class SizedModel(CostModel):
    """Time is work over width, and longer without a cache where the size exceeds 50."""

    name, version = "sized", "1"
    metrics = (
        Metric("time_s", "s", "minimize"),
        Metric("gain", signed=True, direction="maximize"),
    )
    asked = 0

    def evaluate(self, batch, workload):
        type(self).asked += len(batch)
        slow = np.where(batch["cache"] == "none", 3.0 if workload > 50 else 1.0, 1.0)
        time = workload * (1.0 + slow) / batch["width"]
        return Measurements.of({"time_s": time, "gain": np.log(time) * 0.1})


def space(settings):
    """Return 48 designs; the default one lies off the grid."""
    return DesignSpace(
        [
            Ordinal("width", tuple(range(1, 13)), default=20, legal=(1, None)),
            Categorical("cache", ("none", "some", "much", "all")),
        ]
    )


def features(size):
    """Return the size, and what is the same for all."""
    return {"size": size, "kind": 7.0}


SIZED = Environment(
    id="sized",
    version=0,
    description="a toy with features of workloads",
    space=space,
    cost_models={"sized": lambda settings: SizedModel()},
    workloads=dict.fromkeys((*SIZES, "between"), "of a size"),
    load_workload=lambda name, settings: SIZES.get(name, 300.0),
    objectives={"time": {"minimize": "time_s"}},
    workload_features=features,
)
NAMED = replace(SIZED, workload_features=None)


def problems_of(environment, names=tuple(SIZES)):
    """Return a problem for each workload."""
    return [environment.make_problem(name) for name in names]


def all_rows(problem):
    """Return all designs of the grid and what they cost."""
    width, cache = np.divmod(np.arange(48), 4)
    batch = problem.space.encode(
        [
            {"width": int(w) + 1, "cache": ("none", "some", "much", "all")[c]}
            for w, c in zip(width, cache, strict=True)
        ]
    )
    return Rows.of(batch, problem.measure(batch))


def mixed_rows(environment, names=tuple(SIZES)):
    """Return all designs on each workload."""
    problems = problems_of(environment, names)
    return Rows.mixed(problems, [all_rows(problem) for problem in problems])
