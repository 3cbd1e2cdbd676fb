"""Two-level tile mappings by walking their loops, one tile at a time.

Slow and independent of the closed forms. `compute_cycles` is legal for any mapping, `traffic` for
those whose tiles and units divide evenly.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

DIMENSIONS = "KCPQRS"
TENSORS = {"w": "KCRS", "i": "CPQRS", "o": "KPQ"}
Sizes = dict[str, int]


@dataclass(frozen=True)
class TileMapping:
    size: Sizes
    l2: Sizes
    l1: Sizes
    l2_par: str
    l1_par: str
    l2_order: str
    l1_order: str
    num_pes: int
    cluster_size: int
    stride: int = 1

    @property
    def clusters(self) -> int:
        return self.num_pes // self.cluster_size


def cut(size: int, tile: int) -> list[int]:
    return [min(tile, size - at) for at in range(0, size, tile)]


def rounds(tiles: list[int], units: int) -> list[list[int]]:
    return [tiles[at : at + units] for at in range(0, len(tiles), units)]


def compute_cycles(m: TileMapping) -> int:
    """Every round of clusters waits for the slowest, every round of PEs too."""
    tiles = {
        d: rounds(cut(m.size[d], m.l2[d]), m.clusters if d == m.l2_par else 1) for d in DIMENSIONS
    }
    total = 0
    for chosen in itertools.product(*tiles.values()):
        by_cluster = itertools.product(*chosen)
        total += max(cluster_cycles(m, dict(zip(DIMENSIONS, t, strict=True))) for t in by_cluster)
    return total


def cluster_cycles(m: TileMapping, l2: Sizes) -> int:
    tiles = {
        d: rounds(cut(l2[d], m.l1[d]), m.cluster_size if d == m.l1_par else 1) for d in DIMENSIONS
    }
    return sum(
        max(math.prod(tile) for tile in itertools.product(*chosen))
        for chosen in itertools.product(*tiles.values())
    )


def loops(size: Sizes, tile: Sizes, order: str, par: str, units: int):
    """Yield, in order of time, each unit's tile as indices by dimension."""
    counts = {d: len(cut(size[d], tile[d])) for d in DIMENSIONS}
    ranges = [range(0, counts[d], units if d == par else 1) for d in order]
    for at in itertools.product(*ranges):
        first = dict(zip(order, at, strict=True))
        busy = min(units, counts[par])
        yield [first | {par: first[par] + unit} for unit in range(busy)]


def volume(tile: Sizes, tensor: str, stride: int) -> int:
    if tensor == "i":
        height = (tile["P"] - 1) * stride + tile["R"]
        return tile["C"] * height * ((tile["Q"] - 1) * stride + tile["S"])
    return math.prod(tile[d] for d in TENSORS[tensor])


def traffic(m: TileMapping) -> dict[str, int]:
    """Count tiles that appear in a level where another was before; equal ones move together."""
    outer = list(loops(m.size, m.l2, m.l2_order, m.l2_par, m.clusters))
    inner = list(loops(m.l2, m.l1, m.l1_order, m.l1_par, m.cluster_size))
    l2 = dram = noc = 0
    for tensor, dims in TENSORS.items():
        large = [[tuple(tile[d] for d in dims) for tile in step] for step in outer]
        small = [
            [(up, tuple(tile[d] for d in dims)) for up in ups for tile in step]
            for ups in large
            for step in inner
        ]
        moved = {"dram": moves(large), "l2": moves(small)}
        sizes = {"dram": volume(m.l2, tensor, m.stride), "l2": volume(m.l1, tensor, m.stride)}
        words = {level: moved[level] * sizes[level] for level in moved}
        if tensor == "o":
            l2 += 2 * words["l2"]
            noc += 2 * words["l2"] - sizes["l2"] * different(small)
            dram += 2 * words["dram"] - sizes["dram"] * different(large)
        else:
            l2, noc, dram = l2 + words["l2"], noc + words["l2"], dram + words["dram"]
    return {"l2_accesses": l2, "noc_words": noc, "dram_words": dram}


def moves(steps) -> int:
    """Return how many tiles arrive; each unit keeps its own until it needs another."""
    before: list[object] = []
    arrived = 0
    for step in steps:
        held = before or [None] * len(step)
        arrived += len({new for new, old in zip(step, held, strict=True) if new != old})
        before = step
    return arrived


def different(steps) -> int:
    return len({tile for step in steps for tile in step})
