"""Address maps: bit-exact, bijective, and refused otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgym.cost_models.dram.address import address_mapping
from archgym.errors import SettingError

ENTRY = {
    "BYTE_BIT": [0, 1, 2],
    "COLUMN_BIT": [3, 4, 5, 8],
    "BANK_BIT": [7, 6],
    "ROW_BIT": [9, 10, 11],
}


def test_fields_follow_the_listed_bits() -> None:
    mapping = address_mapping("m", ENTRY, "file")
    address = np.array([0b101_1_01_101_000])
    assert mapping.field(address, "ROW")[0] == 0b101
    assert mapping.field(address, "BANK")[0] == 0b10  # bit 7 is the lower one
    assert mapping.field(address, "COLUMN")[0] == 0b1101


def test_xor_changes_the_bank() -> None:
    mapping = address_mapping("m", ENTRY | {"XOR": [{"FIRST": 6, "SECOND": 9}]}, "file")
    plain, hashed = np.array([1 << 9]), mapping.hashed(np.array([1 << 9]))
    assert mapping.field(plain, "BANK")[0] == 0
    assert mapping.field(hashed, "BANK")[0] == 2


@given(st.permutations(range(12)), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11))))
def test_every_map_is_a_bijection(order: list[int], pairs: list[tuple[int, int]]) -> None:
    entry = {
        "BYTE_BIT": order[:2],
        "COLUMN_BIT": order[2:5],
        "BANK_BIT": order[5:8],
        "ROW_BIT": order[8:],
        "XOR": [pair for pair in pairs if pair[0] != pair[1]],
    }
    mapping = address_mapping("m", entry, "file")
    addresses = mapping.hashed(np.arange(1 << 12))
    fields = [mapping.field(addresses, name) for name in ("BYTE", "COLUMN", "BANK", "ROW")]
    assert len(set(zip(*(f.tolist() for f in fields), strict=True))) == 1 << 12


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ROW_BIT": [9, 10, 10]}, "used twice"),
        ({"ROW_BIT": [9, 10, 12]}, "belong to no field"),
        ({"ROWS": [9]}, "unknown field"),
        ({"ROW_BIT": "9-11"}, "not a list"),
        ({"ROW_BIT": [9, 10, -1]}, "integers 0..61"),
        ({"XOR": [[3, 3]]}, "different bits"),
        ({"XOR": [[3, 40]]}, "outside the map"),
    ],
)
def test_what_is_no_map_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(SettingError, match=reason):
        address_mapping("m", ENTRY | change, "file")


@pytest.mark.parametrize("pair", [5, [15], [3, 3], ["a", "b"], {"FIRST": 1}])
def test_what_is_no_pair_of_bits_is_refused(pair: object) -> None:
    entry = {"BYTE_BIT": [0, 1], "ROW_BIT": [2, 3], "XOR": [pair]}
    with pytest.raises(SettingError, match="not a pair of different bits"):
        address_mapping("mine", entry, "here")
