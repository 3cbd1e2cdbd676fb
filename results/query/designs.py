"""What only rows answer: the best designs, Pareto fronts, all evaluations in native values.

``complain`` is told of runs with damaged rows, which are left out; without it they raise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.batch import as_cells
from archgym.errors import SettingError, UnknownNameError
from archgym.outcome import Status
from archgym.problem import Problem
from archgym.results.catalogue import Complain, Run
from archgym.results.optima import pareto_rows
from archgym.results.query.selection import (
    by_problem,
    identity,
    problem_cells,
    stored_rows,
    table_of,
)
from archgym.results.reader import batch_of, measurements_of
from archgym.results.schema import Columns
from archgym.results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

_SIGN = {"minimize": -1.0, "maximize": 1.0}


def rows(
    store: Store, runs: Sequence[Run], complain: Complain | None = None
) -> Iterator[pa.Table]:
    """Yield the evaluations of each run: parameters in native values, metrics, status, reward.

    The schema's fields carry the unit of each metric (``unit`` in their metadata).

    Raises:
        SettingError: The runs are of spaces or cost models with different columns.
        StoreError: Rows are damaged, or an environment is not installed.
    """
    first: tuple[str, pa.Schema] | None = None
    problems: dict[str, Problem] = {}
    for run in runs:
        stored = stored_rows(store, run, complain)
        if stored is None:
            continue
        key = run.spec.problem_key
        problem = problems[key] = problems.get(key) or run.spec.make_problem()
        table = _decoded(run, problem, stored)
        first = first or (run.spec.label, table.schema)
        if table.schema.names != first[1].names:
            raise SettingError(
                f"rows have different columns: {first[0]}, and {run.spec.label};"
                " choose one environment and cost model with --where"
            )
        yield table.cast(first[1])


def top(
    store: Store, runs: Sequence[Run], count: int = 10, complain: Complain | None = None
) -> Iterator[pa.Table]:
    """Yield each problem's best designs, each design once, the first run that found it named.

    Raises:
        StoreError: Rows are damaged, or an environment is not installed.
    """
    ranked: list[dict[str, Any]] = []
    for group in by_problem(runs).values():
        found: list[dict[str, Any]] = []
        problem = group[0].spec.make_problem()
        for run in sorted((r for r in group if r.scored), key=lambda r: -r.best_reward):
            if len(found) == count and run.best_reward <= found[-1]["reward"]:
                break
            stored = stored_rows(store, run, complain)
            if stored is not None:
                found = _merged(found, _best_rows(run, problem, stored, count), count)
        told = problem_cells(group[0])
        ranked += [{**told, "rank": rank, **row} for rank, row in enumerate(found, start=1)]
    if ranked:
        yield table_of(ranked)


def _merged(
    found: list[dict[str, Any]], more: list[dict[str, Any]], count: int
) -> list[dict[str, Any]]:
    known = {row["design"] for row in found}
    both = found + [row for row in more if row["design"] not in known]
    return sorted(both, key=lambda row: -row["reward"])[:count]


def _best_rows(run: Run, problem: Problem, stored: pa.Table, count: int) -> list[dict[str, Any]]:
    """Return a run's best designs, each once."""
    order = np.argsort(-stored["reward"].to_numpy(), kind="stable")
    keys = batch_of(stored, problem).keys()
    distinct = list({keys[row]: row for row in reversed(order.tolist())}.values())[::-1][:count]
    return described(run, problem, stored.take(np.array(distinct, dtype=np.int64)))


def front(
    store: Store,
    runs: Sequence[Run],
    metrics: Sequence[str] | None = None,
    complain: Complain | None = None,
) -> Iterator[pa.Table]:
    """Yield each problem's designs that no other dominates in some metrics, of all its runs.

    Args:
        store: The store.
        runs: Of which rows are read.
        metrics: At least two, each with a better direction; by default those that the objective
            looks at. Infeasible designs do not count.
        complain: Is told of runs with damaged rows.

    Raises:
        SettingError: A problem has fewer than two such metrics.
        UnknownNameError: A problem has no such metric.
        StoreError: Rows are damaged, or an environment is not installed.
    """
    fronts: list[dict[str, Any]] = []
    for group in by_problem(runs).values():
        problem = group[0].spec.make_problem()
        signs = _directions(group[0], problem, metrics)
        found: list[dict[str, Any]] = []
        for run in group:
            stored = stored_rows(store, run, complain)
            if stored is not None:
                found = _undominated(found + _own_front(run, problem, stored, signs), signs)
        fronts += [{**problem_cells(group[0]), **row} for row in found]
    if fronts:
        yield table_of(fronts)


def _directions(run: Run, problem: Problem, given: Sequence[str] | None) -> dict[str, float]:
    declared = {metric.name: metric.direction for metric in problem.cost_model.metrics}
    names = list(given or problem.objective.metrics)
    for name in names:
        if name not in declared:
            raise UnknownNameError("metric", name, declared)
    signs = {name: _SIGN[declared[name]] for name in names if declared[name] in _SIGN}
    neutral = [name for name in names if name not in signs]
    if given and neutral:
        raise SettingError(f"metric {neutral[0]!r} has no better direction, so it has no front")
    if len(signs) < 2:
        raise SettingError(
            f"{run.spec.problem_label}: a front needs two metrics, the objective looks at"
            f" {len(signs)}; name them with --metrics (known: {', '.join(declared)})"
        )
    return signs


def _own_front(
    run: Run, problem: Problem, stored: pa.Table, signs: dict[str, float]
) -> list[dict[str, Any]]:
    feasible = np.flatnonzero(stored["status"].to_numpy() == Status.OK)
    measured = measurements_of(stored, problem).metrics
    points = np.column_stack([sign * measured[name][feasible] for name, sign in signs.items()])
    kept = feasible[pareto_rows(points)] if len(points) else feasible
    return described(run, problem, stored.take(kept), list(signs))


def _undominated(found: list[dict[str, Any]], signs: dict[str, float]) -> list[dict[str, Any]]:
    points = np.array([[sign * row[name] for name, sign in signs.items()] for row in found])
    return [found[row] for row in pareto_rows(points)] if len(points) else []


def described(
    run: Run, problem: Problem, stored: pa.Table, metrics: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return rows as cells: run, step, reward, the metrics looked at, and the design as text."""
    names = list(metrics or problem.objective.metrics)
    measured = measurements_of(stored, problem).metrics
    batch, steps = batch_of(stored, problem), stored["step"].to_pylist()
    rewards, states = stored["reward"].to_pylist(), stored["status"].to_pylist()
    return [
        {
            "run": run.run_id,
            "agent": run.spec.agent,
            "seed": run.spec.seed,
            "step": steps[row],
            "reward": rewards[row],
            "status": Status(states[row]).label,
            **{name: float(measured[name][row]) for name in names},
            "design": " ".join(f"{key}={_cell(value)}" for key, value in design.items()),
        }
        for row, design in enumerate(batch.dicts())
    ]


def _cell(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _decoded(run: Run, problem: Problem, stored: pa.Table) -> pa.Table:
    """Return stored rows in native values, with the cells that tell their run."""
    import pyarrow as pa

    count, columns = len(stored), Columns.of(problem)
    units = {metric.name: metric.unit for metric in problem.cost_model.metrics}
    fields: list[tuple[str, Any, str]] = [
        (name, pa.array([value] * count), "") for name, value in identity(run).items()
    ]
    fields += [(name, stored[name].combine_chunks(), "") for name in ("step", "batch", "cached")]
    fields.append(("status", pa.array(_labels(stored)), ""))
    designs = batch_of(stored, problem).columns()
    for name, values in designs.items():
        fields.append((f"design.{name}", pa.array(as_cells(values).tolist()), ""))
    for metric, name in zip(problem.metric_names, columns.metrics, strict=True):
        fields.append((metric, stored[name].combine_chunks(), units[metric]))
    fields += [
        (name, stored[name].combine_chunks(), "us" if name.endswith("_us") else "")
        for name in ("violation", "reward", "error", "ask_us", "evaluate_us")
    ]
    schema = pa.schema(
        [pa.field(n, v.type, metadata={"unit": u} if u else None) for n, v, u in fields]
    )
    return pa.table([values for _, values, _ in fields], schema=schema)


def _labels(stored: pa.Table) -> list[str]:
    return [Status(status).label for status in stored["status"].to_pylist()]
