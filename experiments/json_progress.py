"""How an experiment goes on, for machines: one JSON object a line.

=============  ===================================================================================
event          fields beside ``event``, ``time`` (seconds since 1970) and ``launch``
=============  ===================================================================================
``began``      of a round: ``trials`` to run, ``finished_before``
``submitted``  ``run``, ``problem``, ``agent``, ``seed``, ``budget``
``ended``      ``run``, ``problem``, ``agent``, ``seed``, ``state`` (done, failed, interrupted),
               ``reason`` (empty where it is done), ``new_evaluations``, ``best_reward`` (null
               where there is none), ``done``, ``failed`` and ``trials`` of the round so far
``finished``   last: ``total``, ``done``, ``failed``, ``unfinished``, ``new_evaluations``,
               ``seconds``, ``interrupted``, ``exit_code``, ``again`` (the command that goes on)
=============  ===================================================================================
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, TextIO

from archgym.experiments.experiment import Result
from archgym.experiments.trial import Report
from archgym.results.files import plain
from archgym.results.spec import TrialSpec
from archgym.results.store import State


class JsonProgress:
    """A watcher that writes each event as a line. See `archgym.experiments.experiment.Watcher`.

    Args:
        launch: The launch's name.
        stream: Where to write.
    """

    def __init__(self, launch: str, stream: TextIO):
        self._launch, self._stream = launch, stream
        self._counts = {"done": 0, "failed": 0, "trials": 0}

    def __enter__(self) -> JsonProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        """Hold nothing."""

    def began(
        self, pending: Sequence[TrialSpec], before: Sequence[tuple[TrialSpec, Report]]
    ) -> None:
        self._counts = {"done": 0, "failed": 0, "trials": len(pending)}
        self._tell("began", trials=len(pending), finished_before=len(before))

    def submitted(self, trial: TrialSpec) -> None:
        self._tell("submitted", **_known(trial), budget=trial.budget)

    def ended(self, trial: TrialSpec, report: Report) -> None:
        self._counts["done"] += report.state == State.DONE
        self._counts["failed"] += report.state == State.FAILED
        self._tell(
            "ended",
            **_known(trial),
            state=report.state.value,
            reason=report.reason,
            new_evaluations=report.new_evaluations,
            best_reward=report.best_reward,
            rechecked=report.rechecked,
            **self._counts,
        )

    def finished(self, result: Result, exit_code: int, again: str) -> None:
        """Tell how all of it went, last of all."""
        failed = sum(report.state == State.FAILED for report in result.not_done)
        self._tell(
            "finished",
            total=result.total,
            done=result.done,
            failed=failed,
            unfinished=result.total - result.done - failed,
            new_evaluations=result.new_evaluations,
            seconds=round(result.seconds, 3),
            interrupted=result.interrupted,
            exit_code=exit_code,
            again=again,
        )

    def _tell(self, event: str, **fields: Any) -> None:
        content = {"event": event, "time": time.time(), "launch": self._launch, **fields}
        print(json.dumps(plain(content), allow_nan=False), file=self._stream, flush=True)


def _known(trial: TrialSpec) -> dict[str, Any]:
    return {
        "run": trial.run_id,
        "problem": trial.problem_label,
        "agent": trial.agent,
        "seed": trial.seed,
    }
