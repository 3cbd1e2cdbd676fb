"""Simulate memory controllers: many designs on one trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram import knobs as knob_table
from archgym.cost_models.dram.canonical import canonical
from archgym.cost_models.dram.engine import state
from archgym.cost_models.dram.job import CommandLog, Job, job_of
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.metrics import metric_columns
from archgym.cost_models.dram.trace import Trace
from archgym.errors import InvalidDesignError, SettingError

Retention = Literal["enforce", "ignore"]


@dataclass(frozen=True)
class Simulation:
    """What the designs of one call cost.

    Attributes:
        metrics: Metric name -> float64 (n,); NaN where a metric has no value.
        finished: bool (n,); False for a run that the watchdog ended, whose metrics are NaN.
        log: Commands, if one was asked for.
    """

    metrics: dict[str, NDArray[np.float64]]
    finished: NDArray[np.bool_]
    log: CommandLog | None = None


def simulate(
    memory: MemorySpec,
    trace: Trace,
    knobs: NDArray[np.int64],
    *,
    trace_clock_mhz: float | None = None,
    request_bytes: int | None = None,
    wrap_addresses: bool = False,
    allow_unsorted: bool = False,
    retention: Retention = "enforce",
    log: bool = False,
    threads: int = 1,
) -> Simulation:
    """Simulate designs on a trace.

    Args:
        memory: The memory behind the controller.
        trace: The requests.
        knobs: int64 (n, 15), designs as codes and numbers in the order of ``KNOBS``.
        trace_clock_mhz: Clock of the trace's times; the memory's clock if None.
        request_bytes: Bytes of requests that state no length; the memory's own if None.
        wrap_addresses: Ignore address bits beyond the device instead of refusing them.
        allow_unsorted: Take times as minima although they decrease.
        retention: Whether too few refreshes make a design infeasible.
        log: Keep the command log; takes a single design.
        threads: Designs simulated at the same time.

    Raises:
        InvalidDesignError: A knob has an illegal value.
        WorkloadError: The trace is empty, not in order, or does not fit the memory.
        SettingError: A setting has an impossible value.
    """
    designs = np.ascontiguousarray(knobs, np.int64)
    knob_table.check(designs, len(memory.mapping_names))
    if log and len(designs) != 1:
        raise SettingError(f"log = true takes one design, {len(designs)} are given")
    if retention not in ("enforce", "ignore"):
        raise SettingError(f"retention = {retention!r}: allowed are enforce, ignore")
    job = job_of(memory, trace, trace_clock_mhz, request_bytes, wrap_addresses, allow_unsorted)
    _check_policies(job, designs[:, state.REFRESH_POLICY])
    unique, row = _unique_rows(canonical(designs, job.circumstances))
    runs = job.results(unique, threads)
    policies = unique[:, state.REFRESH_POLICY]
    metrics = metric_columns(memory, job.tables, runs, job.bursts, retention, policies)
    return Simulation(
        {name: values[row] for name, values in metrics.items()},
        runs.finished[row],
        job.logged(designs[0], runs) if log else None,
    )


def _unique_rows(
    designs: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different rows, and for each row which of them it is."""
    if len(designs) == 1:
        return designs, np.zeros(1, np.int64)
    unique, inverse = np.unique(designs, axis=0, return_inverse=True)
    return unique, inverse.reshape(-1)


def _check_policies(job: Job, codes: NDArray[np.int64]) -> None:
    """Raise InvalidDesignError where the memory has no such refresh policy."""
    allowed = ("no_refresh", *job.tables.refresh_schemes)
    known = [policy in allowed for policy in knob_table.REFRESH_POLICIES]
    possible = np.array(known)[codes]
    if not possible.all():
        row, memory = int(np.argmin(possible)), job.memory
        reason = f"memory {memory.name} ({memory.standard.name}) allows {', '.join(allowed)}"
        policy = knob_table.REFRESH_POLICIES[codes[row]]
        raise InvalidDesignError("refresh_policy", policy, reason, row)
