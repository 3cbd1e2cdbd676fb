"""Cycles of attention's operations on the arrays, and how configurations order them in time.

Source: FuseMax (MICRO 2024) and its artifact. A tile is PE x PE scores: PE queries by PE keys. The
2-D array works on a tile with one score per PE, the 1-D array of PE lanes with one query per lane,
so a step costs either of them one cycle per tile. The einsums, with the artifact's names:

======== ==== ============================================================ ================
einsum   on   computes                                                     cycles
======== ==== ============================================================ ================
QK       2-D  scores                                                       E per tile
LM       2-D  largest score of a tile, per query                           1 per tile
SLN      2-D  exp(score - largest)                                         7 per tile
SLD      2-D  its sum                                                      1 per tile
SLNV     2-D  product with the values                                      F per tile
RM       1-D  running maximum                                              1 per tile
PRM      1-D  exp(old - new maximum)                                       7 per tile
SPD      1-D  old sum, rescaled                                            1 per tile
SPNV     1-D  old product, rescaled                                        F per tile
RD       1-D  running sum                                                  1 per tile
RNV      1-D  running product                                              F per tile
AV       1-D  division by the sum, at last                                 F per block of queries
======== ==== ============================================================ ================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.attn_kernel.attention import Attention

Floats = NDArray[np.float64]

EXPONENTIAL = 7  # six multiply-accumulates and an addition
SOFTMAX_STEPS = 4  # maximum, exponential and sum (native), division: what a score costs a lane
CASCADE_SCORE_STEPS = 4  # maximum of a tile, exponential (native) with its subtraction, sum
CASCADE_TILE_STEPS = 5  # RM, PRM (native exponential and subtraction), SPD, RD
ON_2D = ("QK", "LM", "SLN", "SLD", "SLNV")


@dataclass(frozen=True)
class Tiling:
    """Attention cut into pieces of the array's size; every array is float64 (n,).

    Attributes:
        attention: What is cut.
        pe: Side of the 2-D array and lanes of the 1-D one.
        blocks: Of PE queries each, over all heads.
        tiles: Of PE queries by PE keys, over all heads.
    """

    attention: Attention
    pe: Floats
    blocks: Floats
    tiles: Floats

    @staticmethod
    def of(attention: Attention, pe: Floats) -> Tiling:
        """Return the tiling for arrays; pieces at the edge take as long as whole ones."""
        per_head = np.ceil(attention.seq / pe)
        blocks = attention.heads * per_head
        return Tiling(attention, pe, blocks, blocks * per_head)


@dataclass(frozen=True)
class ComputeTime:
    """Cycles of one configuration, float64 (n,) each.

    Attributes:
        phases: That follow one another; memory works beside each of them.
        busy_2d: In which the 2-D array works.
        busy_1d: In which the 1-D array works.
    """

    phases: tuple[Floats, ...]
    busy_2d: Floats
    busy_1d: Floats


def einsum_cycles(tiling: Tiling) -> dict[str, Floats]:
    """Return einsum -> cycles of FuseMax's own cascade."""
    per_tile = {
        "QK": tiling.attention.E,
        "LM": 1,
        "SLN": EXPONENTIAL,
        "SLD": 1,
        "SLNV": tiling.attention.F,
        "RM": 1,
        "PRM": EXPONENTIAL,
        "SPD": 1,
        "SPNV": tiling.attention.F,
        "RD": 1,
        "RNV": tiling.attention.F,
    }
    cycles = {name: count * tiling.tiles for name, count in per_tile.items()}
    return {**cycles, "AV": tiling.attention.F * tiling.blocks}


def compute_time(config: str, tiling: Tiling) -> ComputeTime:
    """Return the cycles under a configuration out of `CONFIGS`."""
    return _SCHEDULES[config](tiling)


def _unfused(tiling: Tiling) -> ComputeTime:
    """Products and softmax one after another, over all scores."""
    qk, av = tiling.attention.E * tiling.tiles, tiling.attention.F * tiling.tiles
    softmax = SOFTMAX_STEPS * tiling.attention.seq * tiling.blocks
    return ComputeTime((qk, av, softmax), qk + av, softmax)


def _flat(tiling: Tiling) -> ComputeTime:
    """Products and softmax of different tiles side by side."""
    products = (tiling.attention.E + tiling.attention.F) * tiling.tiles
    softmax = SOFTMAX_STEPS * tiling.attention.seq * tiling.blocks
    return ComputeTime((np.maximum(products, softmax),), products, softmax)


def _cascade(tiling: Tiling) -> ComputeTime:
    """One pass over the keys, on FLAT's arrays: all but the products on the 1-D one."""
    attention = tiling.attention
    products = (attention.E + attention.F) * tiling.tiles
    per_score = CASCADE_SCORE_STEPS * attention.seq * tiling.blocks
    per_tile = (CASCADE_TILE_STEPS + 2 * attention.F) * tiling.tiles
    others = per_score + per_tile + attention.F * tiling.blocks
    return ComputeTime((np.maximum(products, others),), products, others)


def _arch(tiling: Tiling) -> ComputeTime:
    """FuseMax's arrays, a tile at a time: the 2-D array waits while maxima cross it."""
    c = einsum_cycles(tiling)
    total = np.maximum(c["QK"] + c["LM"], c["RD"] + c["AV"]) + tiling.pe * c["LM"] + c["RM"]
    total = total + np.maximum(c["SLN"] + c["SLD"], c["PRM"] + c["SPD"])
    total = total + np.maximum(c["SLNV"], c["SPNV"] + c["RNV"])
    return ComputeTime((total,), *_busy(c))


def _binding(tiling: Tiling) -> ComputeTime:
    """FuseMax: tiles interleaved so that one fills the waiting times of another."""
    c = einsum_cycles(tiling)
    total = np.maximum(c["QK"] + c["LM"], c["RD"] + c["RNV"] + c["AV"]) + c["RM"]
    total = total + np.maximum(c["SLN"] + c["SLD"], c["PRM"] + c["SPD"])
    total = total + np.maximum(c["SLNV"], c["SPNV"])
    return ComputeTime((total,), *_busy(c))


def _busy(cycles: dict[str, Floats]) -> tuple[Floats, Floats]:
    on_2d = [cycles[name] for name in ON_2D]
    on_1d = [values for name, values in cycles.items() if name not in ON_2D]
    return total_of(on_2d), total_of(on_1d)


def total_of(parts: Sequence[Floats]) -> Floats:
    """Return the sum of arrays, float64 (n,)."""
    return reduce(np.add, parts)


_SCHEDULES: dict[str, Callable[[Tiling], ComputeTime]] = {
    "unfused": _unfused,
    "flat": _flat,
    "cascade": _cascade,
    "arch": _arch,
    "binding": _binding,
}
