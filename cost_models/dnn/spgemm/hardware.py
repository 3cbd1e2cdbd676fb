"""The machine that multiplies sparse matrices, as declared in ``hardware.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Hardware:
    """Constants of the machine; sources are in the file.

    Attributes:
        entry_bytes: Of an entry of a matrix and of a partial product: value and index.
        slot_bytes: Of a slot of a hash table.
        thread_rate: Multiplications with addition per second and thread.
        atomic_rate: Atomic operations per second of the scratchpad.
        bandwidth: Bytes per second of memory.
        mac_pj: Energy of a multiplication with addition.
        dram_pj: Energy of a byte from or to memory.
        atomic_pj: Energy of a read and a write in a scratchpad of ``sram_bytes``.
        sram_bytes: Size that `atomic_pj` is of.
    """

    entry_bytes: int
    slot_bytes: int
    thread_rate: float
    atomic_rate: float
    bandwidth: float
    mac_pj: float
    dram_pj: float
    atomic_pj: float
    sram_bytes: int

    def atomic_energy_pj(self, scratchpad: NDArray[Any]) -> Floats:
        """Return the energy of one atomic operation; it grows with the square root of the size.

        Args:
            scratchpad: float64 or int64 (n,), bytes.
        """
        return np.asarray(self.atomic_pj * np.sqrt(scratchpad / self.sram_bytes))


@cache
def _tables() -> dict[str, Any]:
    text = files("archgym.cost_models.dnn.spgemm").joinpath("hardware.yaml").read_text("utf-8")
    tables: dict[str, Any] = yaml.safe_load(text)
    return tables


def default_bandwidth() -> float:
    """Return the bandwidth of memory in GB/s."""
    return float(_tables()["memory"]["bandwidth_gb_per_s"])


def hardware(bandwidth_gb_per_s: float) -> Hardware:
    """Return the machine with a memory of that bandwidth."""
    tables = _tables()
    cores, energy = tables["cores"], tables["energy_45nm"]
    return Hardware(
        entry_bytes=tables["format"]["entry_bytes"],
        slot_bytes=tables["format"]["slot_bytes"],
        thread_rate=cores["clock_hz"] / cores["threads_per_core"],
        atomic_rate=tables["atomics"]["banks"] * cores["clock_hz"],
        bandwidth=bandwidth_gb_per_s * 1e9,
        mac_pj=energy["mac_pj"],
        dram_pj=energy["dram_64b_pj"] / 8,
        atomic_pj=energy["sram_read_pj"] + energy["sram_write_pj"],
        sram_bytes=energy["sram_bytes"],
    )
