"""Walk along a linked list whose nodes, one line each, lie in random order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import (
    AccessLog,
    empty_log,
    load,
    logged,
    work,
)
from archgym.cost_models.dram.workloads.address_space import place_arrays
from archgym.cost_models.dram.workloads.compiled import compiled
from archgym.cost_models.dram.workloads.kernel_run import KernelRun

Int = NDArray[np.int64]

NODE_BYTES = 64
PAYLOAD_OFFSET = 8
STEP_INSTRUCTIONS = 2


def run(rng: np.random.Generator, *, nodes: int, steps: int) -> KernelRun:
    """Add up the payloads of ``steps`` nodes of a random cycle; the result is the running sum."""
    order = rng.permutation(nodes)
    successors = np.empty(nodes, dtype=np.int64)
    successors[order] = np.roll(order, -1)
    payloads = rng.integers(0, 1000, nodes)
    sums = np.empty(steps, dtype=np.int64)
    base = place_arrays(rng, [nodes * NODE_BYTES])[0]
    log = empty_log(2 * steps)
    _walk(log, base, successors, payloads, sums)
    return KernelRun(logged(log), {"successors": successors, "payloads": payloads}, sums)


@compiled
def _walk(log: AccessLog, base: int, successors: Int, payloads: Int, sums: Int) -> None:
    node, total = 0, 0
    for step in range(len(sums)):
        load(log, base + NODE_BYTES * node + PAYLOAD_OFFSET)
        total += payloads[node]
        sums[step] = total
        load(log, base + NODE_BYTES * node)
        node = successors[node]
        work(log, STEP_INSTRUCTIONS)
