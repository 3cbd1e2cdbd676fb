"""Rows that surrogates are trained on: from a store, or measured for the purpose."""

from __future__ import annotations

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.learned.rows import Rows
from archgym.errors import StoreError
from archgym.experiments.plan import open_spec
from archgym.outcome import concatenate
from archgym.problem import Problem
from archgym.results.evaluations import evaluations_of
from archgym.results.reader import history_of, read_rows
from archgym.results.store import Store

_CHUNK = 1024


def rows_of_store(store: Store, env: str, problem: Problem, cost_model: str) -> Rows:
    """Return all evaluations of a problem's cost model in a store, whatever the objective.

    Raises:
        StoreError: There are none, or a file is damaged.
    """
    key, batches, parts = open_spec(env, problem, cost_model).table_key, [], []
    for found in evaluations_of(store):
        if found.spec.table_key == key:
            table = read_rows(found.folder)
            if table is not None:
                history = history_of(table, problem)
                batches.append(history.batch.codes)
                parts.append(history.measurements)
    if not parts:
        raise StoreError(
            f"{store.address}: no evaluations of {problem.env}, workload"
            f" {problem.workload_name!r}, with these settings and cost model {cost_model!r}"
        )
    return Rows.of(Batch(problem.space, np.concatenate(batches)), concatenate(parts))


def measured_rows(problem: Problem, count: int, seed: int | np.random.Generator) -> Rows:
    """Return random designs, measured now."""
    batch = problem.space.sample(np.random.default_rng(seed), count)
    parts = [
        problem.measure(batch.select(slice(start, start + _CHUNK)))
        for start in range(0, count, _CHUNK)
    ]
    return Rows.of(batch, concatenate(parts))
