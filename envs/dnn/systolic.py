"""Systolic arrays: size, dataflow, and the group size of depthwise layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.constraint import Constraint
from archgym.cost_models.dnn.features import network_features
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.systolic import CYCLE_MODELS, DATAFLOWS
from archgym.cost_models.dnn.systolic_model import SRAM_COLUMNS, SystolicModel
from archgym.cost_models.dnn.workloads import load_network
from archgym.environment import Environment
from archgym.envs.dnn.holding import FIXED, hold
from archgym.envs.dnn.layer_space import LayerSpace, layer_design
from archgym.envs.dnn.parameters import FixedWord, Word
from archgym.envs.dnn.workloads import ONNX_SETTINGS, load_any_network, network_workloads
from archgym.errors import SettingError
from archgym.fixed_parameters import FixedNumber
from archgym.objective_spec import Spec
from archgym.parameter import Parameter
from archgym.scalar_parameters import Ordinal
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

DEFAULT_WORKLOAD = "resnet18"
DEFAULT_LAYER = "resnet18/conv2_x"
SIDES = (4, 8, 16, 32, 64, 128, 256)
GROUPS = (1, 2, 4, 8, 16, 32)

SMALLEST_BANDWIDTH = 1e-3
_SRAM = "words of the buffer; empty = holds everything. Acts where dram_bw is given"

SETTINGS = {
    "max_pes": Setting(
        None, kind=int, description="designs with more processing elements are infeasible"
    ),
    "fixed": FIXED,
    **ONNX_SETTINGS,
}

NOTES = """\
Cycles are those of SCALE-Sim 3.0.0 without stalls, exactly; the metrics cycles, avg_util and
weighted_util are DRACO's, in which fill and drain are paid in every fold (cycle_model=exact) or by
the published closed form (analytic). cycle_model acts on these three alone, and agents leave it.

group gathers the channels of depthwise layers, so that each group is a dense product: MACs rise,
utilisation too. It is searched where the workload has depthwise layers. Accuracy is not modelled.

dram_bw, with ifmap_sram_words, filter_sram_words, ofmap_sram_words, adds stalls: while a fold
computes, what the next one needs and no buffer holds is fetched, and the results of the one before
are written. cycles are then stall_free_cycles + stall_cycles. The rule is ours, not SCALE-Sim's.

A larger array is always faster, so give max_pes, or use an objective that weighs PEs.
fixed=array_rows=64,array_cols=64 holds parameters, so that the others are searched alone.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "latency": {"minimize": "stall_free_cycles"},
    "throughput_per_pe": {"maximize": "utilization"},
    "latency_pes": {"product": ["stall_free_cycles", "pes"]},
    "draco_latency": {"minimize": "cycles"},
    "draco_utilization": {"maximize": "avg_util"},
    "latency_pes_pareto": {"pareto": ["stall_free_cycles", "pes"]},
}


def _parameters(groups: tuple[int, ...]) -> list[Parameter]:
    return [
        Ordinal("array_rows", SIDES, default=32, legal=(1, None), role="array", aliases=("rows",)),
        Ordinal("array_cols", SIDES, default=32, legal=(1, None), role="array", aliases=("cols",)),
        Word(
            "dataflow",
            DATAFLOWS,
            default="ws",
            role="mapping",
            description="what stays in the PEs: outputs, weights or inputs",
        ),
        Ordinal(
            "group",
            groups,
            legal=(1, None),
            role="network",
            description="channels a group of depthwise layers (DRACO)",
        ),
        FixedWord("cycle_model", CYCLE_MODELS, description="of DRACO's metrics"),
        *(FixedNumber(name, 1, role="memory", description=_SRAM) for name in SRAM_COLUMNS),
        FixedNumber(
            "dram_bw",
            SMALLEST_BANDWIDTH,
            whole=False,
            role="memory",
            description="words per cycle, reads and writes together; empty = no stalls",
        ),
    ]


def design_space(settings: Settings, network: Network) -> DesignSpace:
    """Return the space of arrays for a network; its layers are columns where it has none.

    Raises:
        SettingError: ``max_pes`` is not positive, or ``fixed`` is not well formed.
    """
    has_depthwise = any(layer.is_depthwise for layer in network.layers)
    groups = GROUPS if has_depthwise or network.is_per_design else GROUPS[:1]
    parameters = hold(_parameters(groups), settings["fixed"])
    if network.is_per_design:
        default = layer_design(load_network(DEFAULT_LAYER).layers[0])
        return LayerSpace(parameters, default=default)
    return DesignSpace(parameters, array_limit(settings["max_pes"]), blank_is_default=True)


def array_limit(max_pes: int | None) -> list[Constraint]:
    """Return the constraint on array_rows x array_cols, none where there is no limit.

    Raises:
        SettingError: ``max_pes`` is not positive.
    """
    if max_pes is None:
        return []
    if max_pes < 1:
        raise SettingError(f"setting 'max_pes': {max_pes!r} is not positive")

    def holds(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        return np.asarray(columns["array_rows"] * columns["array_cols"] <= max_pes)

    sides = ("array_rows", "array_cols")
    return [Constraint("max_pes", sides, holds, f"array_rows x array_cols <= {max_pes}")]


def _default_space(settings: Settings) -> DesignSpace:
    return design_space(settings, load_network(DEFAULT_WORKLOAD))


ENVIRONMENT = Environment(
    id="dnn.systolic",
    version=0,
    description="systolic arrays: size, dataflow and depthwise group size on whole networks",
    space=_default_space,
    space_of=design_space,
    cost_models=MappingProxyType({"systolic": lambda settings: SystolicModel()}),
    workloads=network_workloads(DEFAULT_WORKLOAD),
    load_workload=load_any_network,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
    workload_features=network_features,
)
