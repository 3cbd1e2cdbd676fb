"""What each command is: its scope, its bus and its length on that bus."""

from __future__ import annotations

READS = ("RD", "RDA")
WRITES = ("WR", "WRA")
CAS = READS + WRITES
BANK_COMMANDS = ("ACT", "PRE", *CAS)
POWER_DOWN_ENTRIES = ("PDEA", "PDEP", "SREFEN")
CLOSING = ("PRE", "RDA", "WRA")
SET_REFRESHES = ("REFpb", "REFsb")
SET_COMMANDS = ("PREsb", *SET_REFRESHES)

LENGTHS: dict[str, dict[str, int]] = {
    "DDR3": {},
    "DDR4": {},
    "LPDDR4": {
        **dict.fromkeys(("ACT", *CAS), 4),
        **dict.fromkeys(("PRE", "PREA", "REFab", "REFpb", "SREFEN", "SREFEX"), 2),
    },
    "HBM2": {"ACT": 2},
    "DDR5": dict.fromkeys(("ACT", *CAS), 2),
    "LPDDR5": {"ACT": 2},
    "GDDR6": {},
}


def length(standard: str, command: str) -> int:
    """Cycles that the command takes on its command bus."""
    return LENGTHS[standard].get(command, 1)


def bus(standard: str, command: str) -> str:
    """HBM2 has one bus for CAS and one for everything else, the others have one for all."""
    return "column" if standard == "HBM2" and command in CAS else "row"
