"""Machines as the rows that the mapper takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.mapping.columns import HARDWARE


def machine_row(machine: Mapping[str, float]) -> NDArray[np.float64]:
    """Return a machine of the mapping environment, float64 (N_MACHINE,).

    All tensors share a PE's memory there, and the PEs stand in one row.

    Args:
        machine: Column of `HARDWARE` -> value.
    """
    shared = dict(machine) | {"e_rf_pj": 0.0}
    return np.array(
        [
            *(shared[name] for name in HARDWARE),
            0.0,  # the area plays no part
            *[machine["rf_words"]] * 3,
            *[machine["e_rf_pj"]] * 3,
            machine["num_pes"],
            1.0,
        ]
    )
