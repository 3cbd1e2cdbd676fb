"""Eyeriss-like accelerators: ArchGym's 26 parameters, each layer with a mapping of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.eyeriss.model import EyerissModel
from archgym.cost_models.dnn.features import network_features
from archgym.cost_models.dnn.mapper.search import METRICS as MAPPER_METRICS
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.workloads import list_networks, load_network
from archgym.environment import Environment
from archgym.envs.dnn.eyeriss_space import ARCHGYM, SPACES, declared, eyeriss_space
from archgym.envs.dnn.holding import FIXED
from archgym.envs.dnn.workloads import ONNX_SETTINGS, load_any_network, network_workloads
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]
_ALEXNET_TEXT = "AlexNet's five convolutions without groups, as in ArchGym"
# The layers of ArchGym's baseline and targets.
ARCHGYM_ALEXNET = "archgym_alexnet"

SETTINGS = {
    "space": Setting(
        ARCHGYM,
        choices=SPACES,
        description="all 26 parameters are searched, or the 8 that matter most",
    ),
    "mapper_evaluations": Setting(
        2000, kind=int, description="mappings that the mapper tries per layer, 1 or more"
    ),
    "mapper_metric": Setting(
        "edp", choices=tuple(MAPPER_METRICS), description="what the mapper minimises"
    ),
    "dram_bandwidth": Setting(
        4.0, description="words per cycle; LPDDR4 of 64 bits, one transfer a cycle"
    ),
    "fixed": FIXED,
    **ONNX_SETTINGS,
}

NOTES = """\
The space of ArchGym's TimeloopGym, parameter by parameter: DRAM, shared global buffer, a mesh of
PEs, in each a scratchpad for inputs, weights and partial sums. Words have 16 bits, 45 nm.

n_pes, mac_mesh_x: the spatial loops of a mapping must fit on mac_mesh_x columns and
n_pes / mac_mesh_x rows. *_memory_depth x *_block_size is a memory's capacity in words; a wider row
costs less energy per word and more per row. shared_glb_*_bandwidth are words per cycle;
shared_glb_n_banks divides the energy of an access and adds area. *_class: SRAM is small and frugal
where memories are large, registers where they are few; smart buffers add an address generator.
A PE uses one word of each tensor a cycle, so bandwidths of scratchpads never bind. The 14 dummy
buffers keep no tensor and cost area alone.

Each layer gets a mapping of its own, found by the same deterministic search for every design
(cost model searched_mapping) or built by one rule (fixed_mapping), so a design has one outcome. A
network is the sum over its layers, groups one after another. archgym_alexnet is what ArchGym's
targets refer to: the five convolutions, groups ignored.
`archgym evaluate --detail DIR` writes every layer's mapping in the columns of dnn.mapping.

Tables that leave columns out get ArchGym's default design. Its depths 12 and 192 lie between the
values that agents search; searches start from 16 and 256, with which rewards compare.

archgym_legacy and the three scores of one metric are ArchGym's, as 1 / score, with its targets for
archgym_alexnet: a design that meets the target earns no more by being better.

Version 0: first version.
"""


def _shortfall(*metrics: str) -> Spec:
    return {"archgym_shortfall": {name: declared()["targets"][name] for name in metrics}}


def _objectives() -> dict[str, Spec]:
    baseline = declared()["baseline"]
    return {
        "energy_delay": {"product": ["energy_uj", "cycles"]},
        "latency": {"minimize": "cycles"},
        "energy": {"minimize": "energy_uj"},
        "area": {"minimize": "area_mm2"},
        "energy_delay_area": {"product": ["energy_uj", "cycles", "area_mm2"]},
        "energy_delay_within_area": {
            "product": ["energy_uj", "cycles"],
            "subject_to": {"area_mm2": {"max": baseline["area_mm2"]}},
        },
        "archgym_targets": {"targets": dict(declared()["targets"])},
        "latency_energy_pareto": {"pareto": ["cycles", "energy_uj"]},
        "latency_energy_area_pareto": {"pareto": ["cycles", "energy_uj", "area_mm2"]},
        "archgym_legacy": _shortfall("energy_uj", "area_mm2", "cycles"),
        "archgym_legacy_latency": _shortfall("cycles"),
        "archgym_legacy_energy": _shortfall("energy_uj"),
        "archgym_legacy_area": _shortfall("area_mm2"),
    }


def _model(settings: Settings, searched: bool) -> EyerissModel:
    for name in ("mapper_evaluations", "dram_bandwidth"):
        if settings[name] <= 0:
            raise SettingError(f"setting {name!r}: {settings[name]!r} is not positive")
    evaluations = settings["mapper_evaluations"] if searched else 0
    return EyerissModel(evaluations, settings["mapper_metric"], settings["dram_bandwidth"])


def _default_space(settings: Settings) -> DesignSpace:
    return eyeriss_space(settings, load_network("alexnet"))


def _load(name: str, settings: Settings) -> Network:
    return archgym_alexnet() if name == ARCHGYM_ALEXNET else load_any_network(name, settings)


def archgym_alexnet() -> Network:
    """Return AlexNet as ArchGym has it: the convolutions alone, without groups."""
    whole = list_networks()["alexnet"]
    parts = [
        (replace(layer, groups=1), count, label)
        for layer, count, label in zip(whole.layers, whole.counts, whole.labels, strict=True)
        if layer.P > 1
    ]
    layers, counts, labels = zip(*parts, strict=True)
    return Network(ARCHGYM_ALEXNET, layers, counts, labels)


ENVIRONMENT = Environment(
    id="dnn.eyeriss",
    version=0,
    description="Eyeriss-like accelerators (ArchGym's 26 parameters), mapped layer by layer",
    space=_default_space,
    space_of=eyeriss_space,
    cost_models=MappingProxyType(
        {
            "searched_mapping": lambda settings: _model(settings, searched=True),
            "fixed_mapping": lambda settings: _model(settings, searched=False),
        }
    ),
    workloads=MappingProxyType({ARCHGYM_ALEXNET: _ALEXNET_TEXT, **network_workloads("alexnet")}),
    load_workload=_load,
    objectives=_objectives(),
    settings=SETTINGS,
    notes=NOTES,
    workload_features=network_features,
)
