"""A cost model that asks a tool in a process of its own, design by design."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.tool_process import ToolFailedError, ToolProcess, ToolTimeoutError
from archgym.outcome import Measurements, Status, concatenate


class ToolModel(CostModel):
    """Asks for one design at a time; a failure costs that design alone.

    Args:
        tool: Answers requests.
    """

    fidelity = "external simulator"

    def __init__(self, tool: ToolProcess):
        self._tool = tool

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        return concatenate([self._one(batch.select([row]), workload) for row in range(len(batch))])

    @abstractmethod
    def ask(self, tool: ToolProcess, design: Batch, workload: Any) -> Mapping[str, float] | str:
        """Return the metrics of one design, or why it is infeasible."""

    def close(self) -> None:
        """End the tool's process; it is started again when needed."""
        self._tool.close()

    def _one(self, design: Batch, workload: Any) -> Measurements:
        names = [metric.name for metric in self.metrics]
        try:
            found = self.ask(self._tool, design, workload)
        except ToolTimeoutError as error:
            return Measurements.failed(names, Status.TIMEOUT, str(error))
        except ToolFailedError as error:
            return Measurements.failed(names, Status.CRASHED, str(error))
        if isinstance(found, str):
            unknown = {name: np.full(1, np.nan) for name in names}
            return Measurements(unknown, np.ones(1), np.zeros(1, dtype=np.uint8), {0: found})
        return Measurements.of({name: [found[name]] for name in names})
