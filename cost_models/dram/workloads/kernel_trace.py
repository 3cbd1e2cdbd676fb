"""From a kernel to its trace: run it, filter its accesses, time what is left."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import numpy as np

from archgym.cost_models.dram.trace import Trace, make_trace
from archgym.cost_models.dram.workloads.cache_filter import Cache, filter_accesses
from archgym.cost_models.dram.workloads.core_model import Core
from archgym.cost_models.dram.workloads.kernel_run import KernelRun
from archgym.errors import WorkloadError

_KERNELS = "archgym.cost_models.dram.workloads.kernels"


def run_kernel(kernel: str, sizes: Mapping[str, float], seed: int) -> KernelRun:
    """Run a kernel of that module name on inputs drawn with ``seed``."""
    run = import_module(f"{_KERNELS}.{kernel}").run
    result: KernelRun = run(np.random.default_rng(seed), **sizes)
    return result


def kernel_trace(
    name: str,
    kernel: str,
    sizes: Mapping[str, float],
    core: Mapping[str, float],
    seed: int,
    requests: int,
) -> Trace:
    """Return the first ``requests`` requests of a kernel behind the cache.

    Raises:
        WorkloadError: The run makes fewer requests than that.
    """
    log = run_kernel(kernel, sizes, seed).log
    found = filter_accesses(Cache(), log.addresses, log.writes)
    if len(found.causes) < requests:
        raise WorkloadError(f"{name}: {len(found.causes)} requests, {requests} are asked for")
    times = Core(**core).issue_times(log.instructions[found.causes], found.writes)
    return make_trace(name, times, found.writes, found.addresses).head(requests)
