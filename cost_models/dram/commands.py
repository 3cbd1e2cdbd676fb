"""The commands on a DRAM command bus and their codes in arrays."""

from __future__ import annotations

from enum import IntEnum


class Command(IntEnum):
    """A DRAM command, named as in the JEDEC standards; the code fits int8.

    Bank commands come first, then the commands that address a whole rank.
    ``REFPB`` refreshes one bank or a pair (LPDDR4, LPDDR5, GDDR6), ``REFSB`` the bank of that
    number in every group (DDR5) or a single bank (HBM2); ``PRESB`` closes the same banks.
    """

    ACT = 0
    PRE = 1
    RD = 2
    RDA = 3
    WR = 4
    WRA = 5
    REFPB = 6
    REFSB = 7
    PREA = 8
    REFAB = 9
    PDEA = 10
    PDXA = 11
    PDEP = 12
    PDXP = 13
    SREFEN = 14
    SREFEX = 15
    PRESB = 16


N_COMMANDS = len(Command)
COLUMN_COMMANDS = frozenset({Command.RD, Command.RDA, Command.WR, Command.WRA})
RANK_COMMANDS = frozenset(c for c in Command if Command.PREA <= c <= Command.SREFEX)
