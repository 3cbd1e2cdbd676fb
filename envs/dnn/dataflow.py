"""Template dataflows on arrays of PEs, for whole networks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.dataflow.model import DataflowModel
from archgym.cost_models.dnn.dataflow.templates import DATAFLOWS
from archgym.cost_models.dnn.features import network_features
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.workloads import load_network
from archgym.environment import Environment
from archgym.envs.dnn.arrays import ENERGY_SETTINGS, OBJECTIVES, array_parameters, energies
from archgym.envs.dnn.layer_space import LayerSpace, layer_design
from archgym.envs.dnn.parameters import Word
from archgym.envs.dnn.workloads import ONNX_SETTINGS, load_any_network, network_workloads
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

DEFAULT_WORKLOAD = "resnet18"
DEFAULT_LAYER = "resnet18/conv2_x"

NOTES = """\
The four template dataflows of MAESTRO: kcp_ws (as in NVDLA; filters over clusters, channels over
the up to 64 PEs of one), yxp_os (ShiDianNao; output rows over clusters of 8 PEs), xp_ws (output
columns over the PEs) and rs (Eyeriss; output rows over clusters of a PE per filter row). A layer
is cut into steps; a step takes as long as its MACs or the words that it fetches.

runtime_cycles are within 1 % of MAESTRO's (commit 4eb08d1) at stride 1; at larger strides they
rank designs alike, since the tool mixes input and output coordinates there. The buffers are those
that MAESTRO says a design needs, in bytes of one word each; area is theirs and the PEs' in its
units. Energies are in units of one MAC, which counts as 1 pJ, with the tool's 1.68 and 18.61 for
accesses to L1 and L2; memory costs nothing unless e_dram_pj says so. rs is meant for filters
larger than 1 x 1 and runs on the others too. Groups run one after another, the channels of a
depthwise layer together.

PEs and bandwidth cost no time: use an objective with area, or a limit. Bandwidth has no area.
archgym_legacy, archgym_legacy_energy and archgym_legacy_area are ArchGym's rewards.

Version 0: first version.
"""


def design_space(settings: Settings, network: Network) -> DesignSpace:
    """Return the space of arrays for a network; its layers are columns where it has none."""
    dataflow = Word(
        "dataflow",
        DATAFLOWS,
        role="mapping",
        description="which dimensions are spread over the PEs, and what stays in them",
    )
    parameters = [dataflow, *array_parameters()]
    if network.is_per_design:
        default = layer_design(load_network(DEFAULT_LAYER).layers[0])
        return LayerSpace(parameters, default=default)
    return DesignSpace(parameters, blank_is_default=True)


ENVIRONMENT = Environment(
    id="dnn.dataflow",
    version=0,
    description="MAESTRO's template dataflows: dataflow, PEs and bandwidths on whole networks",
    space=lambda settings: design_space(settings, load_network(DEFAULT_WORKLOAD)),
    space_of=design_space,
    cost_models=MappingProxyType(
        {"maestro_templates": lambda settings: DataflowModel(energies(settings))}
    ),
    workloads=network_workloads(DEFAULT_WORKLOAD),
    load_workload=load_any_network,
    objectives=OBJECTIVES,
    settings=ENERGY_SETTINGS | ONNX_SETTINGS,
    notes=NOTES,
    workload_features=network_features,
)
