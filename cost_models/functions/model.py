"""The test functions as cost models."""

from __future__ import annotations

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.functions.bbob import Floats, Instance
from archgym.cost_models.functions.fronts import FRONTS
from archgym.metric import Metric
from archgym.outcome import Measurements


class PrecisionModel(CostModel):
    """How far a point's value lies above the optimal value of a bbob function."""

    name = "exact"
    version = "1"
    fidelity = "analytical"
    metrics = (Metric("precision", "1", "minimize", "value minus the optimal value, 0 at best"),)
    sources = ("bbob, noiseless functions (INRIA RR-6829), with COCO's instances",)
    checked_against = ("coco-experiment 2.8.2: differences of values equal to 12 digits",)

    def evaluate(self, batch: Batch, workload: Instance) -> Measurements:
        return Measurements.of({"precision": workload(points(batch))})


class FrontModel(CostModel):
    """The values of two or three objectives.

    Args:
        objectives: How many.
    """

    name = "exact"
    version = "1"
    fidelity = "analytical"
    sources = ("ZDT (Zitzler, Deb, Thiele 2000)", "DTLZ (Deb, Thiele, Laumanns, Zitzler 2002)")
    checked_against = ("pymoo 0.6.2's implementations, to 12 digits",)

    def __init__(self, objectives: int):
        self._objectives = objectives
        self.metrics = tuple(
            Metric(f"f{at + 1}", "1", "minimize", "objective", signed=True)
            for at in range(objectives)
        )

    def evaluate(self, batch: Batch, workload: str) -> Measurements:
        values = FRONTS[workload](points(batch), self._objectives)
        return Measurements.of({m.name: values[:, at] for at, m in enumerate(self.metrics)})


def points(batch: Batch) -> Floats:
    """Return the points that designs stand for, shape (n, dimensions)."""
    return np.stack([batch[name].astype(np.float64) for name in batch.space.names], axis=1)
