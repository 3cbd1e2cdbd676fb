"""Networks for several tasks and the chip that runs them, designed together (NASAIC)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.hetero.model import HeteroModel
from archgym.cost_models.dnn.hetero.tasks import list_task_sets, load_task_set
from archgym.environment import Environment
from archgym.envs.dnn.arrays import ENERGY_SETTINGS, energies
from archgym.envs.dnn.hetero_space import ASSIGNMENTS, EARLIEST, hetero_space
from archgym.envs.dnn.holding import FIXED
from archgym.objective_spec import Spec
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "assignment": Setting(
        EARLIEST,
        choices=ASSIGNMENTS,
        description="layers go where they finish first, or where parameters of their own say",
    ),
    "fixed": FIXED,
    **ENERGY_SETTINGS,
}


def _specs(latency_cycles: float, energy_pj: float) -> Spec:
    limits = {
        "latency_cycles": {"max": latency_cycles},
        "energy_pj": {"max": energy_pj},
        "area_um2": {"max": MOST_AREA_UM2},
    }
    return {"maximize": "accuracy", "subject_to": limits}


# Latency and energy from memory of the paper, unverified; its area of 4e9 um2 binds nothing in
# MAESTRO's units, so ours is half of what 4,096 PEs take.
MOST_AREA_UM2 = 2e7
OBJECTIVES: dict[str, Spec] = {
    "specs_w1": _specs(8e5, 2e9),
    "specs_w2": _specs(1e6, 3.5e9),
    "specs_w3": _specs(4e5, 1e9),
    "accuracy": {"maximize": "accuracy"},
    "latency": {"minimize": "latency_cycles"},
    "energy": {"minimize": "energy_pj"},
    "edp": {"product": ["energy_pj", "latency_cycles"]},
    "accuracy_latency_pareto": {"pareto": ["accuracy", "latency_cycles"]},
    "accuracy_latency_energy_area_pareto": {
        "pareto": ["accuracy", "latency_cycles", "energy_pj", "area_um2"]
    },
}

NOTES = """\
After NASAIC: a network for each of two tasks, and a chip of 1 to 3 sub-accelerators, each with a
template dataflow (kcp_ws as NVDLA, yxp_os as ShiDianNao, rs as Eyeriss), PEs and bandwidth; at
most 4,096 PEs and 64 words per cycle in total (64 GB/s at 1 GHz and 8 bits). net1_* and net2_* are
the networks' hyper-parameters, sub1_* .. sub3_* the chip's.

Workloads: w1 CIFAR-10 (a residual network) and nuclei (a U-Net), w2 CIFAR-10 and STL-10, w3 twice
CIFAR-10. Layers of a network run one after another, networks side by side, each layer where it
finishes first (assignment=earliest) or on the sub-accelerator that net1_place1, ... name, counted
round where there are fewer (assignment=searched). Costs are those of dnn.dataflow.
`archgym evaluate --detail DIR` writes the schedule.

Accuracy is a surrogate: no network is trained. Every hyper-parameter weighs alike, and every step
up halves what it lacks to the largest value; the ends of the range are the paper's, from memory.
specs_w1, specs_w2, specs_w3 maximise it under limits on latency, energy and area: latency and
energy are the paper's from memory, area (2e7 um2) is ours. An energy of 1 pJ is that of one MAC.

fixed=NAME=VALUE,... holds parameters, so that networks or chips are searched alone.

Version 0: first version.
"""


def _default_space(settings: Settings) -> DesignSpace:
    return hetero_space(settings, load_task_set(next(iter(list_task_sets()))))


ENVIRONMENT = Environment(
    id="dnn.hetero",
    version=0,
    description="networks of several tasks and heterogeneous sub-accelerators, designed together",
    space=_default_space,
    space_of=hetero_space,
    cost_models=MappingProxyType({"nasaic": lambda settings: HeteroModel(energies(settings))}),
    workloads=MappingProxyType(
        {
            name: " and ".join(task.name for task in tasks.tasks)
            for name, tasks in list_task_sets().items()
        }
    ),
    load_workload=lambda name, settings: load_task_set(name),
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
)
