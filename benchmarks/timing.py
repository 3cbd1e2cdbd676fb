"""How the benchmarks measure."""

from __future__ import annotations

import statistics
from collections.abc import Callable

REPEATS = 9


def median_seconds(
    call: Callable[[], object], clock: Callable[[], float], repeats: int = REPEATS
) -> float:
    """Return the median of several calls after one that is not counted."""
    call()
    seconds = []
    for _ in range(repeats):
        started = clock()
        call()
        seconds.append(clock() - started)
    return statistics.median(seconds)
