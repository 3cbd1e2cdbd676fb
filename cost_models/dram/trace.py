"""The memory requests that a controller serves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Trace:
    """A request stream, one entry per request, in program order.

    Attributes:
        name: What error messages and stored rows call it.
        times: int64 (n,), earliest issue in cycles of the trace clock; with ``relative`` the
            cycles after the acceptance of the previous request.
        writes: uint8 (n,), 1 for a write, 0 for a read.
        addresses: int64 (n,), byte addresses.
        lengths: int64 (n,), bytes of each request; 0 means one burst of the memory.
        relative: True for DRAMSys's ``.rstl`` form.
    """

    name: str
    times: NDArray[np.int64]
    writes: NDArray[np.uint8]
    addresses: NDArray[np.int64]
    lengths: NDArray[np.int64]
    relative: bool = False

    def __len__(self) -> int:
        return len(self.times)

    def head(self, requests: int) -> Trace:
        """Return the first ``requests`` requests."""
        part = slice(requests)
        return replace(
            self,
            times=self.times[part],
            writes=self.writes[part],
            addresses=self.addresses[part],
            lengths=self.lengths[part],
        )


def make_trace(
    name: str,
    times: ArrayLike,
    writes: ArrayLike,
    addresses: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    relative: bool = False,
) -> Trace:
    """Return a trace of read-only arrays of the right types; no lengths means one burst each."""
    cycles = _frozen(times, np.int64)
    no_lengths = np.zeros(len(cycles), dtype=np.int64)
    return Trace(
        name,
        cycles,
        _frozen(writes, np.uint8),
        _frozen(addresses, np.int64),
        _frozen(no_lengths if lengths is None else lengths, np.int64),
        relative,
    )


def content_hash(trace: Trace) -> str:
    """Return the SHA-256 hex digest of the requests; the name does not count."""
    digest = hashlib.sha256(b"relative" if trace.relative else b"absolute")
    for part, kind in _STORED_AS:
        digest.update(np.ascontiguousarray(getattr(trace, part), dtype=kind).tobytes())
    return digest.hexdigest()


_STORED_AS = (("times", "<i8"), ("writes", "u1"), ("addresses", "<i8"), ("lengths", "<i8"))


def _frozen(values: ArrayLike, kind: type[np.generic]) -> NDArray[Any]:
    array = np.array(values, dtype=kind)
    array.flags.writeable = False
    return array
