"""The memory requests that a controller serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
