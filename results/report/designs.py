"""The designs behind the rewards of one problem: the good ones, the fronts, what matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import StoreError
from archgym.outcome import Status
from archgym.results.leaderboard import Run
from archgym.results.reader import read_rows
from archgym.results.schema import Columns
from archgym.results.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from archgym.problem import Problem

Floats = NDArray[np.float64]
MOST_RUNS = 100
_MOST_ROWS = 50_000


@dataclass(frozen=True)
class Designs:
    """Different designs that runs of one problem evaluated.

    Attributes:
        agent: Who evaluated it first (by run), shape (n,).
        codes: Shape (n, axes).
        metrics: Name -> values, those that the objective looks at.
        reward: Shape (n,).
        feasible: Shape (n,).
        runs: How many runs they are from.
    """

    agent: NDArray[np.str_]
    codes: Floats
    metrics: Mapping[str, Floats]
    reward: Floats
    feasible: NDArray[np.bool_]
    runs: int

    def select(self, rows: Any) -> Designs:
        """Return those that a numpy index or mask picks."""
        metrics = {name: values[rows] for name, values in self.metrics.items()}
        kept = self.agent[rows], self.codes[rows], metrics, self.reward[rows], self.feasible[rows]
        return Designs(*kept, self.runs)


def load_designs(store: Store, runs: Sequence[Run], problem: Problem) -> Designs:
    """Return the designs of some runs: of all where they are few, else of best and typical ones.

    Raises:
        StoreError: A file is damaged, or holds another design space or cost model.
    """
    import pandas as pd

    chosen = _choose(runs)
    columns = Columns.of(problem)
    of_metric = dict(zip(problem.metric_names, columns.metrics, strict=True))
    looked_at = {name: of_metric[name] for name in problem.objective.metrics}
    names = [*columns.axes, *looked_at.values(), "status", "reward"]
    frames = [_frame(store, run, names) for run in chosen]
    frame = pd.concat(frames, keys=range(len(frames))).drop_duplicates(list(columns.axes))
    agents = np.array([run.spec.agent for run in chosen])
    return Designs(
        agents[frame.index.get_level_values(0)],
        frame[list(columns.axes)].to_numpy(dtype=np.float64),
        {name: frame[column].to_numpy(dtype=np.float64) for name, column in looked_at.items()},
        frame["reward"].to_numpy(dtype=np.float64),
        frame["status"].to_numpy() == Status.OK,
        len(chosen),
    )


def _frame(store: Store, run: Run, names: Sequence[str]) -> pd.DataFrame:
    folder = store.folder(run.spec)
    rows = read_rows(folder)
    if rows is None or not set(names) <= set(rows.column_names):
        raise StoreError(f"{folder.path}: its rows are not of {run.spec.problem_label}")
    return rows.select(names).to_pandas()


def _choose(runs: Sequence[Run]) -> list[Run]:
    """Return the best runs and as many evenly spaced among the rest, within the limits."""
    ordered = sorted(runs, key=lambda run: (-run.best_reward, run.spec.run_id))
    evaluations = max(run.summary["evaluations"] for run in runs)
    most = max(2, min(MOST_RUNS, _MOST_ROWS // evaluations))
    if len(ordered) <= most:
        return ordered
    best, rest = ordered[: most // 2], ordered[most // 2 :]
    spaced = np.linspace(0, len(rest) - 1, most - len(best)).round().astype(int)
    return best + [rest[at] for at in spaced.tolist()]
