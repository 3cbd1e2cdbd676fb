"""Template dataflows by walking their loops, one step and one coordinate at a time.

Slow and independent of the closed forms: which words a step needs are sets of coordinates. Legal
for one group at stride 1; under rs, which counts whole tiles alone, for filters in whole twos and
channels in whole threes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

Words = set[tuple[int, ...]]


@dataclass(frozen=True)
class Shape:
    K: int
    C: int
    P: int
    Q: int
    R: int
    S: int


@dataclass(frozen=True)
class Part:
    """What one cluster does in one step: ranges of filters, channels, rows and columns."""

    k: range
    c: range
    p: range
    q: range

    def outputs(self) -> Words:
        return set(itertools.product(self.k, self.p, self.q))

    def inputs(self, shape: Shape) -> Words:
        rows = {p + r for p in self.p for r in range(shape.R)}
        columns = {q + s for q in self.q for s in range(shape.S)}
        return set(itertools.product(self.c, rows, columns))

    def weights(self, shape: Shape) -> Words:
        return set(itertools.product(self.k, self.c, range(shape.R), range(shape.S)))


def pieces(size: int, step: int) -> list[range]:
    return [range(at, min(at + step, size)) for at in range(0, size, step)]


def ones(tile: range) -> list[range]:
    return [range(i, i + 1) for i in tile]


def steps_of(dataflow: str, shape: Shape, pes: int) -> list[list[Part]]:
    """Return the clusters' parts of every step, in order."""
    if dataflow == "kcp_ws":
        cluster = min(shape.C, 64, pes)
        loops = (shape.K, pes // cluster), (shape.C, cluster), (shape.P, 1), (shape.Q, 1)
    elif dataflow == "yxp_os":
        width = min(8, pes)
        loops = (shape.K, 1), (shape.C, 1), (shape.P, pes // width), (shape.Q, width)
    elif dataflow == "xp_ws":
        loops = (shape.K, 1), (shape.C, 1), (shape.P, 1), (shape.Q, pes)
    else:
        loops = (shape.K, 2), (shape.C, 3), (shape.P, pes // min(shape.R, pes)), (shape.Q, 1)
    tiles = itertools.product(*(pieces(size, step) for size, step in loops))
    return [spread(dataflow, *tile) for tile in tiles]


def spread(dataflow: str, k: range, c: range, p: range, q: range) -> list[Part]:
    if dataflow == "kcp_ws":
        return [Part(one, c, p, q) for one in ones(k)]
    if dataflow == "xp_ws":
        return [Part(k, c, p, one) for one in ones(q)]
    return [Part(k, c, one, q) for one in ones(p)]


def distinct(tiles: list[Words]) -> int:
    """Identical tiles are fetched once, those that merely overlap share nothing."""
    return sum(len(tile) for tile in set(map(frozenset, tiles)))


def work_of(dataflow: str, shape: Shape, pes: int) -> int:
    """Return the MACs of the busiest PE in a whole step."""
    if dataflow == "rs":
        return 6 * shape.S * len(pieces(shape.R, min(shape.R, pes)))
    return shape.R * shape.S


def walk(dataflow: str, shape: Shape, pes: int, noc_bw: int, offchip_bw: int) -> dict[str, int]:
    steps = steps_of(dataflow, shape, pes)
    done = [mac for step in steps for part in step for mac in macs(part, shape)]
    assert len(done) == len(set(done)) == shape.K * shape.C * shape.P * shape.Q * shape.R * shape.S
    first = steps[0]
    words = distinct([part.inputs(shape) for part in first])
    words += distinct([part.weights(shape) for part in first])
    cluster = 0
    if dataflow != "xp_ws":  # its PEs have no clusters
        cluster = len(first[0].inputs(shape)) + len(first[0].weights(shape))
    work = work_of(dataflow, shape, pes) + -(-cluster // noc_bw)
    reads, writes = traffic(dataflow, shape, steps)
    outputs = shape.K * shape.P * shape.Q
    return {
        "runtime_cycles": len(steps) * max(work, words // offchip_bw, words // noc_bw),
        "l2_accesses": reads + 2 * writes,
        "dram_words": reads + 2 * writes - outputs,
        "l2_bytes": 2 * (words + len(set().union(*(part.outputs() for part in first)))),
    }


def macs(part: Part, shape: Shape):
    return itertools.product(part.k, part.c, part.p, part.q, range(shape.R), range(shape.S))


def traffic(dataflow: str, shape: Shape, steps: list[list[Part]]) -> tuple[int, int]:
    """Return the words that L2 hands down, and those that come back."""
    reads = writes = 0
    before: list[Part] = []
    for step in steps:
        weights, kept_weights = ([part.weights(shape) for part in it] for it in (step, before))
        reads += distinct([words for words in weights if words not in kept_weights])
        inputs, held = (tiles(dataflow, shape, parts) for parts in (step, before))
        kept = len(inputs) == len(held) and slid(dataflow, before[0], step[0], steps)
        old = held if kept else [set()] * len(inputs)
        reads += distinct([new - was for new, was in zip(inputs, old, strict=True)])
        writes += sum(len(part.outputs()) for part in step)
        before = step
    return reads, writes


def tiles(dataflow: str, shape: Shape, parts: list[Part]) -> list[Words]:
    inputs = [part.inputs(shape) for part in parts]
    return [set().union(*inputs)] if dataflow == "xp_ws" and parts else inputs


def slid(dataflow: str, before: Part, now: Part, steps: list[list[Part]]) -> bool:
    """Return whether windows have moved so that overlaps count: along a row, one position.

    The PEs of xp_ws jump along a row, but slide down where one step takes whole rows.
    """
    if (before.k, before.c) != (now.k, now.c):
        return False
    if dataflow == "xp_ws":
        return len({step[0].q.start for step in steps}) == 1
    return before.p == now.p
