"""The trials of a benchmark that a store holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from archgym.errors import StoreError
from archgym.problem import Problem
from archgym.results.benchmark import Benchmark
from archgym.results.benchmark_scores import Entrant, Trial
from archgym.results.catalogue import Complain
from archgym.results.leaderboard import Run, load_runs
from archgym.results.reader import measurements_of, read_rows
from archgym.results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

Cell = tuple[int, int]
Runs = dict[Cell, Run]


def runs_by_entrant(
    store: Store, benchmark: Benchmark, complain: Complain | None = None
) -> list[Runs]:
    """Return, per agent and hyper-parameters, the finished runs of each problem and seed.

    Runs of other problems, budgets, seeds, or versions of the cost model are not of the benchmark.
    """
    found: dict[str, Runs] = defaultdict(dict)
    keys = benchmark.problem_keys
    for run in load_runs(store, complain):
        spec = run.spec
        own = json.dumps((spec.agent, spec.agent_version, spec.hyperparameters), sort_keys=True)
        if spec.seed >= benchmark.seeds or spec.budget != benchmark.budget:
            continue
        at = keys.get(spec.problem_key)
        if at is not None:
            entrant = found[own]
            if run.scored:
                entrant[at, spec.seed] = run
    return [runs for runs in found.values() if runs]


def entrants_of(
    store: Store, benchmark: Benchmark, complain: Complain | None = None
) -> list[Entrant]:
    """Return the entrants of a store, complete or not.

    Raises:
        StoreError: There is none; says what the store holds instead.
    """
    groups = runs_by_entrant(store, benchmark, complain)
    if not groups:
        raise StoreError(
            f"{store.path}: no finished run of {benchmark.name}; make some with"
            f" `archgym leaderboard launch {benchmark.name} --agent NAME --store {store.path}`"
        )
    problems: dict[int, Problem] = {}
    return [_entrant(store, benchmark, runs, problems) for runs in groups]


def _entrant(
    store: Store, benchmark: Benchmark, runs: Runs, problems: dict[int, Problem]
) -> Entrant:
    spec = next(iter(runs.values())).spec
    trials = {}
    for (at, seed), run in sorted(runs.items()):
        if benchmark.problems[at].reference and at not in problems:
            problems[at] = benchmark.problems[at].make()
        trials[at, seed] = trial_of(run, rows_of(store, run), problems.get(at))
    return Entrant(
        spec.agent,
        spec.agent_version,
        spec.hyperparameters,
        trials,
        versions_of(store, runs.values()),
        str(store.path),
    )


def rows_of(store: Store, run: Run) -> pa.Table:
    """Return the rows of a finished run.

    Raises:
        StoreError: They are gone or damaged.
    """
    folder = store.folder(run.spec)
    rows = read_rows(folder)
    if rows is None or len(rows) != run.summary["evaluations"]:
        raise StoreError(f"{folder.path}: rows are missing that its summary tells of")
    return rows


def trial_of(run: Run, rows: pa.Table, problem: Problem | None) -> Trial:
    """Return a trial as stored; the problem is needed where it has several objectives."""
    took = rows["ask_us"].to_numpy().astype(np.float64) + rows["evaluate_us"].to_numpy()
    values = rows["reward"].to_numpy()
    if problem is not None:
        values = problem.score(measurements_of(rows, problem)).objectives
    return Trial(
        run=run.spec.run_id,
        evaluations=len(rows),
        unique=run.summary["unique"],
        agent_s=run.summary["ask_seconds"],
        cost_model_s=run.summary["evaluate_seconds"],
        count=np.arange(1.0, len(rows) + 1.0),
        seconds=np.cumsum(took) / 1e6,
        values=values,
    )


def versions_of(store: Store, runs: Iterable[Run]) -> dict[str, list[str]]:
    """Return library -> the versions that runs were made with; ``commit`` is archgym's own."""
    found: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        told = store.folder(run.spec).read_run()
        for name, version in told.get("versions", {}).items():
            found[name].add(str(version))
        code = told.get("code", {}).get("archgym")
        if code is not None:
            found["commit"].add(code["commit"] + (" and changes" if code["dirty"] else ""))
    return {name: sorted(versions) for name, versions in found.items()}
