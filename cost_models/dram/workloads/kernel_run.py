"""What running a kernel yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import AccessLog


@dataclass(frozen=True)
class KernelRun:
    """The accesses of one run, and what it computed from what.

    Attributes:
        log: Loads and stores in program order.
        inputs: The arrays that the kernel was given, by name.
        result: What it computed.
    """

    log: AccessLog
    inputs: Mapping[str, Any]
    result: NDArray[Any]
