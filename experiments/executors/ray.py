"""Trials on the workers of a local Ray instance or of a cluster: one task, one trial."""

from __future__ import annotations

import logging
from typing import Any

from archgym.errors import ArchgymError
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
_LOCAL = {**ONE_THREAD, "RAY_AUTH_MODE": "disabled"}


class RayExecutor:
    """Runs trials as Ray tasks. See `archgym.experiments.executors.base.Executor`.

    Args:
        workers: Trials at the same time; None takes all cores of the cluster.
        address: A running cluster to join; None starts Ray on this machine.

    Raises:
        ArchgymError: The cluster cannot be reached.
    """

    def __init__(self, workers: int | None = None, address: str | None = None):
        self._ray = _start(workers, address)
        self.workers = workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        task = self._ray.remote(num_cpus=1, max_retries=TASK_RETRIES, retry_exceptions=False)
        self._run = task(run_trial)
        self._running: dict[Any, TrialSpec] = {}

    @property
    def room(self) -> int:
        """Bounded, so that neither driver nor Ray holds a long experiment's tasks."""
        return QUEUED_PER_WORKER * self.workers - len(self._running)

    def submit(self, job: Job) -> None:
        """Send a trial to a worker."""
        self._running[self._run.remote(job)] = job.trial

    def wait(self) -> list[Report]:
        """Return the reports of the trials that ended."""
        ended, _ = self._ray.wait(list(self._running), num_returns=1)
        return [self._report(task) for task in ended]

    def stop(self) -> list[Report]:
        """Interrupt all trials; each stores what it has. Those that do not heed it are killed."""
        for task in self._running:
            self._ray.cancel(task, force=False)
        tasks = list(self._running)
        ended, _ = self._ray.wait(tasks, num_returns=len(tasks), timeout=GRACE_SECONDS)
        return [self._report(task) for task in ended]

    def close(self) -> None:
        """Stop Ray, or leave the cluster."""
        self._ray.shutdown()

    def _report(self, task: Any) -> Report:
        trial = self._running.pop(task)
        try:
            report: Report = self._ray.get(task)
        except self._ray.exceptions.TaskCancelledError:
            return Report(trial.run_id, trial.label, State.INTERRUPTED, "interrupted")
        except self._ray.exceptions.RayError as error:
            reason = f"its worker was lost: {str(error).splitlines()[0]}"
            return Report(trial.run_id, trial.label, State.INTERRUPTED, reason)
        return report


def _start(workers: int | None, address: str | None) -> Any:
    """Start Ray on this machine, quietly and small, or join a cluster; return its module."""
    with variables({"RAY_USAGE_STATS_ENABLED": "0", **_LOCAL} if address is None else {}):
        import ray

        options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        if address is None:
            options |= {"address": "local", "num_cpus": workers, "include_dashboard": False}
            options |= {"object_store_memory": OBJECT_STORE_BYTES}
        else:
            options |= {"address": address, "runtime_env": {"env_vars": ONE_THREAD}}
        try:
            ray.init(**options)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            where = "started on this machine" if address is None else f"reached at {address}"
            reason = " ".join(str(error).split())
            raise ArchgymError(f"Ray cannot be {where}: {reason}") from None
    return ray
