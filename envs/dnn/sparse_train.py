"""Training with N:M sparse weights: pattern, array, dataflow of each pass, bandwidth."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.features import network_features
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.sparse_train.model import SparseTrainModel, Training
from archgym.cost_models.dnn.sparse_train.products import PASSES
from archgym.cost_models.dnn.sparse_train.pruning import DENSE, PATTERNS
from archgym.cost_models.dnn.workloads import load_network
from archgym.environment import Environment
from archgym.envs.dnn.holding import FIXED, hold
from archgym.envs.dnn.layer_space import LayerSpace, layer_design
from archgym.envs.dnn.parameters import Word
from archgym.envs.dnn.systolic import SIDES, array_limit
from archgym.envs.dnn.workloads import ONNX_SETTINGS, load_any_network, network_workloads
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Integer, Ordinal
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

DEFAULT_WORKLOAD = "resnet18"
DEFAULT_LAYER = "resnet18/conv2_x"
BANDWIDTHS = (8, 16, 32, 64, 128, 256)
MOST_INTERLEAVED = 8
FIRST_DENSE = "dense"

SETTINGS = {
    "minibatch": Setting(32, description="inputs per step of training"),
    "first_layer": Setting(
        FIRST_DENSE,
        choices=(FIRST_DENSE, "sparse"),
        description="whether a network's first layer keeps all weights",
    ),
    "accumulate_cycles": Setting(
        4, description="after which a sum can be added to again (dataflow os)"
    ),
    "clock_ghz": Setting(0.2, kind=float, description="of everything, for step_time_s"),
    "max_pes": Setting(
        None, kind=int, description="designs with more processing elements are infeasible"
    ),
    "fixed": FIXED,
}

NOTES = """\
Training after BDWP and SAT: each layer takes three matrix products. Weights are pruned to the N
largest of M along input channels for the forward product and along output channels for the input
gradient; the weight gradient is dense. So operations are (2 N / M + 1) / 3 of dense training and
the speed-up is at most speedup_bound. What is counted, mac_ratio, lies above: the first layer
stays dense, incomplete groups keep more, products of activations (attention) have no weights.

A product takes as long as the slowest of array (SCALE-Sim's cycles), memory (each operand once)
and selection of the largest weights, which pregenerate=1 moves to the update of the weights and
stores in both pruned forms. Under dataflow os a sum waits accumulate_cycles to be added to again;
interleave outputs per PE take turns. A vector unit, one lane per column of the array, does
normalisation, activation and updates. accumulators, pes and bandwidth have no cost in time.

kept_weight_energy stands for quality: the share of the squares of Gaussian weights that remains.
No network is trained.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "latency_quality": {"product": ["step_cycles", "kept_weight_energy"]},
    "latency": {"minimize": "step_cycles"},
    "energy": {"minimize": "energy_pj"},
    "energy_delay": {"product": ["energy_pj", "step_cycles"]},
    "speedup": {"maximize": "speedup"},
    "latency_at_quality": {
        "minimize": "step_cycles",
        "subject_to": {"kept_weight_energy": {"min": 0.6}},
    },
    "latency_pes": {"product": ["step_cycles", "pes"]},
    "latency_quality_pareto": {"pareto": ["step_cycles", "kept_weight_energy"]},
    "latency_energy_quality_pareto": {
        "pareto": ["step_cycles", "energy_pj", "kept_weight_energy"]
    },
}


def _parameters() -> list[Parameter]:
    dataflows = [
        Word(
            f"{name}_dataflow",
            ("os", "ws"),
            role="mapping",
            description="what stays in the PEs: outputs or weights (the second operand)",
        )
        for name in PASSES
    ]
    return [
        Categorical(
            "sparsity",
            PATTERNS,
            default="2:8",
            legal=(DENSE,),
            role="network",
            description="N:M, N of M consecutive weights are kept",
        ),
        Ordinal("array_rows", SIDES, default=32, legal=(1, None), role="array", aliases=("rows",)),
        Ordinal("array_cols", SIDES, default=32, legal=(1, None), role="array", aliases=("cols",)),
        *dataflows,
        Integer(
            "pregenerate",
            0,
            1,
            default=1,
            role="buffers",
            description="1: weights are pruned when they change, 0: whenever they are read",
        ),
        Integer(
            "interleave",
            1,
            MOST_INTERLEAVED,
            default=4,
            role="array",
            description="outputs that a PE accumulates in turn (dataflow os)",
        ),
        Ordinal(
            "bandwidth",
            BANDWIDTHS,
            default=64,
            legal=(1, None),
            role="bandwidth",
            description="words per cycle from and to memory",
        ),
    ]


def design_space(settings: Settings, network: Network) -> DesignSpace:
    """Return the space for a network; its layers are columns where it has none.

    Raises:
        SettingError: ``max_pes`` is not positive, or ``fixed`` is not well formed.
    """
    parameters = hold(_parameters(), settings["fixed"])
    if network.is_per_design:
        default = layer_design(load_network(DEFAULT_LAYER).layers[0])
        return LayerSpace(parameters, default=default)
    return DesignSpace(parameters, array_limit(settings["max_pes"]), blank_is_default=True)


def _model(settings: Settings) -> SparseTrainModel:
    for name in ("minibatch", "accumulate_cycles", "clock_ghz"):
        if not settings[name] > 0:
            raise SettingError(f"setting {name!r}: {settings[name]!r} is not positive")
    return SparseTrainModel(
        Training(
            settings["minibatch"],
            settings["first_layer"] == FIRST_DENSE,
            settings["accumulate_cycles"],
            settings["clock_ghz"],
        )
    )


ENVIRONMENT = Environment(
    id="dnn.sparse_train",
    version=0,
    description="training with N:M sparse weights: pattern, array, dataflow of each pass",
    space=lambda settings: design_space(settings, load_network(DEFAULT_WORKLOAD)),
    space_of=design_space,
    cost_models=MappingProxyType({"sparse_systolic": _model}),
    workloads=network_workloads(DEFAULT_WORKLOAD),
    load_workload=load_any_network,
    objectives=OBJECTIVES,
    settings=SETTINGS | ONNX_SETTINGS,
    notes=NOTES,
    workload_features=network_features,
)
