"""Which blocks a chip has, how buses join them, where tasks run and their outputs lie (FARSI)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.soc.design.model import FarsiModel
from archgym.cost_models.soc.design.workload import ABOUT, load_task_graph
from archgym.environment import Environment
from archgym.envs.soc.design_space import SETTINGS, design_space
from archgym.objective_spec import Spec
from archgym.space import DesignSpace

POWER_W, AREA_M2 = 0.008737, 1.7475e-05  # budgets of FARSI's three workloads

NOTES = """\
FARSI (arXiv 2201.05232) in its 'gables' mode. Tasks of a graph run on A53 cores or on
accelerators; each output lies in one memory; buses form a chain (or a tree); all flows through a
block share its bandwidth.

Eight columns, each a list with semicolons: pes (A53, ip:TASK:UNROLL:FREQUENCY), mems
(sram:WIDTH:FREQUENCY, dram:...), buses (ic:WIDTH:FREQUENCY), pe_bus, mem_bus (bus of each),
bus_links (0-1;1-2; empty for a chain), task_pe, task_mem (PE and output's memory of each task, in
the workload's order). Widths in bytes, frequencies in multiples of 100 MHz. An ip runs its own
task alone; lists may have any length up to 64. A design that cannot be built is infeasible and
says why.

What agents search: ``cpus`` cores and one accelerator per task, all unrollings and frequencies;
``memories`` and ``buses`` of all kinds; each task on a core or on its own accelerator. So every
design can be built. Blocks without use cost nothing; tasks without work are on core 0.

Metrics are of what is used. distance_to_budget sums |v - b|/b over latency, power, area without
DRAM, and DRAM area, where a budget that is met counts 1e-9: 4e-9 meets all.
Memories of sizes that CACTI was not run at are interpolated (interpolated_memories counts them).

Workloads: by name, or a YAML file of the form of soc_design.yaml (several in it: task_graph=NAME).
gymnasium.make("archgym/soc.design-v0") has FARSI's moves as actions; style="one_shot",
"sequential" and "local" are the generic views.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "distance": {"minimize": "distance_to_budget"},
    "latency": {"minimize": "latency_s"},
    "power": {"minimize": "power_w"},
    "area": {"minimize": "area_m2"},
    "latency_power_area_pareto": {"pareto": ["latency_s", "power_w", "area_m2"]},
    "latency_within_budgets": {
        "minimize": "latency_s",
        "subject_to": {"power_w": {"max": POWER_W}, "area_m2": {"max": AREA_M2}},
    },
}


def _default_space(settings: Mapping[str, Any]) -> DesignSpace:
    return design_space(settings, load_task_graph(next(iter(ABOUT))))


ENVIRONMENT = Environment(
    id="soc.design",
    version=0,
    description="blocks, buses and mapping of a chip for a task graph with budgets (FARSI)",
    space=_default_space,
    space_of=design_space,
    cost_models={"farsi": lambda settings: FarsiModel()},
    workloads=ABOUT,
    load_workload=lambda name, settings: load_task_graph(name, settings["task_graph"]),
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
    make_gym="archgym.envs.soc.design_env:ChipMovesEnv",
)
