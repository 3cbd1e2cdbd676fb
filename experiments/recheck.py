"""The end of a trial: its best designs, evaluated once more by the true cost model.

A search on a surrogate or on a rough model finds designs that the model likes, some of which it
likes by mistake. What they are worth only the model in whose place it stood can say. These
evaluations are no part of the search's budget; they are counted and stored apart, like those of a
search: a kill loses those of the last second at most, and the same command goes on after them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.experiments.spending import spend, writer_of
from archgym.outcome import Status
from archgym.problem import Problem
from archgym.results.files import make_folder, remove, write_json
from archgym.results.reader import batch_of, history_of
from archgym.results.rechecking import summarise_recheck
from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 16  # cost models may use several processes for a batch; what waits is not stored yet


@dataclass(frozen=True)
class DesignList:
    """Evaluates designs in their order, and gives signs of life.

    Attributes:
        designs: What is evaluated.
        folder: The trial's.
    """

    designs: Batch
    folder: RunFolder

    def run(self, evaluator: Evaluator) -> None:
        """Evaluate the designs."""
        for start in range(0, len(self.designs), _AT_ONCE):
            evaluator.evaluate(self.designs.select(slice(start, start + _AT_ONCE)))
            write_json(self.folder.progress_file, {"rechecked": evaluator.spent}, durable=False)


def recheck(
    spec: TrialSpec,
    searched: tuple[Problem, pa.Table | None],
    truth: Problem,
    folder: RunFolder,
    stored: pa.Table | None,
) -> dict[str, Any]:
    """Evaluate a trial's best designs by the true cost model, store that, and return a summary.

    Args:
        spec: The trial's, with a re-check.
        searched: What was searched, and the evaluations of that.
        truth: The same problem with the true cost model.
        folder: The trial's.
        stored: True evaluations of an earlier attempt.

    Raises:
        ReplayMismatchError: Other designs were re-checked before.
        StoreError: The store cannot be written.
    """
    problem, rows = searched
    asked = dict(spec.recheck or {})
    steps = best_steps(rows, problem, truth, asked["designs"])
    if rows is None or not len(steps):
        return summarise_recheck(None, None, truth, asked)
    chosen = rows.take(steps)
    designs = Batch(truth.space, batch_of(chosen, problem).codes)
    found = _evaluated(designs, truth, folder, stored, spec.timeout_s)
    return summarise_recheck(chosen, found, truth, asked)


def best_steps(
    rows: pa.Table | None, problem: Problem, truth: Problem, count: int
) -> NDArray[np.int64]:
    """Return the steps of the best feasible designs, the best first, at most ``count``.

    Of designs that the true cost model cannot tell apart the first one counts.
    """
    if rows is None:
        return np.empty(0, dtype=np.int64)
    reward, status = rows["reward"].to_numpy(), rows["status"].to_numpy()
    feasible = np.flatnonzero(status == Status.OK)
    order = feasible[np.argsort(-reward[feasible], kind="stable")]
    designs = Batch(truth.space, batch_of(rows, problem).codes[order])
    best: dict[bytes, int] = {}
    for key, step in zip(designs.keys(), order.tolist(), strict=True):
        best.setdefault(key, step)
    return np.array(list(best.values())[:count], dtype=np.int64)


def _evaluated(
    designs: Batch,
    truth: Problem,
    folder: RunFolder,
    stored: pa.Table | None,
    timeout_s: float | None,
) -> Any:
    own = folder.recheck
    make_folder(own.path)
    writer = writer_of(own, truth, stored, eager=True)  # each evaluation may be dear
    history = None if stored is None else history_of(stored, truth)
    evaluator = Evaluator(truth, len(designs), writer, history, timeout_s)
    spend(DesignList(designs, folder), evaluator, history, writer)
    remove(own.progress_file)
    return writer.finish()
