"""Breadth-first search from the best-connected vertex of a power-law graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import (
    AccessLog,
    empty_log,
    load,
    logged,
    store,
    work,
)
from archgym.cost_models.dram.workloads.address_space import place_arrays
from archgym.cost_models.dram.workloads.compiled import compiled
from archgym.cost_models.dram.workloads.kernel_run import KernelRun
from archgym.cost_models.dram.workloads.skew import power_law_graph

Index = NDArray[np.int32]

EDGE_INSTRUCTIONS = 3  # compare, branch, index
VERTEX_INSTRUCTIONS = 4


def run(rng: np.random.Generator, *, vertices: int, edges: int, exponent: float) -> KernelRun:
    """Return the depth of every vertex (-1 where unreachable) in an undirected graph."""
    offsets, neighbours = power_law_graph(rng, vertices, edges, exponent, symmetric=True)
    source = int(np.argmax(np.diff(offsets)))
    depths = np.full(vertices, -1, dtype=np.int32)
    queue = np.empty(vertices, dtype=np.int32)
    arrays = (offsets, neighbours, depths, queue)
    bases = place_arrays(rng, [array.nbytes for array in arrays])
    log = empty_log(2 + 5 * vertices + 2 * len(neighbours))
    _search(log, (bases[0], bases[1], bases[2], bases[3]), *arrays, source)
    inputs = {"offsets": offsets, "neighbours": neighbours, "source": np.array(source)}
    return KernelRun(logged(log), inputs, depths)


@compiled
def _search(
    log: AccessLog,
    bases: tuple[int, int, int, int],
    offsets: NDArray[np.int64],
    neighbours: Index,
    depths: Index,
    queue: Index,
    source: int,
) -> None:
    offset_base, neighbour_base, depth_base, queue_base = bases
    depths[source], queue[0] = 0, source
    store(log, depth_base + 4 * source)
    store(log, queue_base)
    head, tail = 0, 1
    while head < tail:
        vertex = queue[head]
        load(log, queue_base + 4 * head)
        load(log, offset_base + 8 * vertex)
        load(log, offset_base + 8 * (vertex + 1))
        work(log, VERTEX_INSTRUCTIONS)
        head += 1
        for edge in range(offsets[vertex], offsets[vertex + 1]):
            neighbour = neighbours[edge]
            load(log, neighbour_base + 4 * edge)
            load(log, depth_base + 4 * neighbour)
            work(log, EDGE_INSTRUCTIONS)
            if depths[neighbour] < 0:
                depths[neighbour] = depths[vertex] + 1
                queue[tail] = neighbour
                store(log, depth_base + 4 * neighbour)
                store(log, queue_base + 4 * tail)
                tail += 1
