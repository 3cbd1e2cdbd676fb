"""Governors by name: at which operating points clusters begin, and who moves them."""

from __future__ import annotations

import numpy as np

from archgym.cost_models.soc.schedule.columns import CONSTANT, ONDEMAND, PERFORMANCE, POWERSAVE
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.state import Ints
from archgym.cost_models.soc.schedule.platform import Cluster, Platform

_NUMBERS = {
    PERFORMANCE: state.PERFORMANCE,
    POWERSAVE: state.POWERSAVE,
    ONDEMAND: state.ONDEMAND,
}


def governors_of(platform: Platform) -> tuple[str, ...]:
    """Return the governors of a platform: the named ones, and one for each frequency."""
    governed = [cluster for cluster in platform.clusters if cluster.governed]
    frequencies = sorted({mhz for c in governed or platform.clusters for mhz, _ in c.points})
    return (*_NUMBERS, *(f"{CONSTANT}{mhz:g}" for mhz in frequencies))


def start_of(governor: str, platform: Platform) -> tuple[int, Ints]:
    """Return the governor's number and where each cluster begins, int64 (clusters,).

    ``constant-MHZ`` keeps every LTL and BIG cluster at that frequency, one without such an
    operating point at the next lower (or its lowest); other clusters have their highest always.
    """
    points = [_start(governor, cluster) for cluster in platform.clusters]
    return _NUMBERS.get(governor, state.CONSTANT), np.array(points, dtype=np.int64)


def _start(governor: str, cluster: Cluster) -> int:
    frequencies = [mhz for mhz, _ in cluster.points]
    if governor in (PERFORMANCE, ONDEMAND) or not cluster.governed:
        return len(frequencies) - 1
    if governor == POWERSAVE:
        return 0
    wanted = float(governor.removeprefix(CONSTANT))
    return max(sum(mhz <= wanted for mhz in frequencies) - 1, 0)
