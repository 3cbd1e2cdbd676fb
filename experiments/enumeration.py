"""Measuring every design of a space, slice by slice, on several processes.

A slice is a range of flat indices; it is written when it is done and never measured again, so the
same call goes on where an earlier one was cut.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import ArchgymError, SettingError
from archgym.experiments.worker_variables import ONE_THREAD, variables
from archgym.isolation import IsolatedModel
from archgym.problem import Problem
from archgym.results.spec import TrialSpec
from archgym.results.table import TableFolder

LARGEST_SPACE = 10**9
_SLICE_SECONDS = 3.0
_SMALLEST_SLICE, _LARGEST_SLICE = 16, 8192
_QUEUED_PER_WORKER = 2

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Enumeration:
    """A space that is to be enumerated, or was.

    Attributes:
        problem: What is enumerated; its objective does not count.
        spec: The problem as data.
        folder: Where the table lies.
        timeout_s: Wall-clock limit of one evaluation, each in a process apart; None for none.
    """

    problem: Problem
    spec: TrialSpec
    folder: TableFolder
    timeout_s: float | None = None

    def prepare(self) -> int:
        """Begin a table unless it is begun; return the number of slices of the space.

        Raises:
            SettingError: The space has a real parameter or too many designs.
            StoreError: The store cannot be written.
        """
        size = _checked_size(self.problem)
        if not self.folder.begun:
            default, seconds = self._measure_default()
            self.folder.begin(self.problem.env, self.spec, size, _slice_size(seconds), default)
        head = self.folder.read_head()
        slices: int = -(-head["size"] // head["slice_size"])
        return slices

    def run(self, workers: int, told: Told) -> None:
        """Measure what is not measured yet, then put the slices together.

        Args:
            workers: Processes at the same time.
            told: Called after every slice with the slices done and the designs measured now.

        Raises:
            StoreError: The store cannot be written.
        """
        if self.folder.finished:
            return
        head = self.folder.read_head()
        done = {*self.folder.slices()}
        starts = range(0, head["size"], head["slice_size"])
        left = [start for start in starts if start not in done]
        measured = 0
        slices = _measured(self, left, head["slice_size"], workers)
        for finished, count in enumerate(slices, start=len(done) + 1):
            measured += count
            told(finished, measured)
        self.folder.finish()

    def measure_slice(self, start: int, size: int) -> int:
        """Measure and write the designs of one slice; return how many there are."""
        index, batch = self.problem.space.between(start, start + size)
        self.folder.write_slice(start, index, self.problem.measure(batch, self.isolated))
        return len(batch)

    def _measure_default(self) -> tuple[Any, float]:
        """Return the default's measurements and the seconds that one evaluation takes, warm."""
        default = self.problem.measure(self.problem.space.default, self.isolated)
        began = time.perf_counter()
        self.problem.measure(self.problem.space.default, self.isolated)
        return default, time.perf_counter() - began

    @cached_property
    def isolated(self) -> IsolatedModel | None:
        """What calls the cost model within the time limit, None without one."""
        if self.timeout_s is None:
            return None
        return IsolatedModel(self.problem.cost_model, self.problem.workload, self.timeout_s)


def _checked_size(problem: Problem) -> int:
    size = problem.space.size
    if math.isinf(size):
        raise SettingError(f"{problem.env}: a space with a real parameter cannot be enumerated")
    if size > LARGEST_SPACE:
        raise SettingError(
            f"{problem.env}: {size:.4g} designs are too many to enumerate (at most"
            f" {LARGEST_SPACE:,}); see the settings of the environment for smaller spaces"
        )
    return int(size)


def _slice_size(seconds: float) -> int:
    return int(np.clip(_SLICE_SECONDS / max(seconds, 1e-9), _SMALLEST_SLICE, _LARGEST_SLICE))


def _measured(
    enumeration: Enumeration, starts: list[int], size: int, workers: int
) -> Iterator[int]:
    """Yield the number of designs of each slice as it is done."""
    if workers == 1:
        for start in starts:
            yield enumeration.measure_slice(start, size)
        return
    spec, path = enumeration.spec.data, str(enumeration.folder.path)
    waiting, running = list(reversed(starts)), set[Future[int]]()
    with _pool(min(workers, len(starts) or 1), spec, path, enumeration.timeout_s) as pool:
        while waiting or running:
            while waiting and len(running) < _QUEUED_PER_WORKER * workers:
                running.add(pool.submit(_measure_in_worker, waiting.pop(), size))
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield _result(future)


def _result(future: Future[int]) -> int:
    try:
        return future.result()
    except BrokenProcessPool:
        raise ArchgymError(
            "a worker died; with --timeout-s every evaluation has a process of its own, and what"
            " kills it counts as crashed"
        ) from None


@contextmanager
def _pool(workers: int, *arguments: Any) -> Iterator[ProcessPoolExecutor]:
    """Start processes of one computing thread each; on the way out drop what is queued."""
    context = get_context("spawn")
    with variables(ONE_THREAD):
        pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=arguments)
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


_OWN: dict[str, Enumeration] = {}


def _start_worker(spec: dict[str, Any], path: str, timeout_s: float | None) -> None:
    # Ctrl-C reaches the whole group of processes; the driver lets running slices be finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_the_driver, daemon=True).start()
    trial = TrialSpec.of(spec)
    folder = TableFolder(Path(path))
    _OWN["enumeration"] = Enumeration(trial.make_problem(), trial, folder, timeout_s)


def _die_with_the_driver() -> None:
    """Leave when the driver was killed; a worker would wait for work for ever."""
    driver = parent_process()
    assert driver is not None
    driver.join()
    os._exit(1)


def _measure_in_worker(start: int, size: int) -> int:
    return _OWN["enumeration"].measure_slice(start, size)
