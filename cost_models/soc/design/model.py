"""FARSI's simulation of a chip as a cost model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.soc.design.columns import (
    BUS_LINKS,
    BUSES,
    COLUMNS,
    MEM_BUS,
    MEMS,
    PE_BUS,
    PES,
    TASK_MEM,
    TASK_PE,
)
from archgym.cost_models.soc.design.designs import arrays_of, faults
from archgym.cost_models.soc.design.library import size_of_memory
from archgym.cost_models.soc.design.running import Run, run_one, simulate
from archgym.cost_models.soc.design.workload import TaskGraph
from archgym.metric import Metric
from archgym.outcome import Measurements

METRICS = (
    Metric("latency_s", "s", "minimize", "end of the last task"),
    Metric("power_w", "W", "minimize", "highest mean over windows of phases of 10 ms"),
    Metric("area_m2", "m2", "minimize", "of PEs that run something and memories with traffic"),
    Metric(
        "distance_to_budget",
        "1",
        "minimize",
        "sum of |v - b|/b over latency, power, area without DRAM, area of DRAM; 1e-9 where met",
        signed=True,
    ),
    Metric("dram_area_m2", "m2", "minimize", "of it, area of DRAM", signed=True),
    Metric("energy_j", "J", "minimize", "of PEs and memories, from the first to the last task"),
    Metric("interpolated_memories", "1", "neutral", "memories of sizes that CACTI was not run at"),
)
_KINDS = (("PE", PES), ("bus", BUSES), ("memory", MEMS))


class FarsiModel(CostModel):
    """Task graphs on CPUs and accelerators that share buses and memories, phase by phase."""

    name = "farsi"
    version = "1"
    fidelity = "simulator"
    metrics = METRICS
    sources = (
        "Project_FARSI (facebookresearch, commit ce59c968), its 'gables' mode with serialised DMA",
        "FARSI: An Early-stage Design Space Exploration Framework (arXiv 2201.05232)",
        "CACTI 7 for memories",
    )
    leaves_out = (
        "energy and area of buses; leakage; contention beyond shares of bandwidth",
        "stages of a task: reads, computation and writes overlap perfectly",
    )
    checked_against = (
        "168 designs of edge_detection by FARSI with CACTI 7: all metrics to 1e-9",
        "a slow implementation with plain lists, on random designs of all workloads",
    )

    def evaluate(self, batch: Batch, workload: TaskGraph) -> Measurements:
        wrong = faults(batch, workload)
        sound = np.ones(len(batch), dtype=bool)
        sound[list(wrong)] = False
        figures = np.full((len(batch), len(METRICS)), np.nan)
        if sound.any():
            figures[sound] = simulate(arrays_of(batch.select(sound)), workload).figures
        return Measurements(
            {metric.name: figures[:, at] for at, metric in enumerate(METRICS)},
            np.where(sound, 0.0, 1.0),
            np.zeros(len(batch), dtype=np.uint8),
            wrong,
        )

    def detail(
        self, design: Batch, workload: TaskGraph
    ) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the tasks' times and bottlenecks, and the memories, of one design."""
        if faults(design, workload):
            return {}
        arrays = arrays_of(design)
        run = run_one(arrays, workload)
        words = {name: design[name][0].split(";") for name in (PES, MEMS, BUSES)}
        sizes = [size_of_memory(bytes_, workload) for bytes_ in run.most.tolist()]
        return {
            "tasks": {
                "task": np.array(workload.task_names, dtype=object),
                "pe": arrays.task_pe[0],
                "mem": arrays.task_mem[0],
                "start_s": run.starts,
                "end_s": run.ends,
                "critical": run.critical,
                "held_back_by": np.array(_held_back(run, words), dtype=object),
            },
            "memories": {
                "mem": np.array(words[MEMS], dtype=object),
                "most_held_B": run.most,
                "size_B": np.array(sizes, dtype=np.int64),
            },
        }

    def export(self, design: Batch, workload: TaskGraph) -> Mapping[str, str]:
        """Return one design as JSON: its blocks, how they are joined, what is placed on them."""
        words = {name: design[name][0].split(";") for name in COLUMNS}
        names, task_pe, task_mem = workload.task_names, words[TASK_PE], words[TASK_MEM]
        pes = [
            {"block": pe, "bus": int(bus), "tasks": _of(task_pe, names, at)}
            for at, (pe, bus) in enumerate(zip(words[PES], words[PE_BUS], strict=True))
        ]
        mems = [
            {"block": mem, "bus": int(bus), "outputs_of": _of(task_mem, names, at)}
            for at, (mem, bus) in enumerate(zip(words[MEMS], words[MEM_BUS], strict=True))
        ]
        links = words[BUS_LINKS] if words[BUS_LINKS] != [""] else _chain(len(words[BUSES]))
        chip = {"pes": pes, "mems": mems, "buses": words[BUSES], "bus_links": links}
        return {"design.json": json.dumps(chip, indent=2) + "\n"}


def _of(places: Sequence[str], names: Sequence[str], at: int) -> list[str]:
    """Return the names whose place is block ``at``."""
    return [name for name, place in zip(names, places, strict=True) if int(place) == at]


def _chain(buses: int) -> list[str]:
    return [f"{bus}-{bus + 1}" for bus in range(buses - 1)]


def _held_back(run: Run, words: Mapping[str, list[str]]) -> list[str]:
    """Return, per task, the block that held it back longest; empty where it takes no time."""
    names = [
        f"{kind} {at} ({word})" for kind, name in _KINDS for at, word in enumerate(words[name])
    ]
    seconds = np.concatenate([run.pe_s, run.bus_s, run.mem_s], axis=1)
    return [names[int(row.argmax())] if row.any() else "" for row in seconds]
