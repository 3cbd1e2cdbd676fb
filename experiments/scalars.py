"""How a trial goes on, as curves in TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import MissingExtraError
from archgym.evaluator import Record, Recorder
from archgym.outcome import Status

EXTRA = "tensorboard"
# Curves need no more points than that; a cheap cost model would fill disks with them.
SECONDS_PER_POINT = 0.5


def check_installed() -> None:
    """Refuse curves where TensorBoard is absent.

    Raises:
        MissingExtraError: It is.
    """
    if find_spec("tensorboard") is None:
        raise MissingExtraError("tensorboard", EXTRA)


@contextmanager
def with_scalars(folder: str, recorder: Recorder) -> Iterator[Recorder]:
    """Give a recorder that also draws curves; the same recorder where ``folder`` is empty.

    Args:
        folder: The trial's folder of curves.
        recorder: What else takes the evaluations.
    """
    if not folder:
        yield recorder
        return
    curves = Scalars(folder, recorder)
    try:
        yield curves
    finally:
        curves.close()


class Scalars:
    """A recorder that draws, over evaluations, best and mean reward, failures and times.

    The mean, the share of designs that failed or were infeasible, the share answered from the
    cache and the milliseconds are of the evaluations since the point before.

    Args:
        folder: Where TensorBoard finds them.
        recorder: Is called first.
    """

    def __init__(self, folder: str, recorder: Recorder):
        from tensorboard.summary import Writer

        Path(folder).mkdir(parents=True, exist_ok=True)
        self._writer, self._recorder = Writer(folder), recorder
        self._best, self._step = -np.inf, 0
        self._since: list[Record] = []
        self._due = 0.0

    def __call__(self, record: Record) -> None:
        """Take a batch."""
        self._recorder(record)
        self._since.append(record)
        self._step = record.first_step + len(record.batch)
        self._best = max(self._best, float(record.outcomes.reward.max()))
        if time.monotonic() >= self._due:
            self._draw()

    def close(self) -> None:
        """Draw the last point."""
        if self._since:
            self._draw()
        self._writer.close()

    def _draw(self) -> None:
        for name, value in self._point().items():
            self._writer.add_scalar(name, value, self._step)
        self._writer.flush()
        self._since = []
        self._due = time.monotonic() + SECONDS_PER_POINT

    def _point(self) -> dict[str, Any]:
        outcomes = [record.outcomes for record in self._since]
        status = np.concatenate([each.status for each in outcomes])
        cached = np.concatenate([record.cached for record in self._since])
        per_design = 1e3 / len(status)
        return {
            "reward/best": self._best,
            "reward/mean": float(np.concatenate([each.reward for each in outcomes]).mean()),
            "share/not_ok": float(np.mean(status != Status.OK)),
            "share/cached": float(cached.mean()),
            "time/ask_ms": per_design * sum(record.ask_seconds for record in self._since),
            "time/evaluate_ms": per_design * sum(r.evaluate_seconds for r in self._since),
        }
