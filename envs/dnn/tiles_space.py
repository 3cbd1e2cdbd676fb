"""The design spaces of two-level tile mappings: the full one, and the 17 genes of ArchGym."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.dnn.layer import Layer
from archgym.cost_models.dnn.mapping.columns import BOUNDS, EXACT, FITTED
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.tiles.columns import DIMENSIONS, LEVELS, SPREAD, TILE_COLUMNS
from archgym.cost_models.dnn.workloads import load_network
from archgym.envs.dnn.arrays import PES, array_parameters
from archgym.envs.dnn.layer_space import LayerSpace, layer_design
from archgym.envs.dnn.parameters import FixedWord, LoopOrder
from archgym.errors import SettingError
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Integer, Ordinal
from archgym.space import DesignSpace

DEFAULT_LAYER = "resnet18/conv2_x"
SPACES = ("full", "archgym")
FULL, ARCHGYM = SPACES

_LEVEL_NAMES = {"l2": "L2", "l1": "L1"}
_UNITS = {"l2": "the clusters", "l1": "the PEs of a cluster"}
_CLUSTER_CHANNELS = 64  # of the default design, as in the template kcp_ws
_MOST_PES = 1023  # of ArchGym's gene
_GENE_ORDER = "SRKCQP"  # ArchGym's S R K C X Y


def tiles_space(settings: Mapping[str, Any], network: Network) -> DesignSpace:
    """Return the space of tile mappings of a layer (a network of one, or of none: ``columns``).

    Raises:
        SettingError: The space of ArchGym is asked for without a layer.
    """
    if network.is_per_design:
        if settings["space"] == ARCHGYM:
            raise SettingError("space=archgym: its genes depend on the layer; name one")
        layer = load_network(DEFAULT_LAYER).layers[0]
        default = {**layer_design(layer), **default_tiles(layer), BOUNDS: EXACT}
        return LayerSpace(_full(None), default=default, single_group=True)
    layer = network.layers[0]
    if settings["space"] == ARCHGYM:
        return DesignSpace(_genes(layer), blank_is_default=True)
    return DesignSpace(_full(layer), default={BOUNDS: FITTED}, blank_is_default=True)


def default_tiles(layer: Layer) -> dict[str, int]:
    """Return the tiles of the default design, which is the template kcp_ws as far as they go.

    Filters are spread over clusters and channels over PEs, one output at a time.
    """
    channels = max(size for size in tile_sizes(layer.C) if size <= _CLUSTER_CHANNELS)
    taps = {"R": layer.R, "S": layer.S}
    large = {"K": 1, "C": channels, "P": 1, "Q": 1} | taps
    small = dict.fromkeys("KCPQ", 1) | taps
    tiles = {f"l2_{d}": size for d, size in large.items()}
    return tiles | {f"l1_{d}": size for d, size in small.items()}


def tile_sizes(size: int) -> tuple[int, ...]:
    """Return the smallest tile for every number of tiles that a dimension can have, ascending.

    A larger tile with which as many are needed only makes the last one smaller.
    """
    return tuple(sorted({-(-size // count) for count in range(1, size + 1)}))


def _full(layer: Layer | None) -> list[Parameter]:
    bounds = FixedWord(
        BOUNDS,
        (FITTED, EXACT),
        default=EXACT,
        role="mapping",
        description="whether tiles and clusters are as given, or cut where they are too large",
    )
    cluster = Ordinal(
        "cluster_size",
        (1, 2, 4, *PES[:6]),
        default=_CLUSTER_CHANNELS,
        legal=(1, None),
        role="array",
        description="processing elements of one cluster",
    )
    tiles = [_tile(name, layer) for name in TILE_COLUMNS]
    return [*array_parameters(), cluster, bounds, *_spread(), *_orders(), *tiles]


def _tile(name: str, layer: Layer | None) -> Parameter:
    level, dimension = name.split("_")
    text = f"{dimension} of an {_LEVEL_NAMES[level]} tile"
    grid: tuple[int, ...] = (1,)
    default = 1
    if layer is not None:
        grid, default = tile_sizes(getattr(layer, dimension)), default_tiles(layer)[name]
    return Ordinal(name, grid, default=default, legal=(1, None), role=level, description=text)


def _spread() -> list[Parameter]:
    defaults = {"l2": "K", "l1": "C"}
    return [
        Categorical(
            f"{level}_par",
            SPREAD,
            default=defaults[level],
            role=level,
            description=f"the dimension spread over {_UNITS[level]}",
        )
        for level in LEVELS
    ]


def _orders() -> list[Parameter]:
    return [
        LoopOrder(
            f"{level}_order",
            items=tuple(DIMENSIONS),
            role=level,
            description=f"loops over {_LEVEL_NAMES[level]} tiles, outermost first",
        )
        for level in LEVELS
    ]


def _genes(layer: Layer) -> list[Parameter]:
    """Return the 17 parameters of ArchGym in its order."""
    l2_par, l1_par = _spread()
    l2_order, l1_order = _orders()
    genes = {level: [_gene(level, d, layer) for d in _GENE_ORDER] for level in LEVELS}
    pes = Integer("num_pes", 1, _MOST_PES, default=256, role="array", description="PEs in use")
    return [l2_order, l2_par, *genes["l2"], l1_par, *genes["l1"], l1_order, pes]


def _gene(level: str, dimension: str, layer: Layer) -> Parameter:
    name, high = f"{level}_{dimension}", getattr(layer, dimension)
    text = f"{dimension} of an {_LEVEL_NAMES[level]} tile, cut where it is too large"
    default = default_tiles(layer)[name]
    return Integer(name, 1, high, default=default, role=level, description=text)
