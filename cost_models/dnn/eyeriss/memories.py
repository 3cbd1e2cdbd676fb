"""Energy and area of memories at 45 nm as functions of rows, row width and banks.

The laws pass through the records of ``technology.yaml``:

- SRAM: energy of a row ~ (bits of a bank)^p * (row bits)^w, p from Horowitz's figures and w so
  that both records are met; area = macro + bits * cell.
- Registers: energy of a row = address generator + rows * row bits * share; area = bits * register.
- Each bank beyond the first adds an arbiter and a bus to the area.

The plain classes lack the address generator of the smart buffers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.technology import technology

Floats = NDArray[np.float64]
CLASSES = ("regfile", "smartbuffer_SRAM", "smartbuffer_RF", "SRAM")
_REGISTERS, _SMART = (0, 2), (1, 2)


@dataclass(frozen=True)
class Memories:
    """Memories of n designs.

    Attributes:
        kind: int64 (n,), index into `CLASSES`.
        rows: float64 (n,).
        row_words: float64 (n,), words of 16 bits in a row, which are accessed together.
        banks: float64 (n,).
    """

    kind: NDArray[np.int64]
    rows: Floats
    row_words: Floats
    banks: Floats

    @property
    def words(self) -> Floats:
        """Capacity in words."""
        return self.rows * self.row_words

    def word_pj(self) -> Floats:
        """Return the energy of one word, where whole rows are used."""
        law, bits = _laws(), self._row_bits()
        registers = law.register_pj * self.rows * bits
        bank_bits = self.rows * bits / self.banks
        sram = law.sram_pj * bank_bits**law.size_power * bits**law.width_power
        generator = law.generator_pj
        smart = np.isin(self.kind, _SMART)
        energy = np.where(self._are_registers(), registers + generator, sram)
        return np.asarray((energy - np.where(smart, 0.0, generator)) / self.row_words)

    def area_um2(self) -> Floats:
        """Return the area."""
        law, bits = _laws(), self.rows * self._row_bits()
        sram = law.macro_um2 + law.cell_um2 * bits
        one_bank = np.where(self._are_registers(), law.register_um2 * bits, sram)
        return np.asarray(one_bank + law.bank_um2 * (self.banks - 1.0))

    def _row_bits(self) -> Floats:
        return np.asarray(8.0 * technology()["word_bytes"] * self.row_words)

    def _are_registers(self) -> NDArray[np.bool_]:
        return np.isin(self.kind, _REGISTERS)


@dataclass(frozen=True)
class _Laws:
    sram_pj: float
    size_power: float
    width_power: float
    macro_um2: float
    cell_um2: float
    register_pj: float
    register_um2: float
    generator_pj: float
    bank_um2: float


@cache
def _laws() -> _Laws:
    tables = technology()
    records, size = tables["accelergy_45nm"], tables["sram_size"]
    small, large = records["sram_small"], records["sram_large"]
    few, many = records["registers_small"], records["registers_large"]
    bank = float(tables["bank_um2"]["arbiter"] + tables["bank_um2"]["bus"])
    size_power = _slope(size["small"], size["large"], "kB")
    small_bits, large_bits = (r["words"] * r["row_bits"] for r in (small, large))
    bank_bits = large_bits / large["banks"]
    by_size = size_power * math.log(bank_bits / small_bits)
    width = math.log(large["row_bits"] / small["row_bits"])
    width_power = (math.log(large["energy"] / small["energy"]) - by_size) / width
    cell = large["area"] - small["area"] - (large["banks"] - 1) * bank
    cell /= large_bits - small_bits
    slope = (many["energy"] - few["energy"]) / (many["words"] - few["words"])
    return _Laws(
        sram_pj=small["energy"] / small_bits**size_power / small["row_bits"] ** width_power,
        size_power=size_power,
        width_power=width_power,
        macro_um2=small["area"] - cell * small_bits,
        cell_um2=cell,
        register_pj=slope / few["row_bits"],
        register_um2=tables["register_bit_um2"]["area"],
        generator_pj=few["energy"] - slope * few["words"],
        bank_um2=bank,
    )


def _slope(small: dict[str, float], large: dict[str, float], of: str) -> float:
    """Return the exponent of a power law through two records."""
    return math.log(large["energy"] / small["energy"]) / math.log(large[of] / small[of])
