"""A cost model in a process of its own, so that it can hang, crash or be killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import traceback
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.errors import ArchgymError
from archgym.outcome import Measurements, Status, concatenate

_START_SECONDS = 300.0
_OUT_OF_MEMORY = "it ran out of memory"


class IsolatedModel:
    """Calls a cost model design by design in a child process, each within a time limit.

    The child is started when first needed and again after it was killed; it leads a process group
    of its own, so tools that it started die with it. One that runs out of memory is started anew
    and given the design once more, so that a model that leaks goes on. Costs about 0.1 ms per
    design.

    Args:
        model: The cost model; it and the workload must be picklable.
        workload: What the cost model takes.
        timeout_s: Wall-clock limit of one evaluation in seconds.
    """

    def __init__(self, model: CostModel, workload: Any, timeout_s: float):
        self._model, self._workload, self._timeout_s = model, workload, timeout_s
        self._names = [metric.name for metric in model.metrics]
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __call__(self, batch: Batch) -> Measurements:
        """Return the measurements of each design, with status timeout or crashed where it is so.

        Raises:
            ArchgymError: The model refused the workload.
        """
        return concatenate([self._one(batch.select([row])) for row in range(len(batch))])

    def close(self) -> None:
        """Kill the child and whatever it started."""
        if self._process is not None and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.join()
        self._process = self._pipe = None

    def _one(self, design: Batch) -> Measurements:
        fresh = self._pipe is None
        pipe = self._pipe or self._start()
        try:
            pipe.send(design)
            if not pipe.poll(self._timeout_s):
                self.close()
                reason = f"no result within {self._timeout_s:g} s"
                return Measurements.failed(self._names, Status.TIMEOUT, reason)
            answer = pipe.recv()
        except (EOFError, ConnectionError):
            return Measurements.failed(self._names, Status.CRASHED, self._post_mortem())
        if answer == _OUT_OF_MEMORY:
            self.close()
            if not fresh:
                return self._one(design)
        if isinstance(answer, ArchgymError):
            raise answer
        if isinstance(answer, str):
            return Measurements.failed(self._names, Status.CRASHED, answer)
        return answer  # type: ignore[no-any-return]

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        pipe, far_end = context.Pipe()
        arguments = (far_end, self._model, self._workload)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        far_end.close()
        if not pipe.poll(_START_SECONDS):
            self.close()
            raise ArchgymError(f"cost model {self._model.name!r}: its process did not start")
        with contextlib.suppress(EOFError, ConnectionError):
            pipe.recv()
        self._pipe = pipe
        return pipe

    def _post_mortem(self) -> str:
        process = self._process
        if process is not None:
            process.join(timeout=5)
        code = None if process is None else process.exitcode
        self.close()
        return f"the cost model's process ended with exit code {code} (negative: a signal)"


def _serve(pipe: Connection, model: CostModel, workload: Any) -> None:
    """Answer designs until the pipe closes; runs in the child."""
    os.setsid()
    pipe.send("ready")
    while True:
        try:
            design = pipe.recv()
        except EOFError:
            return
        try:
            answer: object = model.evaluate(design, workload)
        except ArchgymError as error:
            answer = error
        except MemoryError:
            answer = _OUT_OF_MEMORY
        except Exception:
            answer = traceback.format_exc()
        pipe.send(answer)
