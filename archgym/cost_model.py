"""The contract of everything that can say what a design costs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.metric import Metric
from archgym.outcome import Measurements
from archgym.space import DesignSpace
from archgym.workload_graph import WorkloadGraph

BETWEEN_REMARKS = "; "


class CostModel(ABC):
    """A simulator, an analytical model, a tool adapter or a learned model.

    Deterministic: the same design and workload give the same metrics, alone or in a batch.

    Attributes:
        name: What ``--cost-model`` and stored runs call it.
        version: Changes whenever any number it returns may change; part of every run's identity.
        fidelity: Its place among the models of its family, for example "simulator".
        metrics: The declared metrics, in the order of tables.
        sources: Papers, standards or simulators it follows.
        leaves_out: What it does not model.
        checked_against: What it was compared with, and how well it agreed.
        detail_file: What files of detail are called, from ``row`` (from 0) and ``table``.
        provenance: Further texts that tables of results carry, column name -> text: which tool
            the numbers come from.
    """

    name: str
    version: str
    fidelity: str = "simulator"
    metrics: tuple[Metric, ...]
    sources: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    checked_against: tuple[str, ...] = ()
    detail_file: str = "row-{row}-{table}.csv"

    @property
    def provenance(self) -> Mapping[str, str]:
        return {}

    def remarks(self, batch: Batch) -> Mapping[str, Sequence[str]]:
        """Return further texts that tables of results carry, column -> a text per design.

        Several remarks on a design have `BETWEEN_REMARKS` between them.
        """
        return {}

    @abstractmethod
    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        """Return the measurements of each design on ``workload``."""

    def for_workload(self, workload: Any) -> CostModel:
        """Return a model with the metrics that a workload has, itself unless overridden."""
        return self

    def admitted(self, space: DesignSpace) -> DesignSpace:
        """Return a space that refuses what this model cannot evaluate, itself by default."""
        return space

    def focused(self, metrics: tuple[str, ...]) -> CostModel:
        """Return a model that may leave out all but some metrics to save time, else itself."""
        return self

    def graph(self, workload: Any) -> WorkloadGraph | None:
        """Return a workload as a graph, for agents that look at it; none unless overridden."""
        return None

    def detail(self, design: Batch, workload: Any) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return tables about one design (name -> column -> values), none unless overridden."""
        return {}

    def export(self, design: Batch, workload: Any) -> Mapping[str, str | bytes]:
        """Return one design in its own tool's format: path -> content, none unless overridden."""
        return {}
