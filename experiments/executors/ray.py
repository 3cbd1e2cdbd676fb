"""Trials on the workers of a local Ray instance or of a cluster: one task, one trial."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archgym.errors import ArchgymError
from archgym.experiments.executors.cluster import (
    Needs,
    check_nodes,
    check_reachable,
    check_room,
)
from archgym.experiments.resources import Resources
from archgym.experiments.trial import Job, Report, run_trial
from archgym.experiments.worker_variables import ONE_THREAD, variables
from archgym.results.spec import TrialSpec
from archgym.results.store import State

OBJECT_STORE_BYTES = 200 * 2**20
# Two trials are queued per worker, so that none waits for the driver.
QUEUED_PER_WORKER = 2
# Ray starts a task anew when its worker dies; how often a trial may die, its attempts decide.
TASK_RETRIES = 100
GRACE_SECONDS = 10.0
# Clusters grow and shrink; how often the number of their cores is asked for.
LOOK_SECONDS = 10.0
_LOCAL = {**ONE_THREAD, "RAY_AUTH_MODE": "disabled"}
# Not sent with a working folder: what is large and of no use to trials.
_NOT_SENT = ["**/.git", "**/.venv", "**/__pycache__", "**/env=*", "**/.drivers"]


class RayExecutor:
    """Runs trials as Ray tasks. See `archgym.experiments.executors.base.Executor`.

    Args:
        workers: Trials at the same time; None takes all cores of the cluster.
        address: A running cluster to join; None starts Ray on this machine.
        asked: What trials may ask for; a local Ray has as many cores as its workers need.
        sent_folder: A folder that is sent to the cluster's nodes, where trials have it as their
            current folder and import from it; empty sends none.
        needs: What is looked for on every node of a cluster; None looks for nothing.

    Raises:
        ArchgymError: The cluster cannot be reached, or a node lacks something, or none is large
            enough for a trial.
    """

    def __init__(
        self,
        workers: int | None = None,
        address: str | None = None,
        asked: Sequence[Resources] = (),
        sent_folder: str = "",
        needs: Needs | None = None,
    ):
        asked = asked or [Resources()]
        if address is None:
            workers = workers or len(os.sched_getaffinity(0))
            self.ray = _start_local(workers, asked)
        else:
            self.ray = _join(address, sent_folder)
        self._fixed, self._queued = workers, QUEUED_PER_WORKER if address is None else 1
        self._looked, self._cores = 0.0, 1
        task = self.ray.remote(max_retries=TASK_RETRIES, retry_exceptions=False)
        self._run = task(run_trial)
        self._running: dict[Any, TrialSpec] = {}
        self._sent_folder = sent_folder
        try:
            check_room(self.ray, asked)
            if needs is not None:
                check_nodes(self.ray, needs)
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """As asked, else as many as the cluster has cores now."""
        if self._fixed is not None:
            return self._fixed
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._cores = max(1, int(self.ray.cluster_resources().get("CPU", 1)))
            self._looked = time.monotonic()
        return self._cores

    @property
    def room(self) -> int:
        """Bounded, so that neither driver nor Ray holds a long experiment's tasks.

        Where a number of workers was asked of a larger cluster, no trial is queued: it would run.
        """
        queued = QUEUED_PER_WORKER if self._fixed is None else self._queued
        return queued * self.workers - len(self._running)

    def submit(self, job: Job) -> None:
        """Send a trial to a worker."""
        task = self._run.options(**job.resources.ray_options)
        sent = replace(job, sent_folder=self._sent_folder)
        self._running[task.remote(sent)] = job.trial

    def wait(self) -> list[Report]:
        """Return the reports of the trials that ended."""
        ended, _ = self.ray.wait(list(self._running), num_returns=1)
        return [self._report(task) for task in ended]

    def stop(self) -> list[Report]:
        """Interrupt all trials; each stores what it has. Those that do not heed it are killed."""
        for task in self._running:
            self.ray.cancel(task, force=False)
        tasks = list(self._running)
        ended, _ = self.ray.wait(tasks, num_returns=len(tasks), timeout=GRACE_SECONDS)
        return [self._report(task) for task in ended]

    def close(self) -> None:
        """Stop Ray, or leave the cluster."""
        self.ray.shutdown()

    def _report(self, task: Any) -> Report:
        trial = self._running.pop(task)
        try:
            report: Report = self.ray.get(task)
        except self.ray.exceptions.TaskCancelledError:
            return Report(trial.run_id, trial.label, State.INTERRUPTED, "interrupted")
        except self.ray.exceptions.RayError as error:
            reason = f"its worker was lost: {str(error).splitlines()[0]}"
            return Report(trial.run_id, trial.label, State.INTERRUPTED, reason)
        return report


def _start_local(workers: int, asked: Sequence[Resources]) -> Any:
    """Start Ray on this machine, quietly and small; return its module."""
    with variables({"RAY_USAGE_STATS_ENABLED": "0", **_LOCAL}):
        cores = max(resources.cores for resources in asked)
        custom: dict[str, float] = {}
        for resources in asked:
            for name, amount in resources.custom.items():
                custom[name] = max(custom.get(name, 0.0), amount * workers)
        return _init(
            "started on this machine",
            address="local",
            num_cpus=max(1, round(workers * cores)),
            resources=custom or None,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
        )


def _join(address: str, sent_folder: str) -> Any:
    """Join a cluster; return Ray's module."""
    check_reachable(address)
    environment: dict[str, Any] = {"env_vars": ONE_THREAD}
    if sent_folder:
        environment |= {"working_dir": sent_folder, "excludes": _NOT_SENT}
    return _init(f"reached at {address}", address=address, runtime_env=environment)


def _init(what: str, **options: Any) -> Any:
    import ray

    try:
        ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
    # Ray leaves the process where something listens that is no cluster.
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError, SystemExit) as error:
        reason = " ".join(str(error).split())
        raise ArchgymError(f"Ray cannot be {what}: {reason}") from None
    return ray
