"""Two-level tile mappings of one layer, with the array they run on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.tiles.model import TilesModel
from archgym.environment import Environment
from archgym.envs.dnn.arrays import ENERGY_SETTINGS, OBJECTIVES, energies
from archgym.envs.dnn.tiles_space import DEFAULT_LAYER, FULL, SPACES, tiles_space
from archgym.envs.dnn.workloads import ONNX_SETTINGS, layer_workloads, load_single_layer
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "space": Setting(
        FULL,
        choices=SPACES,
        description="tiles, array and bandwidths, or the 17 parameters that ArchGym searches",
    ),
    **ENERGY_SETTINGS,
    **ONNX_SETTINGS,
}

NOTES = """\
GAMMA's mappings: a layer is cut into L2 tiles, these into L1 tiles; one dimension is spread over
clusters of PEs (l2_par), one over the PEs of a cluster (l1_par), and the tiles of each level are
walked in an order, outermost loop first. Compute time ranks mappings as MAESTRO does (Spearman
0.94 over 130 of them); the words that tiles move bound it by noc_bw and offchip_bw. Orders act on
words alone, hence on energy and on what bandwidth bounds.

bounds=exact (the default of tables): 1 <= l1 <= l2 <= layer in each dimension and cluster_size <=
num_pes; what breaks this is infeasible and says tile_size or pe_count.
bounds=fitted (what agents search): L2 tiles are cut to the layer, L1 tiles to the L2 tiles and
clusters to the array, so every design is feasible. The grid of a tile holds the smallest size for
each number of tiles; others are legal in tables.

space=archgym: the 17 parameters of ArchGym's MaestroGym in its order, bandwidth without limit. Its
genes tile_x, tile_y are l2_Q, l2_P and l1_Q, l1_P here, in outputs; perm_seed is l2_order and
l1_order, an order instead of the seed of a shuffle. Differences: all tiles act, and so does the
number of PEs; sizes reach the whole layer; a cluster has as many PEs as there are L1 tiles of the
spread dimension in an L2 tile, at most all; the stride counts; nothing is random.

The buffers that a mapping needs are metrics (l1_bytes, l2_bytes); limit them with subject_to.
Energies as in dnn.dataflow. archgym_legacy, archgym_legacy_energy and archgym_legacy_area are
ArchGym's rewards.

Version 0: first version.
"""


def _default_space(settings: Settings) -> DesignSpace:
    return tiles_space(settings, load_single_layer(DEFAULT_LAYER))


ENVIRONMENT = Environment(
    id="dnn.tiles",
    version=0,
    description="GAMMA's two-level tile mappings of one layer: tiles, orders, spread dimensions",
    space=_default_space,
    space_of=tiles_space,
    cost_models=MappingProxyType({"gamma_tiles": lambda settings: TilesModel(energies(settings))}),
    workloads=layer_workloads(DEFAULT_LAYER),
    load_workload=load_single_layer,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
)
