"""Energy of attention and of the linear layers around it, and the area of the chip.

Source: constants that reproduce the FuseMax artifact's Accelergy figures (45 nm), see
``constants.yaml``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.attn_kernel.attention import Attention
from archgym.cost_models.attn_kernel.fusemax.constants import constants

Floats = NDArray[np.float64]


def chip_energy_pj(config: str, attention: Attention) -> float:
    """Return the energy of attention without memory: arrays, register files, L3."""
    head, seq = (attention.E + attention.F) / 2, attention.seq
    scores = attention.heads * seq**2
    terms = next(
        row
        for row in constants()["energy"][config]
        if seq <= row["up_to"] and scores < row.get("scores_below", math.inf)
    )
    per_score, per_query = (
        constant + slope * head for constant, slope in (terms["per_score"], terms["per_query"])
    )
    return float(scores * per_score + attention.heads * seq * per_query)


def memory_energy_pj(traffic: Floats) -> Floats:
    """Return the energy of bytes from and to memory, float64 (n,)."""
    return np.asarray(traffic * constants()["energy"]["memory_byte"])


def linear_energy_pj(config: str, attention: Attention) -> float:
    """Return the energy of the six linear layers, memory included."""
    macs = attention.tokens * sum(inputs * outputs for inputs, outputs in attention.linear_layers)
    return float(macs * constants()["energy"]["linear_mac"][config])


def area_um2(pe: Floats, l3: Floats) -> Floats:
    """Return the area of both arrays and L3, float64 (n,).

    Args:
        pe: float64 (n,), side of the 2-D array and lanes of the 1-D one.
        l3: float64 (n,), bytes.
    """
    units = constants()["area"]
    return np.asarray(pe**2 * units["pe_2d"] + pe * units["pe_1d"] + l3 * units["l3_byte"])
