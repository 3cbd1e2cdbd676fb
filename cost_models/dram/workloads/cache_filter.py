"""The cache between the core and the memory: turns byte accesses into line requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.compiled import compiled
from archgym.errors import WorkloadError

Int = NDArray[np.int64]


@dataclass(frozen=True)
class Cache:
    """A set-associative, write-back, write-allocate cache with least-recently-used replacement."""

    size_bytes: int = 32 * 1024
    ways: int = 8
    line_bytes: int = 64

    def __post_init__(self) -> None:
        sizes = (self.size_bytes, self.ways, self.line_bytes)
        if min(sizes) < 1 or self.size_bytes % (self.ways * self.line_bytes):
            raise WorkloadError(
                f"a cache of {self.size_bytes} bytes cannot have {self.ways} ways of "
                f"{self.line_bytes}-byte lines: the size must be a positive multiple of both"
            )

    @property
    def sets(self) -> int:
        """Number of sets; line number modulo this is the set of a line."""
        return self.size_bytes // (self.ways * self.line_bytes)


class LineRequests(NamedTuple):
    """What the cache asks of the memory, in order.

    Attributes:
        addresses: int64 (n,), byte address of the line.
        writes: uint8 (n,), 1 for the write-back of a dirty line, 0 for a fetch.
        causes: int64 (n,), index of the access that caused it.
    """

    addresses: Int
    writes: NDArray[np.uint8]
    causes: Int


def filter_accesses(cache: Cache, addresses: Int, writes: NDArray[np.uint8]) -> LineRequests:
    """Return the fetches and write-backs of a cache that starts empty.

    A miss fetches its line (also for a store: write-allocate), then writes the line that it
    replaces back if that is dirty. Lines that are dirty at the end stay in the cache.

    Args:
        cache: The cache.
        addresses: int64 (n,), byte addresses, each access within one line.
        writes: uint8 (n,), 1 for a store.
    """
    lines = addresses // cache.line_bytes
    found, was_write, causes = _filter_lines(lines, writes, cache.sets, cache.ways)
    return LineRequests(found * cache.line_bytes, was_write, causes)


@compiled
def _filter_lines(
    lines: Int, writes: NDArray[np.uint8], sets: int, ways: int
) -> tuple[Int, NDArray[np.uint8], Int]:
    # Each set is kept in order of use, the most recent first; -1 marks an empty way.
    tags = np.full((sets, ways), -1, dtype=np.int64)
    dirty = np.zeros((sets, ways), dtype=np.uint8)
    out_lines = np.empty(2 * len(lines), dtype=np.int64)
    out_writes = np.empty(2 * len(lines), dtype=np.uint8)
    causes = np.empty(2 * len(lines), dtype=np.int64)
    count = 0
    for access in range(len(lines)):
        line = lines[access]
        tag, stain = tags[line % sets], dirty[line % sets]
        way = _find(tag, line)
        if tag[way] != line:
            out_lines[count], out_writes[count], causes[count] = line, 0, access
            count += 1
            if tag[way] >= 0 and stain[way]:
                out_lines[count], out_writes[count], causes[count] = tag[way], 1, access
                count += 1
            stain[way] = 0
        _move_to_front(tag, stain, way, line, writes[access])
    return out_lines[:count].copy(), out_writes[:count].copy(), causes[:count].copy()


@compiled
def _find(tag: Int, line: int) -> int:
    """Return the way that holds the line, or else the least recently used way."""
    for way in range(len(tag)):
        if tag[way] == line:
            return way
    return len(tag) - 1


@compiled
def _move_to_front(tag: Int, stain: NDArray[np.uint8], way: int, line: int, write: int) -> None:
    kept = stain[way]
    for later in range(way, 0, -1):
        tag[later] = tag[later - 1]
        stain[later] = stain[later - 1]
    tag[0] = line
    stain[0] = kept | write
