"""What all cost models of sized circuits share: metrics, corners and mismatch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.analog.circuit import COMPARATOR, Circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.metrics import (
    DELAYS,
    MERIT,
    METRICS,
    MISMATCH,
    REJECTION,
    SLEW,
)
from archgym.cost_models.analog.worst import case_table, worst_of
from archgym.metric import Metric
from archgym.outcome import Measurements

CASES = "cases"


class CircuitModel(CostModel):
    """Measures sized circuits under conditions: each metric is the worst over all cases.

    Args:
        conditions: Corners, mismatch, sweep, what is left out.
    """

    metrics: tuple[Metric, ...] = METRICS

    def __init__(self, conditions: Conditions):
        self.conditions = conditions
        self.metrics = declared_metrics(conditions)

    @abstractmethod
    def measure_case(self, batch: Batch, workload: Circuit, case: Conditions) -> Measurements:
        """Return what is measured at one corner of one sample, in `metrics`."""

    @abstractmethod
    def renewed(self, conditions: Conditions) -> CircuitModel:
        """Return a model like this one under other conditions."""

    def evaluate(self, batch: Batch, workload: Circuit) -> Measurements:
        """Return the metrics of designs, NaN where a circuit does not have them.

        Raises:
            SettingError: What simulates a design's process is not installed.
        """
        cases = self.conditions.cases()
        measured = [self.measure_case(batch, workload, case) for case in cases]
        return worst_of(cases, measured, self.metrics, workload.bench)

    def detail(self, design: Batch, workload: Circuit) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the metrics case by case, where there are several cases."""
        cases = self.conditions.cases()
        if len(cases) == 1:
            return {}
        measured = [self.measure_case(design, workload, case) for case in cases]
        return {CASES: case_table(cases, measured)}

    def focused(self, metrics: tuple[str, ...]) -> CostModel:
        wanted = set(metrics)
        conditions = replace(
            self.conditions,
            slew=self.conditions.slew and SLEW in wanted,
            delay=bool(wanted & {MERIT, *_names(DELAYS)}),
            rejection=self.conditions.rejection and bool(wanted & _names(REJECTION)),
        )
        return self._like(conditions, self.metrics)

    def for_workload(self, workload: Any) -> CostModel:
        if workload.bench != COMPARATOR or DELAYS[0] in self.metrics:
            return self
        return self._like(self.conditions, (*self.metrics, *DELAYS))

    def _like(self, conditions: Conditions, metrics: tuple[Metric, ...]) -> CircuitModel:
        model = self.renewed(conditions)
        model.metrics = metrics
        return model


def declared_metrics(conditions: Conditions) -> tuple[Metric, ...]:
    """Return the metrics that tables have under these conditions."""
    rejection = REJECTION if conditions.rejection else ()
    return (*METRICS, *rejection, *(MISMATCH if conditions.mismatch_samples else ()))


def _names(metrics: tuple[Metric, ...]) -> set[str]:
    return {metric.name for metric in metrics}
