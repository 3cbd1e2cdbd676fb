"""What ``done.json`` says of a finished trial: all that a leaderboard needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.fidelity import CheapModel
from archgym.outcome import Status
from archgym.problem import Problem
from archgym.results.reader import batch_of
from archgym.results.schema import Columns

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_IMPROVEMENTS = 500


def summarise(
    rows: pa.Table | None, problem: Problem, cheap: Sequence[CheapModel] = ()
) -> dict[str, Any]:
    """Return the summary of all rows of a trial, made of plain values.

    Holds counts, the first row with the largest reward (design, metrics, status), the best reward
    after 10, 30, 100, ... evaluations, every improvement of it, and the seconds spent in agent and
    cost model; and what cheaper models cost, where any was asked.
    """
    if rows is None:
        return {"evaluations": 0, "unique": 0, "best": None, **_charges(cheap, math.nan)}
    reward = rows["reward"].to_numpy()
    return {
        **_counts(rows),
        "best": described(rows, int(np.argmax(reward)), problem),
        "best_after": best_after(reward),
        "improvements": _few(improvements(reward)),
        "objective_metrics": list(problem.objective.metrics),
        "ask_seconds": _seconds(rows, "ask_us"),
        "evaluate_seconds": _seconds(rows, "evaluate_us"),
        **_charges(cheap, _seconds(rows, "evaluate_us") / max(_counts(rows)["unique"], 1)),
    }


def best_after(reward: NDArray[np.float64]) -> dict[str, float]:
    """Return evaluations -> best reward by then, at 1, 3, 10, 30, ... and at the end."""
    best = np.maximum.accumulate(reward)
    return {str(count): float(best[count - 1]) for count in _milestones(len(reward))}


def improvements(reward: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Return (evaluations, best reward) whenever the best improved: the whole curve in little."""
    best = np.maximum.accumulate(reward)
    better = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0.0)
    return [(int(step) + 1, float(best[step])) for step in better]


def _few(found: list[tuple[int, float]]) -> list[tuple[int, float]] | None:
    """Return None in place of a list that would swell the summary; the rows tell it then."""
    return found if len(found) <= _MOST_IMPROVEMENTS else None


def _milestones(last: int) -> Iterator[int]:
    decade = 1
    while decade < last:
        yield from (count for count in (decade, 3 * decade) if count < last)
        decade *= 10
    yield last


def _counts(rows: pa.Table) -> dict[str, int]:
    status = rows["status"].to_numpy()
    cached = int(np.count_nonzero(rows["cached"].to_numpy(zero_copy_only=False)))
    by_status = {s.label: int(np.count_nonzero(status == s)) for s in Status if s != Status.OK}
    return {"evaluations": len(rows), "unique": len(rows) - cached, **by_status}


def _charges(cheap: Sequence[CheapModel], true_seconds: float) -> dict[str, Any]:
    """Return what cheaper models were asked and cost; nothing where there are none.

    Args:
        cheap: The models.
        true_seconds: What an evaluation of a new design took. A model's measured price is what its
            own took, as a share of that: a fair price.
    """
    if not cheap:
        return {}
    rows = {
        model.name: {
            "price": float(model.price),
            "evaluations": model.evaluations,
            "charge": float(model.charge),
            "seconds": model.seconds,
            "measured_price": _share(model.seconds / max(model.evaluations, 1), true_seconds),
        }
        for model in cheap
    }
    return {"charged": float(sum(model.charge for model in cheap)), "cheap": rows}


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def described(rows: pa.Table, step: int, problem: Problem) -> dict[str, Any]:
    """Return one row of a trial: step, reward, status, design and metrics as plain values."""
    row = rows.slice(step, 1)
    design: Batch = batch_of(row, problem)
    names = zip(problem.metric_names, Columns.of(problem).metrics, strict=True)
    return {
        "step": step,
        "reward": row["reward"][0].as_py(),
        "status": Status(row["status"][0].as_py()).label,
        "design": design.dicts()[0],
        "metrics": {metric: row[name][0].as_py() for metric, name in names},
    }


def _seconds(rows: pa.Table, column: str) -> float:
    return float(rows[column].to_numpy().sum(dtype=np.float64)) / 1e6
