"""What policies see of a network: bounded numbers from its AIGER bytes, without an engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.synthesis.aiger import Aig, read_aiger

Features = NDArray[np.float32]
_FANOUT_EDGES = (0, 1, 2, 3, 4, 8, 16, 32)  # the last bin is open
_LEVEL_BINS = 8
STRUCTURE = 3 + len(_FANOUT_EDGES) + _LEVEL_BINS


def structure(aiger: bytes) -> Features:
    """Return features of a network's structure, shape (STRUCTURE,), each in [0, 1].

    Inputs and outputs per gate, squashed; the share of inverted edges; shares of nodes by fan-out
    (0, 1, 2, 3, 4-7, 8-15, 16-31, more); shares of gates by level, in eighths of the depth.
    """
    aig = read_aiger(aiger)
    sizes = [squash(count / max(aig.gates, 1)) for count in (aig.inputs, len(aig.outputs))]
    edges = np.concatenate([aig.fanins.ravel(), aig.outputs])
    inverted = float(np.mean(edges & 1)) if len(edges) else 0.0
    shares = [_fanout_shares(aig), _level_shares(aig)]
    return np.concatenate([np.array([*sizes, inverted]), *shares], dtype=np.float32)


def squash(ratio: float) -> float:
    """Return a ratio as a number in [0, 1]: 0.5 where it is 1."""
    return ratio / (1.0 + ratio)


def _fanout_shares(aig: Aig) -> NDArray[np.float64]:
    used = aig.fanouts[1:]
    bins = np.searchsorted(_FANOUT_EDGES, used, side="right") - 1
    return np.bincount(bins, minlength=len(_FANOUT_EDGES)) / max(len(used), 1)


def _level_shares(aig: Aig) -> NDArray[np.float64]:
    levels = aig.levels[1 + aig.inputs :]
    if not len(levels):
        return np.zeros(_LEVEL_BINS)
    bins = (levels - 1) * _LEVEL_BINS // int(levels.max())
    return np.bincount(bins, minlength=_LEVEL_BINS) / len(levels)
