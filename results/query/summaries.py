"""What summaries answer: one row per run, and curves of the best reward so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.results.catalogue import Run, best_so_far
from archgym.results.query.selection import identity, table_of
from archgym.results.store import State, Store

if TYPE_CHECKING:
    import pyarrow as pa

_IN_A_DECADE = 1, 2, 3, 5, 7
_CHUNK = 2_000
_COUNTED = "evaluations", "unique", "ask_seconds", "evaluate_seconds"


def run_rows(runs: Sequence[Run]) -> Iterator[pa.Table]:
    """Yield one row per run: its spec, state, best reward and costs."""
    for start in range(0, len(runs), _CHUNK):
        yield table_of([_run_row(run) for run in runs[start : start + _CHUNK]])


def _run_row(run: Run) -> dict[str, Any]:
    return {
        **identity(run),
        "state": run.state.value,
        "best_reward": run.best_reward if run.scored else None,
        **{name: run.summary.get(name) for name in _COUNTED},
    }


def curves(store: Store, runs: Sequence[Run]) -> Iterator[pa.Table]:
    """Yield the best reward so far after 1, 2, 3, 5, 7, 10, 20, ... evaluations of each run.

    Finished runs are read from their summaries, others from their rows.

    Raises:
        StoreError: Rows are damaged.
    """
    import pyarrow as pa

    for start in range(0, len(runs), _CHUNK):
        told = [(run, *_curve(store, run)) for run in runs[start : start + _CHUNK]]
        counts = [len(steps) for _, steps, _ in told]
        if not sum(counts):
            continue
        repeated = np.repeat(np.arange(len(told)), counts)
        table = table_of([identity(run) for run, _, _ in told]).take(repeated)
        steps = pa.array(np.concatenate([steps for _, steps, _ in told]))
        best = pa.array(np.concatenate([best for _, _, best in told]))
        yield table.append_column("evaluations", steps).append_column("best_reward", best)


def _curve(store: Store, run: Run) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    found, last = _improvements(store, run)
    if not found:
        return np.empty(0, dtype=np.int64), np.empty(0)
    at, reward = np.array(found, dtype=np.float64).T
    steps = log_steps(last)
    return steps, reward[np.searchsorted(at, steps, side="right") - 1]


def _improvements(store: Store, run: Run) -> tuple[list[Any], int]:
    folder = store.folder(run.spec)
    if run.state == State.DONE:
        return best_so_far(folder, run.summary), int(run.summary["evaluations"])
    from archgym.results.reader import read_rows
    from archgym.results.summary import improvements

    rows = read_rows(folder)
    return ([], 0) if rows is None else (improvements(rows["reward"].to_numpy()), len(rows))


def log_steps(last: int) -> NDArray[np.int64]:
    """Return 1, 2, 3, 5, 7, 10, 20, ... below ``last``, and ``last``."""
    decades = range(len(str(last)))
    steps = [step * 10**decade for decade in decades for step in _IN_A_DECADE]
    return np.array([step for step in steps if step < last] + [last], dtype=np.int64)
