"""The design space of mappings: the columns of a loop nest, searched as wishes made to fit.

Few random bounds factor a layer and fit the memories. So agents search with ``bounds=fitted``:
what they give are wishes, of which each design gets as much as the layer and the machine allow
(see `archgym.cost_models.dnn.mapping.kernels.fit`). Every legal mapping is its own wish, so all of
them are reached, and every wish stands for a legal one. Users' tables say ``bounds=exact`` or
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.dnn.layer import DIMENSIONS, Layer
from archgym.cost_models.dnn.mapping.columns import BOUNDS, EXACT, FITTED, LEVELS
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.workloads import load_network
from archgym.envs.dnn.layer_space import LayerSpace, layer_design
from archgym.envs.dnn.parameters import FixedWord, LoopOrder
from archgym.fixed_parameters import FixedNumber
from archgym.parameter import Parameter
from archgym.scalar_parameters import Ordinal
from archgym.space import DesignSpace

DEFAULT_LAYER = "resnet18/conv2_x"
SMALLEST_BANDWIDTH = 1e-3

# Column -> default, role, meaning; and the grid under the setting hardware=searched.
MACHINE: Mapping[str, tuple[float, str, str]] = {
    "num_pes": (256, "array", "processing elements present"),
    "rf_words": (256, "buffers", "words of the register file of one PE, for all tensors"),
    "glb_words": (65536, "buffers", "words of the global buffer"),
    "glb_read_bw": (16, "bandwidth", "words per cycle"),
    "glb_write_bw": (16, "bandwidth", "words per cycle"),
    "dram_bw": (4, "bandwidth", "words per cycle, reads and writes together"),
    "e_mac_pj": (1, "technology", "energy of one MAC"),
    "e_rf_pj": (1, "technology", "energy of one word of the RF"),
    "e_glb_pj": (6, "technology", "energy of one word of the GLB"),
    "e_dram_pj": (200, "technology", "energy of one word of the DRAM"),
    "forwarding": (1, "bandwidth", "1: neighbouring PEs hand inputs to each other; 0: never"),
}
GRIDS: Mapping[str, tuple[int, ...]] = {
    "num_pes": (16, 32, 64, 128, 256, 512, 1024),
    "rf_words": (16, 32, 64, 128, 256, 512, 1024),
    "glb_words": (4096, 8192, 16384, 32768, 65536, 131072, 262144),
    "glb_read_bw": (4, 8, 16, 32, 64),
    "glb_write_bw": (4, 8, 16, 32, 64),
    "dram_bw": (1, 2, 4, 8, 16),
}
ROLES = {"dram": "mapping", "glb": "mapping", "sp": "array", "rf": "buffers"}
_LEVEL_NAMES = {
    "dram": "DRAM loop",
    "glb": "GLB loop",
    "sp": "loop spread over the PEs",
    "rf": "RF loop",
}


def mapping_space(settings: Mapping[str, Any], network: Network) -> DesignSpace:
    """Return the space of mappings of a layer (a network of one, or of none: ``columns``)."""
    machine = _machine(settings)
    if network.is_per_design:
        layer = load_network(DEFAULT_LAYER).layers[0]
        default = {**layer_design(layer), **default_mapping(layer)}
        parameters = [*machine, *_mapping(None)]
        return LayerSpace(parameters, default=default, single_group=True)
    layer = network.layers[0]
    parameters = [*machine, *_mapping(layer)]
    return DesignSpace(parameters, default=default_mapping(layer), blank_is_default=True)


def default_mapping(layer: Layer) -> dict[str, Any]:
    """Return the design that rewards compare with.

    One filter window stays in each RF, channels are spread over the PEs, and the GLB holds as many
    output columns and rows as it can.
    """
    return {
        BOUNDS: FITTED,
        "rf_R": layer.R,
        "rf_S": layer.S,
        "sp_K": layer.K,
        "sp_C": layer.C,
        "glb_Q": layer.Q,
        "glb_P": layer.P,
    }


def _machine(settings: Mapping[str, Any]) -> list[Parameter]:
    searched = GRIDS if settings["hardware"] == "searched" else {}
    return [_machine_column(name, settings[name], searched.get(name, ())) for name in MACHINE]


def _machine_column(name: str, default: float, grid: tuple[int, ...]) -> Parameter:
    _, role, text = MACHINE[name]
    common: dict[str, Any] = {"default": default, "role": role, "description": text}
    if grid and float(default).is_integer():
        return Ordinal(name, grid, legal=(1, None), **(common | {"default": int(default)}))
    if name == "forwarding":
        return FixedNumber(name, 0, 1, **common)
    if name.endswith("_pj"):
        return FixedNumber(name, whole=False, **common)
    if name.endswith("_bw"):
        return FixedNumber(name, SMALLEST_BANDWIDTH, whole=False, **common)
    return FixedNumber(name, 1, **common)


def _mapping(layer: Layer | None) -> list[Parameter]:
    bounds = FixedWord(
        BOUNDS,
        (FITTED, EXACT),
        default=EXACT,
        role="mapping",
        description="whether bounds are as given, or wishes that are made to fit; then DRAM loops"
        " take the rest",
    )
    return [
        bounds,
        *(_bound(level, d, layer) for level in LEVELS for d in DIMENSIONS),
        *(_order(level) for level in LEVELS),
    ]


def _bound(level: str, dimension: str, layer: Layer | None) -> Parameter:
    is_rest = layer is None or level == "dram"
    grid = (1,) if is_rest or layer is None else divisors(getattr(layer, dimension))
    text = f"bound of the {_LEVEL_NAMES[level]} over {dimension}"
    name = f"{level}_{dimension}"
    return Ordinal(name, grid, legal=(1, None), role=ROLES[level], description=text)


def _order(level: str) -> Parameter:
    text = f"order of the {_LEVEL_NAMES[level]}s, outermost first; wishes are granted in it"
    return LoopOrder(f"{level}_order", role=ROLES[level], description=text)


def divisors(number: int) -> tuple[int, ...]:
    """Return the divisors of a number, ascending."""
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return tuple(sorted({*small, *(number // d for d in small)}))
