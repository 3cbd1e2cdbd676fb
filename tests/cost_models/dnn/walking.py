"""A plain model of mappings that walks all loops and looks at tiles as sets of coordinates.

It shares nothing with the kernels and is usable on tiny layers only. Where the described tool
extrapolates from its first two iterations, so does this: a loop that advances counts as going from
iteration 0 to 1 while the loops inside it go from 1 back to 0.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

DIMENSIONS = "NKCPQRS"
WEIGHTS, OUTPUTS = "KCRS", "NKPQ"


@dataclass
class Mapping:
    """Bounds by level and letter, orders as words, and the machine by column name."""

    stride: int
    dram: dict[str, int]
    glb: dict[str, int]
    sp: dict[str, int]
    rf: dict[str, int]
    orders: dict[str, str]
    machine: dict[str, float]
    counts: dict[str, int] = field(default_factory=dict)

    def loops(self, levels):
        """Loops outermost first as (letter, bound, elements that one step goes on)."""
        inside = {"dram": ("glb", "sp", "rf"), "glb": ("sp", "rf")}
        return [
            (d, getattr(self, level)[d], math.prod(getattr(self, b)[d] for b in inside[level]))
            for level in levels
            for d in self.orders[level]
            if getattr(self, level)[d] > 1
        ]


def corner(mapping, loops, index):
    """Where the input tile begins: batch, channel, row, column."""
    at = dict.fromkeys(DIMENSIONS, 0)
    for (d, _, step), i in zip(loops, index, strict=True):
        at[d] += i * step
    rows, columns = at["P"] * mapping.stride + at["R"], at["Q"] * mapping.stride + at["S"]
    return at["N"], at["C"], rows, columns


def tile_shape(mapping, tile):
    rows = (tile["P"] - 1) * mapping.stride + tile["R"]
    columns = (tile["Q"] - 1) * mapping.stride + tile["S"]
    return tile["N"], tile["C"], rows, columns


def box(start, shape):
    return set(
        itertools.product(*(range(s, s + length) for s, length in zip(start, shape, strict=True)))
    )


def fresh(shape, move):
    """Words of a moved tile that the tile before the move lacks; only straight moves keep any."""
    here = box((0, 0, 0, 0), shape)
    if sum(m != 0 for m in move) > 1:
        return len(here)
    return len(box(move, shape) - here)


def walk(loops):
    """All iterations in order, each with the position of the outermost loop that advanced."""
    before = None
    for index in itertools.product(*(range(bound) for _, bound, _ in loops)):
        advanced = None
        if before is not None:
            advanced = next(
                j for j, (a, b) in enumerate(zip(before, index, strict=True)) if a != b
            )
        yield index, advanced
        before = index


def visits(loops, letters):
    """How often a tile of a tensor comes in, and how many different ones there are."""
    current, seen, coming = None, set(), 0
    for index, _ in walk(loops):
        tile = tuple(i for (d, _, _), i in zip(loops, index, strict=True) if d in letters)
        if tile != current:
            coming += 1
            seen.add(tile)
        current = tile
    return coming, len(seen)


def input_events(mapping, loops, shape):
    """New input words at each iteration: (loop that advanced, move, words)."""
    innermost = None
    if loops:
        innermost = extrapolated_move(mapping, loops, len(loops) - 1)
    for _, advanced in walk(loops):
        if advanced is None:
            yield None, None, math.prod(shape)
            continue
        move = extrapolated_move(mapping, loops, advanced)
        words = fresh(shape, move) if move == innermost else math.prod(shape)
        yield advanced, move, words


def extrapolated_move(mapping, loops, advanced):
    inside = len(loops) - 1 - advanced
    before = corner(mapping, loops, [0] * (advanced + 1) + [1] * inside)
    after = corner(mapping, loops, [0] * advanced + [1] + [0] * inside)
    return tuple(b - a for a, b in zip(before, after, strict=True))


def offsets(mapping):
    """The offset of each PE; the rightmost letter of the order is the fastest."""
    letters = mapping.orders["sp"]
    found = []
    for index in itertools.product(*(range(mapping.sp[d]) for d in letters)):
        at = {d: i * mapping.rf[d] for d, i in zip(letters, index, strict=True)}
        rows = at["P"] * mapping.stride + at["R"]
        columns = at["Q"] * mapping.stride + at["S"]
        found.append((at["N"], at["C"], rows, columns))
    return found


def handed_down(mapping, events, shape):
    """Input words that the GLB reads, and words handed from PE to PE."""
    where, z = offsets(mapping), math.prod(shape)
    different = len(set(where))
    reads = links = 0
    inner = max((e[0] for e in events if e[0] is not None), default=None)
    innermost_kind = outer_kind = None
    for advanced, move, words in events:
        kind = "zero" if words == 0 else "full" if words == z else ("part", move)
        before = outer_kind if advanced == inner else innermost_kind
        alone = list(range(len(where)))
        forwards = mapping.machine["forwarding"] and len(where) > 1
        if advanced is not None and forwards and kind == before and words:
            alone = [q for q in alone if not served(where, q, move)]
        lone = len({where[q] for q in alone})
        if lone < different:
            reads += lone * words
            links += (len(where) - len(alone)) * words
        else:
            reads += different * words
        if advanced is None or advanced != inner:
            outer_kind = kind
        if advanced == inner and advanced is not None:
            innermost_kind = kind
    return reads, links


def served(where, q, move):
    goal = tuple(a + b for a, b in zip(where[q], move, strict=True))
    return any(0 <= n < len(where) and where[n] == goal for n in (q - 1, q + 1))


def count(mapping):
    """All counts of a mapping by name, then cycles and energy."""
    rf_tile = dict(mapping.rf)
    glb_tile = {d: mapping.rf[d] * mapping.sp[d] * mapping.glb[d] for d in DIMENSIONS}
    above_rf, above_glb = mapping.loops(("dram", "glb")), mapping.loops(("dram",))
    pes = math.prod(mapping.sp.values())
    compute = math.prod(b for _, b, _ in above_rf) * math.prod(rf_tile.values())
    c = {"compute_cycles": compute, "utilized_pes": pes, "macs": compute * pes}

    def volume(tile, letters):
        return math.prod(tile[d] for d in letters)

    coming, _ = visits(above_rf, WEIGHTS)
    c["rf_w_reads"], c["rf_w_fills"] = compute, coming * volume(rf_tile, WEIGHTS)
    c["glb_w_reads"] = c["rf_w_fills"] * volume(mapping.sp, WEIGHTS)
    coming, _ = visits(above_glb, WEIGHTS)
    c["glb_w_fills"] = c["dram_w_reads"] = coming * volume(glb_tile, WEIGHTS)

    coming, different = visits(above_rf, OUTPUTS)
    words = volume(rf_tile, OUTPUTS)
    c["rf_o_updates"], c["rf_o_reads"] = compute, compute - different * words
    c["rf_o_fills"] = (coming - different) * words
    c["glb_o_updates"] = coming * words * volume(mapping.sp, OUTPUTS)
    coming, different = visits(above_glb, OUTPUTS)
    words = volume(glb_tile, OUTPUTS)
    c["glb_o_fills"] = c["dram_o_reads"] = (coming - different) * words
    c["glb_o_reads"] = c["glb_o_updates"] - different * words
    c["dram_o_updates"] = coming * words

    shape = tile_shape(mapping, glb_tile)
    fills = sum(words for _, _, words in input_events(mapping, above_glb, shape))
    c["glb_i_fills"] = c["dram_i_reads"] = fills
    shape = tile_shape(mapping, rf_tile)
    events = list(input_events(mapping, above_rf, shape))
    c["rf_i_fills"] = sum(words for _, _, words in events)
    c["glb_i_reads"], links = handed_down(mapping, events, shape)
    c["rf_i_reads"] = compute + links // pes
    return c | cycles_and_energy(mapping.machine, c)


def cycles_and_energy(machine, c):
    def total(level, *kinds):
        return sum(v for k, v in c.items() if k.startswith(level) and k.endswith(kinds))

    bounds = [
        c["compute_cycles"],
        total("glb_", "reads") / machine["glb_read_bw"],
        total("glb_", "fills", "updates") / machine["glb_write_bw"],
        total("dram_", "reads", "updates") / machine["dram_bw"],
    ]
    blocks = {
        level: sum(-(-v // 4) * 4 for k, v in c.items() if k.startswith(level))
        for level in ("glb_", "dram_")
    }
    energy = (
        c["macs"] * machine["e_mac_pj"]
        + c["utilized_pes"] * total("rf_", "") * machine["e_rf_pj"]
        + blocks["glb_"] * machine["e_glb_pj"]
        + blocks["dram_"] * machine["e_dram_pj"]
    )
    return {"cycles": math.ceil(max(bounds)), "energy_pj": energy}
