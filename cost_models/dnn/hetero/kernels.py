"""Layers of several networks on several sub-accelerators, compiled by Numba.

The layers of a network run one after another, networks side by side. List scheduling: among the
next layers of all networks and the sub-accelerators that may run them, the pair that finishes
first is taken, until nothing is left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archgym.cost_models.compiled import Array, Compiler
from archgym.cost_models.dnn.dataflow.kernels import cost_layer

COMPILER = Compiler("dnn-hetero", Path(__file__).parents[1])  # the dataflows' kernels are inlined
kernel, helper = COMPILER.kernel, COMPILER.helper

N_COSTS = 8  # as `layer_costs.LayerCosts`
CYCLES = 0


@helper
def _cost(layers: Array, dataflow: Array, pes: Array, bandwidth: Array, costs: Array) -> None:
    """Write the costs of every layer on every sub-accelerator, float64 (8, places, subs)."""
    for at in range(len(layers)):
        if layers[at, 0] == 0:  # no layer in this place
            continue
        for sub in range(len(pes)):
            found = cost_layer(layers[at], dataflow[sub], pes[sub], bandwidth[sub], bandwidth[sub])
            for place, value in enumerate(found):
                costs[place, at, sub] = value


@helper
def _skip(layers: Array, start: int, end: int) -> int:
    """Return the first place in [start, end) that holds a layer, else end."""
    while start < end and layers[start, 0] == 0:
        start += 1
    return start


@helper
def _schedule(
    layers: Array, ends: Array, cycles: Array, given: Array, chosen: Array, finished: Array
) -> float:
    """Write which sub-accelerator runs each layer and when it ends; return when all are done."""
    tasks, subs = len(ends), cycles.shape[1]
    following, ready, free = np.zeros(tasks, np.int64), np.zeros(tasks), np.zeros(subs)
    for task in range(tasks):
        begin = ends[task - 1] if task else 0
        following[task] = _skip(layers, begin, ends[task])
    while True:
        earliest, best_task, best_sub = np.inf, -1, -1
        for task in range(tasks):
            at = following[task]
            if at == ends[task]:
                continue
            for sub in range(subs):
                end = max(ready[task], free[sub]) + cycles[at, sub]
                if (given[at] < 0 or given[at] == sub) and end < earliest:
                    earliest, best_task, best_sub = end, task, sub
        if best_task < 0:
            return float(ready.max())
        at = following[best_task]
        ready[best_task] = free[best_sub] = finished[at] = earliest
        chosen[at] = best_sub
        following[best_task] = _skip(layers, at + 1, ends[best_task])


@kernel
def schedule_networks(
    layers: Array,
    ends: Array,
    subs: Array,
    dataflow: Array,
    pes: Array,
    bandwidth: Array,
    given: Array,
    latency: Array,
    totals: Array,
    buffers: Array,
    chosen: Array,
    finished: Array,
) -> None:
    """Write what networks cost on chips.

    Args:
        layers: int64 (n, places, 9); a place whose first column is 0 holds no layer.
        ends: int64 (tasks,), the place after the last of each network.
        subs: int64 (n,), how many sub-accelerators the chip has.
        dataflow: int64 (n, 3), index in `templates.DATAFLOWS`.
        pes: int64 (n, 3), processing elements.
        bandwidth: int64 (n, 3), words per cycle.
        given: int64 (n, places), which sub-accelerator must run the layer, -1 for any.
        latency: Result, float64 (n,), cycles until the last network is done.
        totals: Result, float64 (8, n), costs summed over all layers.
        buffers: Result, float64 (2, n, 3), words of L1 and of L2 that each sub-accelerator needs.
        chosen: Result, int64 (n, places), which one runs the layer, -1 where there is none.
        finished: Result, float64 (n, places), cycle at which the layer ends.
    """
    n, places = layers.shape[0], layers.shape[1]
    totals[:], buffers[:], chosen[:], finished[:] = 0.0, 0.0, -1, 0.0
    for row in range(n):
        count = subs[row]
        costs = np.zeros((N_COSTS, places, count))
        _cost(layers[row], dataflow[row, :count], pes[row, :count], bandwidth[row, :count], costs)
        latency[row] = _schedule(
            layers[row], ends, costs[CYCLES], given[row], chosen[row], finished[row]
        )
        for at in range(places):
            sub = chosen[row, at]
            if sub < 0:
                continue
            for place in range(N_COSTS):
                totals[place, row] += costs[place, at, sub]
            for buffer in range(2):
                words = costs[N_COSTS - 2 + buffer, at, sub]
                buffers[buffer, row, sub] = max(buffers[buffer, row, sub], words)
