"""Bytes that attention moves from and to memory, per configuration.

Source: FuseMax (MICRO 2024) and its artifact. The one-pass configurations keep some blocks of
queries with their running results in L3 and read all keys and values once per such query tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.attn_kernel.attention import Attention
from archgym.cost_models.attn_kernel.fusemax.constants import constants

Floats = NDArray[np.float64]

_WORD: int = constants()["machine"]["word_bytes"]
_RUNNING_SCALARS = 2  # a query's maximum and sum


@dataclass(frozen=True)
class Buffers:
    """What decides on traffic; every attribute is float64 (n,).

    Attributes:
        pe: Side of the array.
        l3: Bytes of the buffer.
        query_tile: Queries that stay in it, 0 for as many as fit.
    """

    pe: Floats
    l3: Floats
    query_tile: Floats


@dataclass(frozen=True)
class Traffic:
    """Bytes of one configuration.

    Attributes:
        phases: float64 (n,) for each phase that follows another.
        needed: float64 (n,), bytes of L3 without which the design cannot run.
    """

    phases: tuple[Floats, ...]
    needed: Floats


def traffic(config: str, attention: Attention, buffers: Buffers) -> Traffic:
    """Return the bytes under a configuration out of `CONFIGS`."""
    return _TRAFFIC[config](attention, buffers)


def _unfused(attention: Attention, buffers: Buffers) -> Traffic:
    """All scores go to memory between the products and softmax, in the order of its phases."""
    n, seq, zero = attention.heads, attention.seq, np.zeros(len(buffers.pe))
    qk = _WORD * n * (2 * seq * attention.E + seq**2)
    av = _WORD * n * (2 * seq * attention.F + seq**2)
    softmax = 2 * _WORD * n * seq**2
    return Traffic((zero + qk, zero + av, zero + softmax), zero)


def _flat(attention: Attention, buffers: Buffers) -> Traffic:
    table = constants()["flat"]
    n, seq = attention.heads, attention.seq
    sizes = attention.E + attention.F
    vectors = _WORD * n * sizes * seq
    tiles = np.ceil(seq / table["spilled_query_tile"])
    spilled = 4 * _WORD * n * seq**2 + vectors + vectors * tiles
    searched = n * seq**2 * _searched_bytes_per_score(sizes / 2, seq)
    on_chip = max(searched, 2.0 * vectors)
    fits = _WORD * table["scores_on_chip_rows"] * seq <= buffers.l3
    return Traffic((np.where(fits, on_chip, spilled),), np.zeros(len(buffers.pe)))


def _searched_bytes_per_score(head: float, seq: int) -> float:
    """Return the table's value, between its points on straight lines over log(length)."""
    table = constants()["flat"]["bytes_per_score"]
    lengths, heads = np.log(table["lengths"]), list(table["by_head"])
    at = [np.interp(np.log(seq), lengths, table["by_head"][h]) for h in heads]
    return float(np.interp(head, heads, at))


def _tiled(per_tile: bool) -> Callable[[Attention, Buffers], Traffic]:
    """Return the traffic of a one-pass cascade; ``per_tile`` if scores wait in L3 as well."""

    def tiled(attention: Attention, buffers: Buffers) -> Traffic:
        n, seq, sizes = attention.heads, attention.seq, attention.E + attention.F
        query = sizes + _RUNNING_SCALARS + (2 * buffers.pe if per_tile else 0)
        fixed, block = _WORD * buffers.pe * sizes, _WORD * buffers.pe * query
        blocks = _blocks_kept(seq, buffers, (buffers.l3 - fixed) // block)
        reads = np.ceil(seq / (blocks * buffers.pe))
        vectors = _WORD * n * sizes * seq
        return Traffic((vectors + vectors * reads,), fixed + block * blocks)

    return tiled


def _blocks_kept(seq: int, buffers: Buffers, room: Floats) -> Floats:
    """Return the blocks of PE queries in L3: as asked for, or the largest divisor that fits."""
    blocks = np.ceil(seq / buffers.pe)
    automatic = np.ones(len(room))
    for count in np.unique(blocks):
        same = blocks == count
        divisors = _divisors(int(count))
        at = np.searchsorted(divisors, room[same], side="right") - 1
        automatic[same] = divisors[np.maximum(at, 0)]
    asked = np.minimum(np.ceil(buffers.query_tile / buffers.pe), blocks)
    return np.where(buffers.query_tile > 0, asked, automatic)


@lru_cache(maxsize=4096)
def _divisors(number: int) -> NDArray[np.int64]:
    """Return the divisors of a number, ascending."""
    low = np.arange(1, int(np.sqrt(number)) + 1)
    low = low[number % low == 0]
    return np.unique(np.concatenate([low, number // low]))


_TRAFFIC: dict[str, Callable[[Attention, Buffers], Traffic]] = {
    "unfused": _unfused,
    "flat": _flat,
    "cascade": _tiled(per_tile=True),
    "arch": _tiled(per_tile=False),
    "binding": _tiled(per_tile=False),
}
