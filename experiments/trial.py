"""One trial, from its spec to its summary in the store: what executors run."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archgym.errors import ArchgymError, ReplayMismatchError, StoreError
from archgym.evaluator import Evaluator
from archgym.experiments.moved_files import moved
from archgym.experiments.recheck import recheck
from archgym.experiments.resources import DEFAULT, Resources, memory_limit
from archgym.experiments.scalars import with_scalars
from archgym.experiments.spending import spend, writer_of
from archgym.experiments.unfinished import Unfinished
from archgym.problem import Problem
from archgym.results.attempts import (
    begin_attempt,
    deaths_without_progress,
    died_last,
    end_attempt,
)
from archgym.results.files import (
    make_folder,
    read_json,
    remove,
    write_json,
)
from archgym.results.provenance import host, now, run_provenance, versions
from archgym.results.reader import history_of
from archgym.results.spec import TrialSpec
from archgym.results.store import SCHEMA_VERSION, RunFolder, State, Store
from archgym.results.summary import summarise
from archgym.results.table import with_table

DEFAULT_ATTEMPTS = 3


@dataclass(frozen=True)
class Job:
    """A trial and how it is to be run; travels to workers.

    Attributes:
        spec: The trial's spec as plain data.
        store: The store's folder.
        attempts: How often it may die without storing anything new before it is given up.
        launch: The launch file, noted for commands that people can repeat.
        tables: Whether designs are looked up in the store's table of the space, if it has one.
        resources: What it needs while it runs.
        curves: A folder in which TensorBoard finds the trial's curves; empty draws none.
        sent_folder: The driver's folder that was sent to the workers, who have it as their current
            one; empty where none was.
    """

    spec: Mapping[str, Any]
    store: str
    attempts: int = DEFAULT_ATTEMPTS
    launch: str = ""
    tables: bool = False
    resources: Resources = DEFAULT
    curves: str = ""
    sent_folder: str = ""

    @property
    def trial(self) -> TrialSpec:
        """The trial's spec."""
        return TrialSpec.of(self.spec)


@dataclass(frozen=True)
class Report:
    """What a worker says of a trial at its end; small, since all else is in the store.

    Attributes:
        run_id: The trial.
        label: It in a few words.
        state: Done, failed, or interrupted.
        reason: Why it is not done.
        new_evaluations: Evaluations made now, stored ones not counted.
        best_reward: The best of all.
        new_true_evaluations: Those made now by the true cost model, in the end.
        rechecked: The best reward by that one, None where it was not asked.
        store_lost: True where the store could not be written, so that others cannot go on either.
    """

    run_id: str
    label: str
    state: State
    reason: str = ""
    new_evaluations: int = 0
    best_reward: float = -np.inf
    new_true_evaluations: int = 0
    rechecked: float | None = None
    store_lost: bool = False


def run_trial(job: Job) -> Report:
    """Run a trial, or go on with it where it was cut; never raises for what goes wrong inside.

    Stored evaluations are replayed: the agent is constructed anew and its first evaluations are
    answered from the store. A trial that fails leaves ``failed.json``; one that is interrupted
    (KeyboardInterrupt) stores what it has and can go on later.
    """
    spec = job.trial
    folder = Store.at(job.store).folder(spec)
    try:
        return finished_report(spec, folder) or _attempt(spec, folder, job)
    except StoreError as error:
        lost = not _can_write(job.store)
        state = State.INTERRUPTED if lost else State.FAILED
        return Report(spec.run_id, spec.label, state, str(error), store_lost=lost)
    except KeyboardInterrupt:
        return Report(spec.run_id, spec.label, State.INTERRUPTED, "interrupted")


def finished_report(spec: TrialSpec, folder: RunFolder) -> Report | None:
    """Return the report of a trial that is done or was given up before, None for others.

    Raises:
        StoreError: Its summary is damaged.
    """
    done = folder.read_done()
    if done is not None:
        return _done_report(spec, done)
    failed = read_json(folder.failed_file)
    if failed is not None:
        return Report(spec.run_id, spec.label, State.FAILED, str(failed.get("reason")))
    return None


def _attempt(spec: TrialSpec, folder: RunFolder, job: Job) -> Report:
    _write_run_file(spec, folder, job)
    left = Unfinished.of(folder)
    deaths = deaths_without_progress(folder, left.evaluations)
    if deaths >= job.attempts:
        reason = f"its process ended {deaths} times without a word and without progress"
        return _give_up(spec, folder, "died", reason)
    eager = died_last(folder)
    # Rows can be written from the first moment on, so that a kill meanwhile is not the trial's.
    import pyarrow.parquet  # noqa: F401

    attempt, began = (
        begin_attempt(folder, left.evaluations),
        (time.monotonic(), time.process_time()),
    )
    try:
        with memory_limit(job.resources.memory_mib):
            here = moved(spec, job.sent_folder)
            problem = _problem(here, job)
            rows, summary = _search(here, problem, folder, left, eager, job.curves)
            summary = _rechecked(here, (problem, rows), summary, folder, left, job)
        return _finish(spec, folder, summary, left, began)
    except (KeyboardInterrupt, StoreError):
        with suppress(StoreError):
            end_attempt(folder, attempt, "stopped")
        raise
    except MemoryError:
        limit = job.resources.memory_mib
        reason = "out of memory" + (f", beyond memory_mib {limit}" if limit else "")
        return _give_up(spec, folder, "memory", reason, traceback.format_exc())
    except ReplayMismatchError as error:
        return _give_up(spec, folder, "mismatch", str(error), traceback.format_exc())
    except Exception as error:
        return _give_up(spec, folder, "raised", _one_line(error), traceback.format_exc())


def _problem(spec: TrialSpec, job: Job) -> Problem:
    problem = spec.make_problem()
    return with_table(problem, spec, Store.at(job.store)) if job.tables else problem


def _can_write(store: str) -> bool:
    try:
        Store.create(store)
    except StoreError:
        return False
    return True


def _write_run_file(spec: TrialSpec, folder: RunFolder, job: Job) -> None:
    """Write what is known beforehand, unless an earlier attempt did.

    It need not survive a power cut: then it is written anew.
    """
    with suppress(StoreError):
        if read_json(folder.run_file) is not None:
            return
    make_folder(folder.path)
    content = {
        "schema_version": SCHEMA_VERSION,
        "run": spec.run_id,
        "spec": spec.data,
        "launch": job.launch,
        "tables": job.tables,
        **run_provenance(),
    }
    write_json(folder.run_file, content, durable=False)


def _search(
    spec: TrialSpec,
    problem: Problem,
    folder: RunFolder,
    left: Unfinished,
    eager: bool,
    curves: str,
) -> tuple[Any, Mapping[str, Any]]:
    """Let the agent spend its budget, stored evaluations first.

    Returns:
        All rows, stored, and their summary.
    """
    if left.summary is not None:
        return left.rows, left.summary
    rows = left.rows
    writer = writer_of(folder, problem, rows, eager)
    history = None if rows is None else history_of(rows, problem)
    agent = spec.make_agent(problem)
    with with_scalars(curves, writer) as recorder:
        evaluator = Evaluator(problem, spec.budget, recorder, history, spec.timeout_s)
        spend(agent, evaluator, history, writer)
    rows = writer.finish()
    return rows, summarise(rows, problem, evaluator.cheap)


def _rechecked(
    spec: TrialSpec,
    searched: tuple[Problem, Any],
    summary: Mapping[str, Any],
    folder: RunFolder,
    left: Unfinished,
    job: Job,
) -> Mapping[str, Any]:
    """Return the summary with what the true cost model says, where the trial asks for that."""
    if spec.recheck is None:
        return summary
    write_json(folder.searched_file, summary)
    try:
        truth = _problem(spec.true_spec, job)
    except ArchgymError as error:
        raise ArchgymError(f"its best designs cannot be re-checked: {error}") from error
    return {**summary, "rechecked": recheck(spec, searched, truth, folder, left.rechecked)}


def _finish(
    spec: TrialSpec,
    folder: RunFolder,
    told: Mapping[str, Any],
    left: Unfinished,
    began: tuple[float, float],
) -> Report:
    """Write the summary, last of all."""
    summary = {
        "schema_version": SCHEMA_VERSION,
        "run": spec.run_id,
        "spec": spec.data,
        **told,
        "attempts": len(folder.attempts()),
        "last_attempt": {
            "wall_seconds": time.monotonic() - began[0],
            "cpu_seconds": time.process_time() - began[1],
        },
        "damaged_parts": left.damaged,
        "versions": versions(),
        "host": host(),
        "finished": now(),
    }
    write_json(folder.done_file, summary)
    for needless in (folder.progress_file, folder.searched_file):
        remove(needless)
    found = _done_report(spec, summary)
    made = summary["evaluations"] - left.searched
    asked = summary.get("rechecked", {}).get("evaluations", 0)
    true_ones = asked - (left.evaluations - left.searched)
    return replace(found, new_evaluations=made, new_true_evaluations=true_ones)


def _done_report(spec: TrialSpec, summary: Mapping[str, Any]) -> Report:
    parts = summary, summary.get("rechecked", {})
    best, true_best = (part.get("best") or {} for part in parts)
    reward, rechecked = best.get("reward", -np.inf), true_best.get("reward")
    return Report(spec.run_id, spec.label, State.DONE, best_reward=reward, rechecked=rechecked)


def _give_up(
    spec: TrialSpec, folder: RunFolder, kind: str, reason: str, trace: str = ""
) -> Report:
    """Write why the trial is given up."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "run": spec.run_id,
        "kind": kind,
        "reason": reason,
        "traceback": trace,
        "attempts": len(folder.attempts()),
        "host": host(),
        "failed": now(),
    }
    write_json(folder.failed_file, content)
    remove(folder.progress_file)
    return Report(spec.run_id, spec.label, State.FAILED, reason)


def _one_line(error: Exception) -> str:
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, ArchgymError) else f"{type(error).__name__}: {text}"
