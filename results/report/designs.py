"""The designs behind the rewards of one problem: the good ones, the fronts, what matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import StoreError
from archgym.outcome import Status
from archgym.results.catalogue import Run
from archgym.results.reader import read_rows
from archgym.results.report.selection import folder_of
from archgym.results.schema import Columns
from archgym.results.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from archgym.problem import Problem

Floats = NDArray[np.float64]
MOST_RUNS = 100
_MOST_ROWS = 50_000
_AGENT = "agent of the run"  # no parameter's name: those hold no blanks


@dataclass(frozen=True)
class Designs:
    """The designs that each agent evaluated on one problem, each once per agent.

    Attributes:
        agent: Who evaluated it, shape (n,).
        codes: Shape (n, axes).
        metrics: Name -> values, those that the objective looks at.
        reward: Shape (n,).
        feasible: Shape (n,).
        first: Whether no agent before it in this order evaluated the same design, shape (n,).
        runs: How many runs they are from.
    """

    agent: NDArray[np.str_]
    codes: Floats
    metrics: Mapping[str, Floats]
    reward: Floats
    feasible: NDArray[np.bool_]
    first: NDArray[np.bool_]
    runs: int

    def select(self, rows: Any) -> Designs:
        """Return those that a numpy index or mask picks."""
        metrics = {name: values[rows] for name, values in self.metrics.items()}
        flags = self.feasible[rows], self.first[rows]
        kept = self.agent[rows], self.codes[rows], metrics, self.reward[rows], *flags
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
    frame = pd.concat(frames, ignore_index=True)
    by_agent = frame.drop_duplicates([_AGENT, *columns.axes])
    return Designs(
        by_agent[_AGENT].to_numpy(dtype=str),
        by_agent[list(columns.axes)].to_numpy(dtype=np.float64),
        {name: by_agent[own].to_numpy(dtype=np.float64) for name, own in looked_at.items()},
        by_agent["reward"].to_numpy(dtype=np.float64),
        by_agent["status"].to_numpy() == Status.OK,
        ~by_agent.duplicated(list(columns.axes)).to_numpy(),
        len(chosen),
    )


def _frame(store: Store, run: Run, names: Sequence[str]) -> pd.DataFrame:
    folder = folder_of(store, run)
    rows = read_rows(folder)
    if rows is None or not set(names) <= set(rows.column_names):
        raise StoreError(f"{folder.path}: its rows are not of {run.spec.problem_label}")
    return rows.select(names).to_pandas().assign(**{_AGENT: run.spec.agent})


def _choose(runs: Sequence[Run]) -> list[Run]:
    """Return the best runs and as many evenly spaced among the rest, within the limits."""
    ordered = sorted(runs, key=lambda run: (-run.best_reward, run.run_id))
    evaluations = max(run.summary["evaluations"] for run in runs)
    most = max(2, min(MOST_RUNS, _MOST_ROWS // evaluations))
    if len(ordered) <= most:
        return ordered
    best, rest = ordered[: most // 2], ordered[most // 2 :]
    spaced = np.linspace(0, len(rest) - 1, most - len(best)).round().astype(int)
    return best + [rest[at] for at in spaced.tolist()]
