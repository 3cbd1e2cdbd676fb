"""Address maps: which physical address bits make the bank, the row and the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError

FIELDS = ("BYTE", "COLUMN", "BANK", "BANKGROUP", "PSEUDOCHANNEL", "RANK", "CHANNEL", "ROW")


@dataclass(frozen=True)
class AddressMapping:
    """A bit-exact address map.

    Attributes:
        name: The value of the knob ``address_mapping`` that selects it.
        bits: Field name -> physical address bits, least significant first.
        xor: Pairs (first, second): bit ``first`` is replaced by ``first ^ second``, in order,
            before the fields are taken.
    """

    name: str
    bits: Mapping[str, tuple[int, ...]]
    xor: tuple[tuple[int, int], ...] = ()

    @property
    def n_bits(self) -> int:
        """Number of physical address bits that the map uses."""
        return sum(len(bits) for bits in self.bits.values())

    def field(self, addresses: NDArray[np.int64], name: str) -> NDArray[np.int64]:
        """Return one field of addresses whose XOR pairs are applied already."""
        value = np.zeros_like(addresses)
        for low, position, length in _runs(self.bits.get(name, ())):
            value |= ((addresses >> low) & ((1 << length) - 1)) << position
        return value

    def hashed(self, addresses: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the addresses after the XOR pairs."""
        for first, second in self.xor:
            addresses = addresses ^ (((addresses >> second) & 1) << first)
        return addresses


def address_mapping(name: str, entry: Mapping[str, object], where: str) -> AddressMapping:
    """Build a map from its YAML form (``ROW_BIT: [..]``, ..., ``XOR: [[first, second], ..]``).

    Raises:
        SettingError: An unknown field, a repeated bit or a gap (the map is not a bijection), or
            an XOR pair outside the map.
    """
    where = f"{where}: address_mappings.{name}"
    bits = {}
    for key, positions in entry.items():
        if key == "XOR":
            continue
        field = key.removesuffix("_BIT")
        if field not in FIELDS or not key.endswith("_BIT"):
            raise SettingError(
                f"{where}: unknown field {key!r} (known: {', '.join(f + '_BIT' for f in FIELDS)})"
            )
        bits[field] = _bit_list(positions, f"{where}.{key}")
    mapping = AddressMapping(name, bits, _xor_pairs(entry.get("XOR", ()), where))
    _check_bijection(mapping, where)
    return mapping


def _bit_list(positions: object, where: str) -> tuple[int, ...]:
    if not isinstance(positions, Sequence) or isinstance(positions, str):
        raise SettingError(f"{where}: {positions!r} is not a list of address bits")
    if not all(type(bit) is int and 0 <= bit < 62 for bit in positions):
        raise SettingError(f"{where}: {list(positions)!r}: address bits are integers 0..61")
    return tuple(positions)


def _xor_pairs(entry: object, where: str) -> tuple[tuple[int, int], ...]:
    if not isinstance(entry, Sequence) or isinstance(entry, str):
        raise SettingError(f"{where}.XOR: {entry!r} is not a list of bit pairs")
    pairs: list[tuple[int, int]] = []
    for pair in entry:
        bits: Any = [pair.get("FIRST"), pair.get("SECOND")] if isinstance(pair, Mapping) else pair
        is_pair = isinstance(bits, list | tuple) and len(bits) == 2 and bits[0] != bits[1]
        if not is_pair or not all(type(bit) is int for bit in bits):
            raise SettingError(f"{where}.XOR: {pair!r} is not a pair of different bits")
        pairs.append((bits[0], bits[1]))
    return tuple(pairs)


def _check_bijection(mapping: AddressMapping, where: str) -> None:
    used = sorted(bit for bits in mapping.bits.values() for bit in bits)
    repeated = sorted({bit for bit in used if used.count(bit) > 1})
    if repeated:
        raise SettingError(f"{where}: not a bijection: bits {repeated} are used twice")
    missing = sorted(set(range(used[-1] + 1 if used else 0)) - set(used))
    if missing:
        raise SettingError(f"{where}: not a bijection: bits {missing} belong to no field")
    for pair in mapping.xor:
        if not set(pair) <= set(used):
            raise SettingError(f"{where}.XOR: {list(pair)} has bits outside the map")


def _runs(bits: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (lowest physical bit, position in the field, length) of each run of adjacent bits."""
    runs: list[tuple[int, int, int]] = []
    for position, bit in enumerate(bits):
        if runs and bit == runs[-1][0] + runs[-1][2]:
            low, start, length = runs[-1]
            runs[-1] = (low, start, length + 1)
        else:
            runs.append((bit, position, 1))
    return runs
