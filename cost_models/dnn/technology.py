"""Energy and area constants with their sources, as declared in ``technology.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_DOUBLE_BUFFERED = 2


@cache
def technology() -> Mapping[str, Any]:
    """Return the tables by name; each says its source and how it was come by."""
    text = files("archgym.cost_models.dnn").joinpath("technology.yaml").read_text("utf-8")
    tables: Mapping[str, Any] = yaml.safe_load(text)
    return tables


def maestro_area_um2(pes: Floats, l1_bytes: Floats, l2_bytes: Floats) -> Floats:
    """Return the area of PEs with an L1 each and a shared L2 by MAESTRO's units, in um^2.

    Args:
        pes: float64 (n,), processing elements.
        l1_bytes: float64 (n,), of each PE; whole units of 64 bytes.
        l2_bytes: float64 (n,); whole units of 32 kB.
    """
    units = technology()["maestro_area_um2"]
    l1 = np.ceil(l1_bytes / units["l1_unit_bytes"]) * units["l1_unit"]
    l2 = np.ceil(l2_bytes / units["l2_unit_bytes"]) * units["l2_unit"]
    return np.asarray(pes * units["mac"] + l2 + l1 * pes)


def maestro_buffer_bytes() -> float:
    """Return the bytes of a buffer per word that it holds at a time: MAESTRO fills it twice."""
    word: float = technology()["maestro_relative"]["word_bytes"]
    return _DOUBLE_BUFFERED * word
