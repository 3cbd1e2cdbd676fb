"""Mappings of one layer on a machine of four levels, and optionally the machine itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.mapping.model import MappingModel
from archgym.cost_models.dnn.network import Network
from archgym.environment import Environment
from archgym.envs.dnn.mapping_space import DEFAULT_LAYER, MACHINE, mapping_space
from archgym.envs.dnn.workloads import ONNX_SETTINGS, layer_workloads, load_single_layer
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "hardware": Setting(
        "fixed",
        choices=("fixed", "searched"),
        description="whether agents search PEs, buffers and bandwidths too",
    ),
    **{
        name: Setting(
            int(default) if name == "forwarding" else float(default),
            description=f"default of the column: {text}",
        )
        for name, (default, _, text) in MACHINE.items()
    },
    **ONNX_SETTINGS,
}

NOTES = """\
DRAM -> global buffer (GLB) -> a row of PEs -> register file (RF) of each PE -> one MAC. Weights,
inputs and outputs are kept at all levels. A mapping is four loop nests, DRAM, GLB, spatial, RF,
each with a bound per dimension N K C P Q R S and an order, outermost loop first. The counts are
those of Timeloop v3.0: per PE at the RF, totals elsewhere, in words.

bounds=exact (the default of tables): per dimension the four bounds must multiply to the layer's
value. Infeasible designs say why: factor_product, pe_count, rf_capacity or glb_capacity.
bounds=fitted (what agents search): rf, sp and glb bounds are wishes; each dimension gets, in the
order of the level's loops, the largest divisor that neither exceeds its wish nor breaks a
capacity, and the DRAM loops take the rest. So every design is feasible, and every legal mapping
is reached.
`archgym evaluate --detail DIR` writes the mapping that a design stands for.

rf_order has no effect on the costs, sp_order only where neighbours forward inputs; under
bounds=fitted both decide whose wishes come first.

Workloads: a layer with one group, by name or as conv:... or gemm:..., or columns.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "edp": {"product": ["energy_pj", "cycles"]},
    "latency": {"minimize": "cycles"},
    "energy": {"minimize": "energy_pj"},
    "throughput_per_pe": {"maximize": "utilization"},
    "latency_energy_pareto": {"pareto": ["cycles", "energy_pj"]},
    "edp_area": {"product": ["energy_pj", "cycles", "area_um2"]},
    "latency_energy_area_pareto": {"pareto": ["cycles", "energy_pj", "area_um2"]},
}


def _space(settings: Settings, network: Network) -> DesignSpace:
    for name in MACHINE:
        if settings[name] < 0 or (settings[name] == 0 and not name.endswith(("_pj", "ing"))):
            raise SettingError(f"setting {name!r}: {settings[name]!r} is not positive")
    return mapping_space(settings, network)


def _default_space(settings: Settings) -> DesignSpace:
    return _space(settings, load_single_layer(DEFAULT_LAYER))


ENVIRONMENT = Environment(
    id="dnn.mapping",
    version=0,
    description="loop-nest mappings of one layer: tile factors, loop orders, spatial dimensions",
    space=_default_space,
    space_of=_space,
    cost_models=MappingProxyType({"loop_nest": lambda settings: MappingModel()}),
    workloads=layer_workloads(DEFAULT_LAYER),
    load_workload=load_single_layer,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
)
