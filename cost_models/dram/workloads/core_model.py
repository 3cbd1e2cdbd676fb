"""When a core issues the requests of a kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]


@dataclass(frozen=True)
class Core:
    """An interval model of the cores that share the channel (Karkhanis and Smith, ISCA 2004).

    Attributes:
        instructions_per_cycle: Instructions executed per cycle of the trace clock (the memory
            clock, about a third of a core's clock) between misses, all cores together.
        exposed_miss_cycles: Cycles that each fetch adds because later work waits for it: the
            memory latency where every access depends on the last one, 0 where all overlap.
    """

    instructions_per_cycle: float
    exposed_miss_cycles: float = 0.0

    def issue_times(self, instructions: Int, writes: NDArray[np.uint8]) -> Int:
        """Return the earliest cycle of each request, int64 (n,), rising.

        Args:
            instructions: int64 (n,), instructions executed before the request.
            writes: uint8 (n,), 1 for a write-back, which nobody waits for.
        """
        fetches = 1 - writes.astype(np.int64)
        waits = (np.cumsum(fetches) - fetches) * self.exposed_miss_cycles
        cycles: Int = (instructions / self.instructions_per_cycle + waits).astype(np.int64)
        return cycles
