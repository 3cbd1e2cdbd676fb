"""Designs of the environment as machines of the mapper, with their areas.

DRAM -> global buffer -> PEs in a mesh, each with a scratchpad for inputs, weights and partial sums
-> MAC. A row of ``block_size`` words is accessed at once, so a memory holds rows * block_size
words. The 14 dummy buffers on the way to the PEs keep no tensor: they cost area alone. A PE uses
one weight, one input and one partial sum a cycle, hence no scratchpad's bandwidth ever binds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.dnn.eyeriss.memories import CLASSES, Memories
from archgym.cost_models.dnn.layer_columns import indices
from archgym.cost_models.dnn.mapping.columns import HARDWARE
from archgym.cost_models.dnn.technology import technology

Floats = NDArray[np.float64]
SPADS = ("weights_spad", "ifmap_spad", "psum_spad")  # in the order of the mapper's machines
GLB, DUMMY = "shared_glb", "dummy_buffer"
DUMMY_BUFFERS = 14
_UM2_PER_MM2 = 1e6


@dataclass(frozen=True)
class Chips:
    """The hardware of n designs.

    Attributes:
        machines: float64 (n, N_MACHINE), as the mapper takes them.
        area_mm2: float64 (n,).
    """

    machines: Floats
    area_mm2: Floats


def chips_of(batch: Batch, dram_bandwidth: float) -> Chips:
    """Return the hardware of designs.

    Args:
        batch: Designs with the 26 parameters.
        dram_bandwidth: Words per cycle.
    """
    pes, mesh_x = (batch[name].astype(np.float64) for name in ("n_pes", "mac_mesh_x"))
    spads = [_memories(batch, name) for name in SPADS]
    glb, dummy = _memories(batch, GLB), _memories(batch, DUMMY)
    mac = technology()["accelergy_45nm"]["mac_16b"]
    shared: dict[str, Floats | float] = {
        "num_pes": pes,
        "rf_words": np.sum([spad.words for spad in spads], axis=0),
        "glb_words": glb.words,
        "glb_read_bw": batch[f"{GLB}_read_bandwidth"].astype(np.float64),
        "glb_write_bw": batch[f"{GLB}_write_bandwidth"].astype(np.float64),
        "dram_bw": dram_bandwidth,
        "e_mac_pj": mac["energy"],
        "e_rf_pj": 0.0,  # counted per scratchpad
        "e_glb_pj": glb.word_pj(),
        "e_dram_pj": dram_word_pj(),
        "forwarding": 0.0,  # inputs are multicast, as in Eyeriss
    }
    of_pe = sum((spad.area_um2() for spad in spads), np.full(len(batch), mac["area"]))
    area = pes * of_pe + glb.area_um2() + DUMMY_BUFFERS * dummy.area_um2()
    return Chips(_machines(shared, spads, mesh_x), area / _UM2_PER_MM2)


def dram_word_pj() -> float:
    """Return the energy of one word of DRAM."""
    dram = technology()["accelergy_45nm"]["dram"]
    return float(dram["energy"] * 8 * technology()["word_bytes"] / dram["row_bits"])


def _machines(shared: Mapping[str, Floats | float], spads: list[Memories], x: Floats) -> Floats:
    columns = [
        *(shared[name] for name in HARDWARE),
        0.0,  # the area plays no part
        *(spad.words for spad in spads),
        *(spad.word_pj() for spad in spads),
        x,
        shared["num_pes"] // x,
    ]
    return np.stack([np.broadcast_to(column, len(x)) for column in columns], axis=1)


def _memories(batch: Batch, name: str) -> Memories:
    banks = f"{name}_n_banks"
    has_banks = banks in batch.space.names
    return Memories(
        indices(batch, f"{name}_class", CLASSES),
        batch[f"{name}_memory_depth"].astype(np.float64),
        batch[f"{name}_block_size"].astype(np.float64),
        batch[banks].astype(np.float64) if has_banks else np.ones(len(batch)),
    )
