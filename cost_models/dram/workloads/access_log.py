"""What a kernel's loads and stores are written down in while it computes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.compiled import compiled


class AccessLog(NamedTuple):
    """Loads and stores in program order, each with the number of instructions before it.

    A named tuple of arrays, because compiled kernels can take it as it is.

    Attributes:
        addresses: int64 (capacity,), byte addresses.
        writes: uint8 (capacity,), 1 for a store.
        instructions: int64 (capacity,), instructions executed before this access.
        counts: int64 (2,), accesses logged and instructions executed so far.
    """

    addresses: NDArray[np.int64]
    writes: NDArray[np.uint8]
    instructions: NDArray[np.int64]
    counts: NDArray[np.int64]


def empty_log(capacity: int) -> AccessLog:
    """Return a log with room for ``capacity`` accesses."""
    return AccessLog(
        np.empty(capacity, dtype=np.int64),
        np.empty(capacity, dtype=np.uint8),
        np.empty(capacity, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


def logged(log: AccessLog) -> AccessLog:
    """Return the log cut to the accesses that were made."""
    count = int(log.counts[0])
    return AccessLog(
        log.addresses[:count], log.writes[:count], log.instructions[:count], log.counts
    )


@compiled
def load(log: AccessLog, address: int) -> None:
    """Log one load instruction (of any width within a line)."""
    _append(log, address, 0)


@compiled
def store(log: AccessLog, address: int) -> None:
    """Log one store instruction (of any width within a line)."""
    _append(log, address, 1)


@compiled
def work(log: AccessLog, instructions: int) -> None:
    """Log instructions that touch no memory."""
    log.counts[1] += instructions


@compiled
def _append(log: AccessLog, address: int, write: int) -> None:
    count = log.counts[0]
    if count == len(log.addresses):
        raise IndexError("the access log is full")
    log.addresses[count] = address
    log.writes[count] = write
    log.instructions[count] = log.counts[1]
    log.counts[0] += 1
    log.counts[1] += 1
