"""The designs that the true cost model evaluated in the end, beside what the search believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archgym.problem import Problem
from archgym.results.catalogue import Complain, Run
from archgym.results.query.designs import described
from archgym.results.query.selection import problem_cells, stored_rows, table_of
from archgym.results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa


def rechecked(
    store: Store, runs: Sequence[Run], complain: Complain | None = None
) -> Iterator[pa.Table]:
    """Yield each design that was re-checked: its rank and reward in the search, and the truth.

    Args:
        store: The store.
        runs: Of it; only finished ones with a re-check count.
        complain: Is told of runs with damaged rows.

    Raises:
        StoreError: Rows are damaged, or an environment is not installed.
    """
    told: list[dict[str, Any]] = []
    problems: dict[str, Problem] = {}
    for run in runs:
        stored = None if run.rechecked is None else stored_rows(store, run, complain, True)
        if run.rechecked is None or stored is None:
            continue
        truth = run.spec.true_spec
        key = truth.problem_key
        problem = problems[key] = problems.get(key) or truth.make_problem()
        rows = enumerate(described(run, problem, stored))
        told += [_row(run, run.rechecked, at, row) for at, row in rows]
    if told:
        yield table_of(told)


def _row(run: Run, block: Mapping[str, Any], at: int, row: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in ("run", "agent", "seed")}
    own |= {"rank": at + 1, "step": block["steps"][at], "predicted": block["predicted"][at]}
    return {
        **problem_cells(run),
        "recheck": run.spec.recheck_label,
        **own,
        "rechecked": row["reward"],
        **{name: value for name, value in row.items() if name not in (*own, "reward")},
    }
