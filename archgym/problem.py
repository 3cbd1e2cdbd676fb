"""A design space, a cost model, a workload and an objective: what agents search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.errors import SettingError
from archgym.measure import Measure, measure_safely
from archgym.objective import Objective
from archgym.objective_spec import Spec
from archgym.outcome import Measurements, Outcomes, Status
from archgym.registry import environments
from archgym.space import DesignSpace

if TYPE_CHECKING:
    import pandas as pd

    from archgym.environment import Environment


@dataclass(frozen=True)
class Problem:
    """One thing to optimise. See `archgym.make_problem`.

    Attributes:
        env: Versioned id of the environment, for example ``dram-v0``.
        workload: What the hardware runs, in the form the cost model takes.
        workload_name: A registered name or the path of a file.
        objective_spec: The objective as data, part of a run's identity.
        settings: All settings of the environment, defaults filled in; those that were added to
            it later only where they are not at their default.
        baselines: Name -> a well-known design, to be compared with.
        features_of: What tells the environment's workloads apart, see `workload_features`.
        environment: What made it; None for one that was put together by hand.
    """

    env: str
    space: DesignSpace
    cost_model: CostModel
    workload: Any
    objective: Objective
    workload_name: str = ""
    objective_spec: Spec = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    features_of: Callable[[Any], Mapping[str, float]] | None = None
    environment: Environment | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Environments hold functions that do not travel: one that is registered travels by name.

        Any other stays behind.
        """
        made = self.environment
        known = made is not None and made.id in environments.names()
        name = made.id if made and known and environments.get(made.id) is made else None
        return {**self.__dict__, "environment": name}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        name = state["environment"]
        self.__dict__.update(state)
        self.__dict__["environment"] = None if name is None else environments.get(name)

    def evaluate(self, designs: Any) -> pd.DataFrame:
        """Evaluate designs given as a DataFrame, a mapping or a list of mappings.

        Returns:
            One row per design, in order: the design, the metrics, reward, status, error, and
            what the cost model remarks.

        Raises:
            InvalidDesignError: A parameter is unknown or a value outside its domain.
        """
        import pandas as pd

        batch = self.space.encode(designs)
        outcomes = self.outcomes(batch).frame()
        for metric in self.cost_model.metrics:
            if metric.words:
                outcomes[metric.name] = metric.shown(outcomes[metric.name].to_numpy())
        table = pd.concat([batch.frame(), outcomes], axis=1)
        return table.assign(**self.cost_model.remarks(batch), **self.cost_model.provenance)

    def outcomes(self, batch: Batch) -> Outcomes:
        """Return the outcomes of a batch; never raises for a design of the space."""
        return self.score(self.measure(batch))

    def measure(self, batch: Batch, run: Measure | None = None) -> Measurements:
        """Return measurements of a batch; designs that break a constraint are not run.

        Args:
            batch: The designs.
            run: What calls the cost model; the model itself unless given.
        """
        run = run or self.run
        if not self.space.constraints:
            return measure_safely(run, batch, self.metric_names)
        broken = self.space.violations(batch)
        if not broken:
            return measure_safely(run, batch, self.metric_names)
        allowed = np.ones(len(batch), dtype=bool)
        allowed[list(broken)] = False
        measured = measure_safely(run, batch.select(allowed), self.metric_names)
        return _spread(measured, allowed, broken, self.metric_names)

    def run(self, batch: Batch) -> Measurements:
        """Call the cost model."""
        return self.cost_model.evaluate(batch, self.workload)

    def score(self, measured: Measurements) -> Outcomes:
        """Return the objective's verdict on measurements."""
        return self.objective.score(measured, self.reference)

    @cached_property
    def workload_features(self) -> Mapping[str, float]:
        """Numbers that decide what designs cost on the workload; empty if none are declared."""
        return {} if self.features_of is None else self.features_of(self.workload)

    @cached_property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the cost model's metrics, in order."""
        return tuple(metric.name for metric in self.cost_model.metrics)

    @cached_property
    def default_measured(self) -> Measurements:
        """What is measured of the default design; evaluated once, beside any budget."""
        return self.measure(self.space.default)

    def measure_default(self, run: Measure) -> None:
        """Measure the default design by way of ``run``, unless it was measured before."""
        if "default_measured" not in self.__dict__:
            self.__dict__["default_measured"] = self.measure(self.space.default, run)

    @cached_property
    def reference(self) -> dict[str, float]:
        """Metrics of the default design, with which rewards compare; evaluated once.

        Raises:
            SettingError: The default design fails, or lacks a metric that the objective needs.
        """
        if not self.objective.compared:
            return {}
        measured = self.default_measured
        if measured.status[0] != Status.OK:
            raise SettingError(f"the default design of {self.env} fails: {measured.error[0]}")
        reference = {name: float(values[0]) for name, values in measured.metrics.items()}
        for metric in self.objective.compared:
            value = reference[metric.name]
            if not np.isfinite(value) or (value <= 0 and not metric.signed):
                raise SettingError(
                    f"objective {self.objective.name!r}: {metric.name} of the default design"
                    f" is {value:g} on workload {self.workload_name!r}, so nothing compares to it"
                )
        return reference


def _spread(
    measured: Measurements, allowed: Any, broken: Mapping[int, str], names: tuple[str, ...]
) -> Measurements:
    """Return measurements of all rows: those of the allowed ones, a violation for the others."""
    count = len(allowed)
    metrics = {name: np.full(count, np.nan) for name in names}
    violation, status = np.ones(count), np.zeros(count, dtype=np.uint8)
    for name in names:
        metrics[name][allowed] = measured.metrics[name]
    violation[allowed], status[allowed] = measured.violation, measured.status
    rows = np.flatnonzero(allowed).tolist()
    error = {rows[row]: text for row, text in measured.error.items()} | dict(broken)
    return Measurements(metrics, violation, status, error)
