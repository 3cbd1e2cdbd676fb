"""What summaries answer: one row per run, and curves of the best reward so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.results.catalogue import Complain, Run
from archgym.results.query.selection import identity, stored_rows, table_of
from archgym.results.store import Store
from archgym.results.summary import improvements

if TYPE_CHECKING:
    import pyarrow as pa

_IN_A_DECADE = 1, 2, 3, 5, 7
_CHUNK = 2_000
_COUNTED = "evaluations", "unique", "ask_seconds", "evaluate_seconds"


def run_rows(runs: Sequence[Run]) -> Iterator[pa.Table]:
    """Yield one row per run: its spec, state, best reward and costs.

    Where any run was re-checked, also by what, the best true reward, and what that took.
    """
    with_rechecks = any(run.spec.recheck is not None for run in runs)
    for start in range(0, len(runs), _CHUNK):
        yield table_of([_run_row(run, with_rechecks) for run in runs[start : start + _CHUNK]])


def _run_row(run: Run, with_rechecks: bool) -> dict[str, Any]:
    return {
        **identity(run),
        "state": run.state.value,
        "best_reward": run.best_reward if run.scored else None,
        **(_recheck_cells(run) if with_rechecks else {}),
        **{name: run.summary.get(name) for name in _COUNTED},
    }


def _recheck_cells(run: Run) -> dict[str, Any]:
    done = run.rechecked is not None
    return {
        "recheck": run.spec.recheck_label,
        "rechecked": run.true_reward if done else None,
        "true_evaluations": run.true_evaluations if done else None,
    }


def curves(
    store: Store, runs: Sequence[Run], complain: Complain | None = None
) -> Iterator[pa.Table]:
    """Yield the best reward so far after 1, 2, 3, 5, 7, 10, 20, ... evaluations of each run.

    Finished runs are read from their summaries, others from their rows.

    Args:
        store: The store.
        runs: Of it.
        complain: Is told of runs with damaged rows, which are left out.

    Raises:
        StoreError: Rows are damaged, and nobody is to be told.
    """
    import pyarrow as pa

    for start in range(0, len(runs), _CHUNK):
        told = [(run, *_curve(store, run, complain)) for run in runs[start : start + _CHUNK]]
        counts = [len(steps) for _, steps, _ in told]
        if not sum(counts):
            continue
        repeated = np.repeat(np.arange(len(told)), counts)
        table = table_of([identity(run) for run, _, _ in told]).take(repeated)
        steps = pa.array(np.concatenate([steps for _, steps, _ in told]))
        best = pa.array(np.concatenate([best for _, _, best in told]))
        yield table.append_column("evaluations", steps).append_column("best_reward", best)


def _curve(
    store: Store, run: Run, complain: Complain | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    found, last = _improvements(store, run, complain)
    if not found:
        return np.empty(0, dtype=np.int64), np.empty(0)
    at, reward = np.array(found, dtype=np.float64).T
    steps = log_steps(last)
    return steps, reward[np.searchsorted(at, steps, side="right") - 1]


def _improvements(store: Store, run: Run, complain: Complain | None) -> tuple[list[Any], int]:
    told = run.summary.get("improvements")
    if told is not None:
        return list(told), int(run.summary["evaluations"])
    rows = stored_rows(store, run, complain)
    return ([], 0) if rows is None else (improvements(rows["reward"].to_numpy()), len(rows))


def log_steps(last: int) -> NDArray[np.int64]:
    """Return 1, 2, 3, 5, 7, 10, 20, ... below ``last``, and ``last``."""
    decades = range(len(str(last)))
    steps = [step * 10**decade for decade in decades for step in _IN_A_DECADE]
    return np.array([step for step in steps if step < last] + [last], dtype=np.int64)
