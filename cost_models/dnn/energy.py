"""Energy of accelerators with an L1 per PE, a shared L2 and a memory: counts times energies."""

from __future__ import annotations

from dataclasses import dataclass

from archgym.cost_models.dnn.technology import Floats, technology


@dataclass(frozen=True)
class AccessEnergies:
    """Energies of single accesses in pJ.

    Attributes:
        mac: One multiply-accumulate operation.
        l1: One word of a PE's own buffer.
        l2: One word of the shared buffer.
        dram: One word of memory; MAESTRO counts none.
    """

    mac: float = technology()["maestro_relative"]["mac"]
    l1: float = technology()["maestro_relative"]["l1"]
    l2: float = technology()["maestro_relative"]["l2"]
    dram: float = 0.0

    def total_pj(self, macs: Floats, l1: Floats, l2: Floats, dram: Floats) -> Floats:
        """Return the energy of counts, float64 (n,)."""
        return macs * self.mac + l1 * self.l1 + l2 * self.l2 + dram * self.dram


# Reads of input, weight and partial sum, and the write of the sum.
L1_ACCESSES_PER_MAC = 4
