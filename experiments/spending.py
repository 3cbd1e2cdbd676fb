"""An agent spends its evaluations, and what it evaluates is stored as it goes."""

from __future__ import annotations

from typing import Any, Protocol

from archgym.errors import ReplayMismatchError
from archgym.evaluator import Evaluator, History
from archgym.problem import Problem
from archgym.results.store import RunFolder
from archgym.results.writer import PartWriter


class Spender(Protocol):
    """What evaluates designs: an agent, or a list of designs."""

    def run(self, evaluator: Evaluator) -> None:
        """Spend evaluations."""


def spend(
    spender: Spender, evaluator: Evaluator, history: History | None, writer: PartWriter
) -> None:
    """Let evaluations be spent; whatever ends that, all that was evaluated is stored.

    Raises:
        ReplayMismatchError: Fewer evaluations were asked for than are stored.
    """
    try:
        spender.run(evaluator)
        _check_all_replayed(evaluator, history)
    except BaseException:
        writer.flush()
        raise
    finally:
        evaluator.close()


def writer_of(folder: RunFolder, problem: Problem, rows: Any, eager: bool) -> PartWriter:
    """Return what stores evaluations after those that are stored; None are no rows."""
    if rows is None:
        return PartWriter(folder, problem, eager=eager)
    last_batch, best = rows["batch"][-1].as_py(), float(rows["reward"].to_numpy().max())
    return PartWriter(folder, problem, last_batch, best, eager)


def _check_all_replayed(evaluator: Evaluator, history: History | None) -> None:
    stored = 0 if history is None else len(history.batch)
    if evaluator.spent < stored:
        raise ReplayMismatchError(
            f"the agent stopped after {evaluator.spent} evaluations, {stored} are stored;"
            " agent or library have changed, so it cannot be continued"
        )
