"""An open-addressing hash table with linear probing; a slot is 16 bytes, key and value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import AccessLog, load, store, work
from archgym.cost_models.dram.workloads.compiled import compiled

Slots = NDArray[np.int64]

EMPTY = -1
SLOT_BYTES = 16
HASH_INSTRUCTIONS = 3  # multiply, shift, scale
PROBE_INSTRUCTIONS = 2  # compare, branch
_KNUTH = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio (Knuth, TAOCP 6.4)


def empty_table(bits: int) -> Slots:
    """Return a table of 2**bits empty slots, int64 (2**bits, 2)."""
    return np.full((1 << bits, 2), EMPTY, dtype=np.int64)


@compiled
def insert(log: AccessLog, base: int, table: Slots, key: int, value: int) -> None:
    """Put a key that is not in the table yet into the first free slot from its home on."""
    slot = _home(key, len(table))
    work(log, HASH_INSTRUCTIONS)
    load(log, base + SLOT_BYTES * slot)
    while table[slot, 0] != EMPTY:
        slot = (slot + 1) % len(table)
        load(log, base + SLOT_BYTES * slot)
        work(log, PROBE_INSTRUCTIONS)
    table[slot, 0], table[slot, 1] = key, value
    store(log, base + SLOT_BYTES * slot)


@compiled
def find(log: AccessLog, base: int, table: Slots, key: int) -> int:
    """Return the value of a key, or EMPTY."""
    slot = _home(key, len(table))
    work(log, HASH_INSTRUCTIONS)
    load(log, base + SLOT_BYTES * slot)
    while table[slot, 0] != key and table[slot, 0] != EMPTY:
        slot = (slot + 1) % len(table)
        load(log, base + SLOT_BYTES * slot)
        work(log, PROBE_INSTRUCTIONS)
    return table[slot, 1] if table[slot, 0] == key else EMPTY


@compiled
def _home(key: int, slots: int) -> int:
    mixed = (np.uint64(key) * _KNUTH) >> np.uint64(32)
    return int(np.int64((mixed * np.uint64(slots)) >> np.uint64(32)))
