"""Gathering the evaluations of runs into a dataset."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import as_cells
from archgym.errors import StoreError
from archgym.outcome import Status
from archgym.problem import Problem
from archgym.results.dataset import (
    ABOUT,
    Dataset,
    DatasetCard,
    content_hash,
    find_dataset,
    next_version,
    packed,
    write_dataset,
)
from archgym.results.evaluations import Evaluations, evaluations_of
from archgym.results.reader import batch_of, measurements_of, read_rows
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

_RUNS = "runs"  # which the card names anyway
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Selection:
    """Which runs and rows go into a dataset; what is empty takes all.

    Attributes:
        envs: Ids of environments.
        workloads: Names, or base names of files.
        agents: Names of agents.
        cost_models: Names of cost models.
        settings: ``name=value`` of the environment's settings, values as texts.
        statuses: Words of `Status`, by the cost model alone.
        runs: Ids of runs.
    """

    envs: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    cost_models: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    def takes(self, found: Evaluations) -> bool:
        """Return whether evaluations of a run are wanted."""
        spec = found.spec
        wanted = (
            (self.envs, spec.env),
            (self.workloads, _workload(spec)),
            (self.agents, spec.agent),
            (self.cost_models, spec.cost_model),
            (self.runs, found.run_id),
        )
        alike = all(not allowed or value in allowed for allowed, value in wanted)
        return alike and {*self.settings} <= _settings(spec)


def build_dataset(
    store: Store, name: str, selection: Selection, progress: Progress = lambda done, all_: None
) -> Dataset:
    """Return a new dataset of a store's runs, finished or not, or the newest if it is the same.

    Rows come in the order of the runs' paths and steps; of designs that provably behave alike on
    a workload the first is taken. The same store gives the same bytes. Re-checked designs are
    evaluations of the true cost model, their steps the order in which they were re-checked.

    Args:
        store: Where the runs lie, and where the dataset goes.
        name: Of the dataset.
        selection: Which runs and rows.
        progress: Is told how many runs are read, and how many there are.

    Raises:
        StoreError: No rows are chosen, they are of several spaces or cost models, or a file is
            damaged or cannot be written.
    """
    number = next_version(store, name)
    chosen = [found for found in evaluations_of(store) if selection.takes(found)]
    _check_alike(store, [found.spec for found in chosen])
    gatherer = _Gatherer(selection.statuses)
    for done, found in enumerate(chosen, start=1):
        gatherer.take(found)
        progress(done, len(chosen))
    table = gatherer.table()
    if table is None:
        raise StoreError(f"{store.address}: no evaluations of that selection")
    content = packed(table)
    card = _card(name, number, chosen[0].spec, selection, gatherer, table, content_hash(content))
    newest = find_dataset(store, name) if number > 1 else None
    if newest is not None and newest.card.data_sha256 == card.data_sha256:
        return newest
    return write_dataset(store, card, content)


def _check_alike(store: Store, specs: Collection[TrialSpec]) -> None:
    """Refuse to mix what cannot stand in one table.

    Raises:
        StoreError: There is nothing, or several environments, settings or cost models.
    """
    if not specs:
        raise StoreError(f"{store.address}: no runs of that selection")
    for what, values in _properties(specs).items():
        if len(values) > 1:
            raise StoreError(
                f"{store.address}: a dataset is of one kind, and the runs chosen differ in"
                f" {what}: {', '.join(sorted(values))}; choose one of them"
            )


def _properties(specs: Collection[TrialSpec]) -> dict[str, set[str]]:
    """Return all that must be the same throughout, and the values found."""
    found: dict[str, set[str]] = defaultdict(set)
    for spec in specs:
        found["environment (--env)"].add(f"{spec.env}-v{spec.env_version}")
        model = f"{spec.cost_model} {spec.cost_model_version}"
        found["cost model (--cost-model)"].add(model)
    for spec in specs:
        for text in _settings(spec):
            found[f"setting {text.partition('=')[0]!r} (--set)"].add(text)
    return found


def _settings(spec: TrialSpec) -> set[str]:
    return {f"{name}={value}" for name, value in spec.data["settings"].items()}


class _Gatherer:
    """Takes run after run; keeps each design of a workload once."""

    def __init__(self, statuses: Collection[str]):
        self._statuses = statuses
        self._problems: dict[str, Problem] = {}
        self._known: dict[str, set[bytes]] = defaultdict(set)
        self._parts: list[pa.Table] = []
        self.repeats = 0
        self.parameters: list[str] = []
        self.metrics: list[str] = []

    def take(self, found: Evaluations) -> None:
        """Take the rows of a run."""
        spec, rows = found.spec, read_rows(found.folder)
        if rows is None:
            return
        problem = self._problem(spec)
        kept = self._new(spec.table_key, batch_of(rows, problem).keys())
        self.repeats += len(rows) - len(kept)
        part = _part(rows.take(kept), problem, found)
        if self._statuses:
            part = part.filter(_among(part["status"], self._statuses))
        self._parts.append(part)

    def table(self) -> pa.Table | None:
        """Return all rows, None if there are none."""
        import pyarrow as pa

        parts = [part for part in self._parts if len(part)]
        return pa.concat_tables(parts).combine_chunks() if parts else None

    def _problem(self, spec: TrialSpec) -> Problem:
        if spec.table_key not in self._problems:
            problem = spec.make_problem()
            parameters, metrics = list(problem.space.names), list(problem.metric_names)
            if self.parameters and parameters != self.parameters:
                raise StoreError(
                    f"workload {_workload(spec)!r} has other parameters than the workloads before;"
                    " build a dataset of each"
                )
            self.parameters, self.metrics = parameters, metrics
            self._problems[spec.table_key] = problem
        return self._problems[spec.table_key]

    def _new(self, key: str, designs: list[bytes]) -> NDArray[np.int64]:
        known, kept = self._known[key], []
        for row, design in enumerate(designs):
            if design not in known:
                known.add(design)
                kept.append(row)
        return np.array(kept, dtype=np.int64)


def _part(rows: pa.Table, problem: Problem, found: Evaluations) -> pa.Table:
    import pyarrow as pa

    spec = found.spec
    batch, measured = batch_of(rows, problem), measurements_of(rows, problem)
    columns: dict[str, Any] = {n: as_cells(values) for n, values in batch.columns().items()}
    columns |= measured.metrics
    about = (
        measured.violation,
        _status_words(measured.status, measured.violation),
        *([value] * len(rows) for value in (_workload(spec), spec.agent)),
        np.full(len(rows), spec.seed, dtype=np.int64),
        [found.run_id] * len(rows),
        rows["step"].to_numpy().astype(np.int32),
    )
    return pa.table(columns | dict(zip(ABOUT, about, strict=True)))


def _status_words(status: NDArray[np.uint8], violation: NDArray[np.float64]) -> list[str]:
    infeasible = (status == Status.OK) & (violation > 0)
    codes = np.where(infeasible, np.uint8(Status.INFEASIBLE), status)
    return [Status(code).label for code in codes.tolist()]


def _among(column: Any, words: Collection[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(column, value_set=pa.array(sorted(words)))


def _workload(spec: TrialSpec) -> str:
    return PurePath(spec.workload).name if "workload" in spec.content else spec.workload


def _card(
    name: str,
    number: int,
    spec: TrialSpec,
    selection: Selection,
    gatherer: _Gatherer,
    table: pa.Table,
    data_sha256: str,
) -> DatasetCard:
    counts = {
        key: dict(Counter(table[key].to_pylist())) for key in ("workload", "agent", "status")
    }
    return DatasetCard(
        name=name,
        version=number,
        env=spec.env,
        env_version=spec.env_version,
        settings=spec.data["settings"],
        cost_model=spec.cost_model,
        cost_model_version=spec.cost_model_version,
        parameters=gatherer.parameters,
        metrics=gatherer.metrics,
        filters={key: list(v) for key, v in asdict(selection).items() if v and key != _RUNS},
        rows=len(table),
        repeats=gatherer.repeats,
        workloads=counts["workload"],
        agents=counts["agent"],
        statuses=counts["status"],
        runs=sorted(set(table["run"].to_pylist())),
        data_sha256=data_sha256,
        archgym=version("archgym"),
    )
