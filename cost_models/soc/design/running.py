"""Designs run by the kernels, and what a run says about a design's bottlenecks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.design.arrays import FIGURES, DesignArrays, ResultArrays
from archgym.cost_models.soc.design.library import graph_arrays, library_arrays
from archgym.cost_models.soc.design.workload import TaskGraph

Floats = NDArray[np.float64]


def simulate(designs: DesignArrays, graph: TaskGraph) -> ResultArrays:
    """Return what the kernels write about sound designs."""
    from archgym.cost_models.soc.design.kernels import evaluate_designs

    count, tasks = len(designs.pes), len(graph.task_names)
    widths = [part.shape[1] for part in (designs.pes, designs.buses, designs.mems)]
    results = ResultArrays(
        figures=np.empty((count, len(FIGURES) + 1)),
        starts=np.full((count, tasks), np.nan),
        ends=np.full((count, tasks), np.nan),
        limited=np.zeros((1, tasks, sum(widths))),
        most=np.zeros((count, widths[-1])),
    )
    evaluate_designs(graph_arrays(graph), library_arrays(graph), designs, results)
    return results


@dataclass(frozen=True)
class Run:
    """One design's run in full.

    Attributes:
        figures: float64, in the order of `FIGURES`, then interpolated memories.
        starts, ends: float64 (tasks,), seconds.
        critical: bool (tasks,), whether the latency would grow with the task.
        pe_s, bus_s, mem_s: float64 (tasks, blocks), seconds that each block held a task back.
        most: float64 (memories,), bytes that each memory holds at most.
    """

    figures: Floats
    starts: Floats
    ends: Floats
    critical: NDArray[np.bool_]
    pe_s: Floats
    bus_s: Floats
    mem_s: Floats
    most: Floats


def run_one(design: DesignArrays, graph: TaskGraph) -> Run:
    """Return the run of one sound design, given as arrays of one row."""
    results = simulate(design, graph)
    starts, ends = results.starts[0], results.ends[0]
    edges = np.cumsum([design.pes.shape[1], design.buses.shape[1]])
    pe_s, bus_s, mem_s = np.split(results.limited[0], edges, axis=1)
    critical = critical_path(graph, starts, ends, design.task_pe[0])
    return Run(results.figures[0], starts, ends, critical, pe_s, bus_s, mem_s, results.most[0])


def critical_path(
    graph: TaskGraph, starts: Floats, ends: Floats, task_pe: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which tasks the latency waited for, bool (tasks,).

    From the last task back: to the parent, or to the task on the same PE, that ended when the
    task began.
    """
    on_path = np.zeros(len(ends), dtype=np.bool_)
    task = graph.task_names.index(graph.spec.last_task)
    while True:
        on_path[task] = True
        beside = np.flatnonzero(task_pe == task_pe[task])
        before = [at for at in (*graph.parents[task], *beside.tolist()) if not on_path[at]]
        waited = [at for at in before if ends[at] == starts[task]]
        if not waited:
            return on_path
        task = max(waited, key=lambda at: (ends[at] - starts[at], -at))
