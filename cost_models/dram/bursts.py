"""From a trace to the decoded bursts that a memory serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.address import AddressMapping
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.trace import Trace
from archgym.errors import SettingError, WorkloadError

MAX_BURSTS = 2**31 - 1  # burst numbers and line numbers are int32


@dataclass(frozen=True)
class Bursts:
    """The bursts of a trace, apart from where a map puts them.

    Attributes:
        addresses: int64 (bursts,), aligned, inside the mapped range.
        writes: uint8 (bursts,).
        first: int32 (requests + 1,), first burst of each request; empty if all have one.
        owner: int32 (bursts,), request of each burst; empty if all have one.
        n_bytes: Bytes that all requests ask for.
    """

    addresses: NDArray[np.int64]
    writes: NDArray[np.uint8]
    first: NDArray[np.int32]
    owner: NDArray[np.int32]
    n_bytes: int


def split_into_bursts(
    memory: MemorySpec,
    trace: Trace,
    *,
    request_bytes: int | None = None,
    wrap_addresses: bool = False,
    allow_unsorted: bool = False,
) -> Bursts:
    """Check a trace against a memory and split its requests into bursts.

    Raises:
        WorkloadError: An empty trace, a negative or decreasing time, an address beyond the device;
            names the trace and the request.
        SettingError: ``request_bytes`` is not a positive number.
    """
    size = memory.request_bytes if request_bytes is None else request_bytes
    if size < 1:
        raise SettingError(f"request_bytes = {size}: a number of bytes >= 1 is wanted")
    _check_times(trace, allow_unsorted)
    lengths = np.where(trace.lengths > 0, trace.lengths, size)
    counts = -(-lengths // memory.burst_bytes)
    if int(counts.sum()) > MAX_BURSTS:
        raise WorkloadError(f"trace {trace.name}: more than {MAX_BURSTS} bursts")
    addresses = np.asarray(trace.addresses, np.int64)
    if not wrap_addresses:
        _check_addresses(trace, memory, addresses, counts)
    aligned = addresses & -memory.burst_bytes
    writes = np.asarray(trace.writes, np.uint8)
    first = owner = np.zeros(0, np.int32)
    if (counts > 1).any():
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        owner = np.repeat(np.arange(len(trace), dtype=np.int32), counts)
        within = np.arange(len(owner)) - first[owner]
        aligned, writes = aligned[owner] + within * memory.burst_bytes, writes[owner]
    wrapped = aligned % memory.capacity_bytes
    return Bursts(wrapped, writes, first, owner, int(lengths.sum()))


def decode(memory: MemorySpec, bursts: Bursts, mapping: AddressMapping) -> NDArray[np.int32]:
    """Return bank (of the channel), row, direction and line of each burst, int32 (bursts, 4)."""
    addresses = mapping.hashed(bursts.addresses)
    rank = mapping.field(addresses, "PSEUDOCHANNEL")
    pseudo_channels = 1 << len(mapping.bits.get("PSEUDOCHANNEL", ()))
    rank += pseudo_channels * mapping.field(addresses, "RANK")
    group = mapping.field(addresses, "BANKGROUP") + memory.groups * rank
    decoded = np.empty((len(addresses), 4), np.int32)
    decoded[:, 0] = mapping.field(addresses, "BANK") + memory.banks // memory.groups * group
    decoded[:, 1] = mapping.field(addresses, "ROW")
    decoded[:, 2] = bursts.writes
    decoded[:, 3] = bursts.addresses // memory.burst_bytes
    return decoded


def _check_times(trace: Trace, allow_unsorted: bool) -> None:
    if len(trace) == 0:
        raise WorkloadError(f"trace {trace.name}: holds no request")
    lengths = {len(trace.times), len(trace.writes), len(trace.addresses), len(trace.lengths)}
    if len(lengths) != 1:
        raise WorkloadError(f"trace {trace.name}: its columns differ in length: {sorted(lengths)}")
    _refuse(trace, trace.times < 0, trace.times, "a negative time")
    _refuse(trace, trace.lengths < 0, trace.lengths, "a negative length")
    _refuse(trace, trace.writes > 1, trace.writes, "a direction that is neither 0 nor 1")
    if not (allow_unsorted or trace.relative):
        decreasing = np.zeros(len(trace), bool)
        decreasing[1:] = trace.times[1:] < trace.times[:-1]
        hint = "a time before that of its predecessor (allow_unsorted=true takes times as minima)"
        _refuse(trace, decreasing, trace.times, hint)


def _check_addresses(
    trace: Trace, memory: MemorySpec, addresses: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    last = (addresses & -memory.burst_bytes) + counts * memory.burst_bytes
    beyond = (addresses < 0) | (last > memory.capacity_bytes)
    hint = (
        f"an address beyond the {memory.capacity_bytes} bytes of {memory.name} "
        "(wrap_addresses=true ignores the upper bits)"
    )
    _refuse(trace, beyond, addresses, hint)


def _refuse(
    trace: Trace, wrong: NDArray[np.bool_], values: NDArray[np.integer[Any]], what: str
) -> None:
    if wrong.any():
        request = int(np.argmax(wrong))
        raise WorkloadError(
            f"trace {trace.name}, request {request}: {int(values[request])} is {what}"
        )
