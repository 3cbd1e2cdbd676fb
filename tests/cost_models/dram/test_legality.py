"""Hand-made logs: legal ones pass, and one cycle less on the last command breaks a named rule."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.legality import Violation, check_legality
from archgym.cost_models.dram.memory import MemorySpec, load_memory
from archgym.errors import UnknownNameError


@dataclass
class HandMadeLog:
    cycle: NDArray[np.int64]
    command: NDArray[np.int8]
    rank: NDArray[np.int64]
    bank: NDArray[np.int64]
    row: NDArray[np.int64]


def log_of(memory: MemorySpec, text: str, shift_last: int = 0) -> HandMadeLog:
    """``0 ACT 3, 16 RD 3``: cycle, command, bank; ``3/7`` is row 7, ``r1`` a whole rank 1."""
    entries = [entry.split() for entry in text.split(",")]
    cycles = [int(entry[0]) for entry in entries]
    cycles[-1] += shift_last
    places = [entry[2] if len(entry) > 2 else "r0" for entry in entries]
    banks = [-1 if place.startswith("r") else int(place.split("/")[0]) for place in places]
    ranks = [
        int(place[1:]) if bank < 0 else bank // memory.banks
        for place, bank in zip(places, banks, strict=True)
    ]
    rows = [int(place.split("/")[1]) if "/" in place else 0 for place in places]
    order = np.argsort(cycles, kind="stable")
    commands = [Command[entry[1]] for entry in entries]
    columns = [np.array(column)[order] for column in (cycles, commands, ranks, banks, rows)]
    return HandMadeLog(*columns)


def rules(violations: list[Violation]) -> set[str]:
    return {violation.rule for violation in violations}


# Memory, rules that break when the last command comes one cycle earlier, log at the limit.
AT_THE_LIMIT = [
    ("ddr3_1600", "tRCD", "0 ACT 0, 10 RD 0"),
    ("lpddr4_3200", "tRFCpb", "0 REFPB 0, 302 ACT 0"),
    ("lpddr4_3200", "tREFpb_ACT", "0 REFPB 0, 14 ACT 1"),
    ("lpddr4_3200", "tACT_REFpb", "0 ACT 1, 18 REFPB 0"),
    ("lpddr4_3200", "tREFpb_REFpb", "0 REFPB 0, 304 REFPB 1"),
    ("lpddr4_3200", "tRFCpb", "0 REFPB 0, 304 REFAB"),
    ("lpddr4_3200", "tFAW tACT_REFpb", "0 ACT 0, 16 ACT 1, 32 ACT 2, 48 ACT 3, 66 REFPB 4"),
    ("lpddr4_3200", "tRP", "0 ACT 0, 80 PRE 0, 109 REFPB 0"),
    ("hbm2", "tRFCpb", "0 REFSB 0, 95 ACT 0"),
    ("hbm2", "tREFpb_REFpb", "0 REFSB 0, 8 REFSB 1"),
    ("lpddr5_6400", "tRFCpb", "0 REFPB 0, 95 ACT 8"),
    ("lpddr5_6400", "tREFpb_REFpb", "0 REFPB 0, 72 REFPB 1"),
    ("ddr5_4800", "tRFCpb", "0 REFSB 1, 311 ACT 29"),
    ("ddr5_4800", "tREFpb_ACT", "0 REFSB 1, 71 ACT 28"),
    ("ddr5_4800", "tRP", "0 ACT 5, 100 PRESB 1, 136 REFSB 1"),
    ("ddr3_1600", "tRRD", "0 ACT 0, 5 ACT 1"),
    ("ddr3_1600", "tFAW", "0 ACT 0, 5 ACT 1, 10 ACT 2, 15 ACT 3, 24 ACT 4"),
    ("ddr3_1600", "tCCD data_bus", "0 ACT 0, 5 ACT 1, 15 RD 0, 19 RD 1"),
    ("ddr3_1600", "tRTW", "0 ACT 0, 10 RD 0, 18 WR 0"),
    ("ddr3_1600", "tWTR", "0 ACT 0, 10 WR 0, 28 RD 0"),
    ("ddr3_1600", "tWR", "0 ACT 0, 10 WR 0, 34 PRE 0"),
    ("ddr3_1600", "tXP", "0 PDEP, 3 PDXP, 9 ACT 0"),
    ("ddr4_2400", "tRCD", "0 ACT 0, 16 RD 0"),
    ("ddr4_2400", "tRCD", "0 ACT 0, 16 WRA 0"),
    ("ddr4_2400", "tRAS", "0 ACT 0, 39 PRE 0"),
    ("ddr4_2400", "tRAS", "0 ACT 0, 39 PREA"),
    ("ddr4_2400", "tRP", "0 ACT 0, 45 PRE 0, 61 ACT 0"),
    ("ddr4_2400", "tRP", "0 ACT 0, 45 PREA, 61 REFAB"),
    ("ddr4_2400", "tRP", "0 ACT 0, 45 PREA, 61 SREFEN"),
    ("ddr4_2400", "tRP", "0 ACT 0, 40 RDA 0, 68 ACT 0"),
    ("ddr4_2400", "tRP", "0 ACT 0, 16 WRA 0, 70 ACT 0"),
    ("ddr4_2400", "tRC tRP", "0 ACT 0, 39 PRE 0, 55 ACT 0"),
    # The internal precharge of an early RDA waits for tRAS: the bank is ready at 39 + 16.
    ("ddr4_2400", "tRC tRP", "0 ACT 0, 16 RDA 0, 55 ACT 0"),
    ("ddr4_2400", "tRP", "0 ACT 0, 16 RDA 0, 55 REFAB"),
    ("ddr4_2400", "tRRD_L", "0 ACT 0, 6 ACT 1"),
    ("ddr4_2400", "tRRD_S", "0 ACT 0, 4 ACT 4"),
    ("ddr4_2400", "tFAW", "0 ACT 0, 4 ACT 4, 8 ACT 8, 12 ACT 12, 26 ACT 1"),
    ("ddr4_2400", "tCCD_L", "0 ACT 0, 6 ACT 1, 22 RD 0, 28 RD 1"),
    ("ddr4_2400", "tCCD_L", "0 ACT 0, 6 ACT 1, 22 WR 0, 28 WR 1"),
    ("ddr4_2400", "tCCD_S data_bus", "0 ACT 0, 4 ACT 4, 20 RD 0, 24 RD 4"),
    ("ddr4_2400", "tWTR_L", "0 ACT 0, 6 ACT 1, 22 WR 0, 51 RD 1"),
    ("ddr4_2400", "tWTR_S", "0 ACT 0, 4 ACT 4, 20 WR 0, 43 RD 4"),
    ("ddr4_2400", "tRTW", "0 ACT 0, 16 RD 0, 22 WR 0"),
    ("ddr4_2400", "tRTP", "0 ACT 0, 30 RD 0, 42 PRE 0"),
    ("ddr4_2400", "tRTP", "0 ACT 0, 30 RD 0, 42 PREA"),
    ("ddr4_2400", "tWR", "0 ACT 0, 16 WR 0, 54 PRE 0"),
    ("ddr4_2400", "tWR", "0 ACT 0, 16 WR 0, 54 PREA"),
    ("ddr4_2400", "tRFC", "0 REFAB, 312 ACT 0"),
    ("ddr4_2400", "tRFC", "0 REFAB, 312 REFAB"),
    ("ddr4_2400", "tXP", "0 PDEP, 6 PDXP, 14 ACT 0"),
    ("ddr4_2400", "tXP", "0 PDEP, 6 PDXP, 14 REFAB"),
    ("ddr4_2400", "tXP", "0 ACT 0, 9 PDEA, 15 PDXA, 23 RD 0"),
    ("ddr4_2400", "tCKE", "0 PDEP, 6 PDXP"),
    ("ddr4_2400", "tCKE", "0 PDEP, 6 PDXP, 12 PDEP"),
    ("ddr4_2400", "tCKESR", "0 SREFEN, 7 SREFEX"),
    ("ddr4_2400", "tXS", "0 SREFEN, 7 SREFEX, 331 REFAB"),
    ("ddr4_2400", "tXSDLL", "0 SREFEN, 7 SREFEX, 331 ACT 0, 519 RD 0"),
    ("ddr4_2400", "tACTPDEN", "0 ACT 0, 2 PDEA"),
    ("ddr4_2400", "tPRPDEN", "0 ACT 0, 39 PRE 0, 41 PDEP"),
    ("ddr4_2400", "tREFPDEN", "0 REFAB, 2 PDEP"),
    ("ddr4_2400", "tRDPDEN", "0 ACT 0, 16 RD 0, 37 PDEA"),
    ("ddr4_2400", "tWRPDEN", "0 ACT 0, 16 WR 0, 54 PDEA"),
    ("ddr4_2400", "tWRAPDEN", "0 ACT 0, 16 WRA 0, 55 PDEP"),
    ("ddr4_2400", "command_bus", "0 ACT 0, 4 ACT 4, 43 PRE 0, 44 PRE 4"),
    # LPDDR4: ACT and column commands take four bus cycles, precharges and refreshes two.
    ("lpddr4_3200", "tRCD", "0 ACT 0, 29 RD 0"),
    ("lpddr4_3200", "tRAS", "0 ACT 0, 70 PRE 0"),
    ("lpddr4_3200", "tRP", "0 ACT 0, 80 PRE 0, 107 ACT 0"),
    ("lpddr4_3200", "tRP", "0 ACT 0, 80 PREA, 112 ACT 0"),
    ("lpddr4_3200", "tRP", "0 ACT 0, 80 PREA, 114 REFAB"),
    ("lpddr4_3200", "tRP", "0 ACT 0, 29 RDA 0, 99 REFAB"),
    ("lpddr4_3200", "tRRD", "0 ACT 0, 16 ACT 1"),
    ("lpddr4_3200", "tFAW tRRD", "0 ACT 0, 16 ACT 1, 32 ACT 2, 48 ACT 3, 64 ACT 4"),
    ("lpddr4_3200", "tCCD data_bus", "0 ACT 0, 16 ACT 1, 50 RD 0, 58 RD 1"),
    ("lpddr4_3200", "tRTW", "0 ACT 0, 29 RD 0, 56 WR 0"),
    ("lpddr4_3200", "tWTR", "0 ACT 0, 29 WR 0, 68 RD 0"),
    ("lpddr4_3200", "tRTP", "0 ACT 0, 60 RD 0, 74 PRE 0"),
    ("lpddr4_3200", "tWR", "0 ACT 0, 29 WR 0, 83 PRE 0"),
    ("lpddr4_3200", "tWR", "0 ACT 0, 60 WR 0, 100 RDA 0"),
    ("lpddr4_3200", "tPPD", "0 ACT 0, 16 ACT 1, 90 PRE 0, 94 PRE 1"),
    ("lpddr4_3200", "tRFC", "0 REFAB, 606 ACT 0"),
    ("lpddr4_3200", "tRFC", "0 REFAB, 608 REFAB"),
    ("lpddr4_3200", "tXP", "0 PDEP, 12 PDXP, 24 ACT 0"),
    ("lpddr4_3200", "tXS", "0 SREFEN, 24 SREFEX, 484 REFAB"),
    ("lpddr4_3200", "tCKESR", "0 SREFEN, 24 SREFEX"),
    ("lpddr4_3200", "tACTPDEN", "0 ACT 0, 6 PDEA"),
    ("lpddr4_3200", "tPRPDEN", "0 ACT 0, 80 PRE 0, 84 PDEP"),
    ("lpddr4_3200", "tREFPDEN", "0 REFAB, 4 PDEP"),
    ("lpddr4_3200", "tRDPDEN", "0 ACT 0, 29 RD 0, 71 PDEA"),
    ("lpddr4_3200", "tWRPDEN", "0 ACT 0, 29 WR 0, 83 PDEA"),
    ("lpddr4_3200", "tWRAPDEN", "0 ACT 0, 29 WRA 0, 85 PDEP"),
    ("lpddr4_3200", "command_bus", "0 ACT 0, 16 ACT 1, 100 RD 0, 104 PRE 1"),
    # HBM2: ACT takes two cycles of the row bus; column commands have a bus of their own.
    ("hbm2", "tRCD", "0 ACT 0, 13 RD 0"),
    ("hbm2", "tRCD", "0 ACT 0, 7 WR 0"),
    ("hbm2", "tRAS", "0 ACT 0, 29 PRE 0"),
    ("hbm2", "tRP", "0 ACT 0, 40 PRE 0, 53 ACT 0"),
    ("hbm2", "tRRD_L", "0 ACT 0, 6 ACT 1"),
    ("hbm2", "tFAW tRRD_S", "0 ACT 0, 4 ACT 4, 8 ACT 8, 12 ACT 12, 16 ACT 1"),
    ("hbm2", "tCCD_L", "0 ACT 0, 6 ACT 1, 20 RD 0, 23 RD 1"),
    ("hbm2", "tCCD_S data_bus", "0 ACT 0, 6 ACT 4, 20 RD 0, 22 RD 4"),
    ("hbm2", "tWTR_L", "0 ACT 0, 13 WR 0, 31 RD 0"),
    ("hbm2", "tRTW", "0 ACT 0, 13 RD 0, 31 WR 0"),
    ("hbm2", "tRTP", "0 ACT 0, 30 RD 0, 35 PRE 0"),
    ("hbm2", "tWR", "0 ACT 0, 10 WR 0, 33 PRE 0"),
    ("hbm2", "tRFC", "0 REFAB, 219 ACT 0"),
    ("hbm2", "tXP", "0 PDEP, 8 PDXP, 15 ACT 0"),
    ("hbm2", "command_bus", "0 ACT 0, 2 ACT 16"),
    ("hbm2", "command_bus", "0 ACT 0, 2 ACT 16, 20 RD 0, 21 RD 16"),
    # DDR5: ACT and column commands take two bus cycles; eight groups of four banks.
    ("ddr5_4800", "tRCD", "0 ACT 0, 36 RD 0"),
    ("ddr5_4800", "tRAS", "0 ACT 0, 78 PRE 0"),
    ("ddr5_4800", "tRP", "0 ACT 0, 80 PRE 0, 115 ACT 0"),
    ("ddr5_4800", "tRRD_L", "0 ACT 0, 12 ACT 1"),
    ("ddr5_4800", "tRRD_S", "0 ACT 0, 8 ACT 4"),
    ("ddr5_4800", "tFAW", "0 ACT 0, 8 ACT 4, 16 ACT 8, 24 ACT 12, 48 ACT 16"),
    ("ddr5_4800", "tCCD_bank tCCD_L", "0 ACT 0, 40 RD 0, 52 RD 0"),
    ("ddr5_4800", "tCCD_L", "0 ACT 0, 12 ACT 1, 60 RD 0, 72 RD 1"),
    ("ddr5_4800", "tCCD_S data_bus", "0 ACT 0, 8 ACT 4, 50 RD 0, 58 RD 4"),
    ("ddr5_4800", "tCCD_L", "0 ACT 0, 12 ACT 1, 60 WR 0, 108 WR 1"),
    ("ddr5_4800", "tWTR_bank tWTR_L", "0 ACT 0, 40 WR 0, 106 RD 0"),
    ("ddr5_4800", "tWTR_S", "0 ACT 0, 8 ACT 4, 60 WR 0, 108 RD 4"),
    ("ddr5_4800", "tRTW", "0 ACT 0, 40 RD 0, 54 WR 0"),
    ("ddr5_4800", "tRTP", "0 ACT 0, 70 RD 0, 89 PRE 0"),
    ("ddr5_4800", "tWR", "0 ACT 0, 40 WR 0, 155 PRE 0"),
    ("ddr5_4800", "tPPD", "0 ACT 0, 8 ACT 4, 100 PRE 0, 102 PRE 4"),
    ("ddr5_4800", "tRFC", "0 REFAB, 709 ACT 0"),
    ("ddr5_4800", "tRFC", "0 REFAB, 710 REFAB"),
    ("ddr5_4800", "tCKE", "0 PDEP, 18 PDXP"),
    ("ddr5_4800", "tCKE", "0 PDEP, 18 PDXP, 36 PDEP"),
    ("ddr5_4800", "tXP", "0 PDEP, 18 PDXP, 36 ACT 0"),
    ("ddr5_4800", "tXS", "0 SREFEN, 24 SREFEX, 734 REFAB"),
    ("ddr5_4800", "tACTPDEN", "0 ACT 0, 3 PDEA"),
    ("ddr5_4800", "tRDPDEN", "0 ACT 0, 40 RD 0, 86 PDEA"),
    ("ddr5_4800", "tWRPDEN", "0 ACT 0, 40 WR 0, 156 PDEA"),
    ("ddr5_4800", "command_bus", "0 ACT 0, 8 ACT 4, 100 RD 0, 102 PRE 4"),
    # LPDDR5: ACT-1 and ACT-2 take two bus cycles; four groups of four banks.
    ("lpddr5_6400", "tRCD", "0 ACT 0, 16 RD 0"),
    ("lpddr5_6400", "tRAS", "0 ACT 0, 35 PRE 0"),
    ("lpddr5_6400", "tRP", "0 ACT 0, 40 PRE 0, 54 ACT 0"),
    ("lpddr5_6400", "tRP", "0 ACT 0, 40 PREA, 56 ACT 0"),
    ("lpddr5_6400", "tRRD_L tRRD_S", "0 ACT 0, 4 ACT 1"),
    ("lpddr5_6400", "tFAW tRRD_S", "0 ACT 0, 4 ACT 4, 8 ACT 8, 12 ACT 12, 16 ACT 1"),
    ("lpddr5_6400", "tCCD_L", "0 ACT 0, 4 ACT 1, 40 RD 0, 44 RD 1"),
    ("lpddr5_6400", "tCCD_S data_bus", "0 ACT 0, 4 ACT 4, 40 RD 0, 42 RD 4"),
    ("lpddr5_6400", "tWTR_L", "0 ACT 0, 20 WR 0, 43 RD 0"),
    ("lpddr5_6400", "tWTR_S", "0 ACT 0, 4 ACT 4, 20 WR 0, 36 RD 4"),
    ("lpddr5_6400", "tRTW_L", "0 ACT 0, 20 RD 0, 34 WR 0"),
    ("lpddr5_6400", "tRTW", "0 ACT 0, 4 ACT 4, 20 RD 0, 32 WR 4"),
    ("lpddr5_6400", "tRTP", "0 ACT 0, 40 RD 0, 48 PRE 0"),
    ("lpddr5_6400", "tWR", "0 ACT 0, 20 WR 0, 60 PRE 0"),
    ("lpddr5_6400", "tRFC", "0 REFAB, 167 ACT 0"),
    ("lpddr5_6400", "tXP", "0 PDEP, 8 PDXP, 14 ACT 0"),
    ("lpddr5_6400", "tRDPDEN", "0 ACT 0, 40 RD 0, 64 PDEA"),
    # GDDR6: one-cycle commands; four groups of four banks.
    ("gddr6_14000", "tRCD", "0 ACT 0, 27 RD 0"),
    ("gddr6_14000", "tRCD", "0 ACT 0, 16 WR 0"),
    ("gddr6_14000", "tRAS", "0 ACT 0, 53 PRE 0"),
    ("gddr6_14000", "tRP", "0 ACT 0, 60 PRE 0, 87 ACT 0"),
    ("gddr6_14000", "tRRD_S", "0 ACT 0, 8 ACT 4"),
    ("gddr6_14000", "tCCD_L", "0 ACT 0, 8 ACT 1, 40 RD 0, 44 RD 1"),
    ("gddr6_14000", "tCCD_S data_bus", "0 ACT 0, 8 ACT 4, 40 RD 0, 42 RD 4"),
    ("gddr6_14000", "tWTR_L", "0 ACT 0, 30 WR 0, 49 RD 0"),
    ("gddr6_14000", "tRTW", "0 ACT 0, 30 RD 0, 54 WR 0"),
    ("gddr6_14000", "tWR", "0 ACT 0, 30 WR 0, 65 PRE 0"),
    ("gddr6_14000", "tRFC", "0 REFAB, 211 ACT 0"),
    ("gddr6_14000", "tXP", "0 PDEP, 19 PDXP, 33 ACT 0"),
]


@pytest.mark.parametrize(("name", "broken", "text"), AT_THE_LIMIT)
def test_one_cycle_less_breaks_the_rule(name: str, broken: str, text: str) -> None:
    memory = load_memory(name)
    assert check_legality(memory, log_of(memory, text)) == []
    violations = check_legality(memory, log_of(memory, text, shift_last=-1))
    assert rules(violations) == set(broken.split())
    assert all(v.required is not None and v.actual == v.required - 1 for v in violations)


# Rules about state, whatever the distance.
WRONG_STATE = [
    ("row_open", "0 RD 0"),
    ("row_open", "0 ACT 0/1, 16 WR 0/2"),
    ("row_open", "0 ACT 0, 16 RDA 0, 30 RD 0"),
    ("bank_closed", "0 ACT 0, 100 ACT 0/1"),
    ("all_banks_closed", "0 ACT 0, 100 REFAB"),
    ("all_banks_closed", "0 ACT 0, 100 SREFEN"),
    ("all_banks_closed", "0 ACT 0, 100 PDEP"),
    ("active_bank", "0 PDEA"),
    ("asleep", "0 PDEP, 20 ACT 0"),
    ("asleep", "0 ACT 0, 20 PDEA, 100 RD 0"),
    ("asleep", "0 SREFEN, 1000 REFAB"),
    ("exit_without_entry", "0 PDXP"),
    ("exit_without_entry", "0 PDEP, 20 PDXA"),
    ("refresh_after_self_refresh", "0 SREFEN, 100 SREFEX, 1000 SREFEN"),
]


@pytest.mark.parametrize(("broken", "text"), WRONG_STATE)
def test_wrong_state(broken: str, text: str) -> None:
    memory = load_memory("ddr4_2400")
    assert broken in rules(check_legality(memory, log_of(memory, text)))
    before, _, _ = text.rpartition(",")
    assert not before or check_legality(memory, log_of(memory, before)) == []


def test_a_legal_log_with_everything_in_it() -> None:
    memory = load_memory("ddr4_2400")
    text = (
        "0 PDEP, 20 PDXP, 30 ACT 0/5, 36 ACT 1/6, 46 RD 0/5, 58 WRA 1/6, 97 PDEA, 110 PDXA,"
        "118 PRE 0, 134 REFAB, 446 ACT 1/7, 462 WR 1/7, 500 PREA, 520 SREFEN, 900 SREFEX,"
        "1300 REFAB, 1302 PDEP, 1700 PDXP, 1708 ACT 0/5, 1724 RD 0/5"
    )
    assert check_legality(memory, log_of(memory, text)) == []


def test_row_and_column_commands_of_hbm2_share_a_cycle() -> None:
    memory = load_memory("hbm2")
    assert check_legality(memory, log_of(memory, "0 ACT 0, 20 RD 0, 20 ACT 16")) == []


def test_bursts_of_two_ranks_need_a_gap() -> None:
    memory = dataclasses.replace(load_memory("ddr4_2400"), ranks=2)
    text = "0 ACT 0, 1 ACT 16, 20 RD 0, 25 RD 16"
    assert check_legality(memory, log_of(memory, text)) == []
    assert rules(check_legality(memory, log_of(memory, text, -1))) == {"data_bus"}


REFI, RFC = 9360, 312  # ddr4_2400
GRACE = 6 + 8 + 39 + (16 + 4 + 18) + 2 * 16  # tCKE + tXP + tRAS + write to precharge + 2 tRP


def test_eight_refreshes_may_be_postponed() -> None:
    memory = load_memory("ddr4_2400")
    last_chance = 9 * REFI + GRACE - 1
    assert check_legality(memory, log_of(memory, f"{last_chance} REFAB")) == []
    late = check_legality(memory, log_of(memory, f"{last_chance + 1} REFAB"))
    assert rules(late) == {"refresh_postponed"}
    assert check_legality(memory, log_of(memory, f"{10 * REFI} ACT 0"), refreshed=False) == []
    assert rules(check_legality(memory, log_of(memory, f"{10 * REFI} ACT 0"))) == {
        "refresh_postponed"
    }


def test_eight_refreshes_may_be_pulled_in() -> None:
    memory = load_memory("ddr4_2400")
    text = ",".join(f"{1 + RFC * k} REFAB" for k in range(9)) + f",{REFI + 1} REFAB"
    assert check_legality(memory, log_of(memory, text)) == []
    assert rules(check_legality(memory, log_of(memory, text, -1))) == {"refresh_pulled_in"}


def test_ddr5_postpones_four() -> None:
    memory = load_memory("ddr5_4800")
    due, grace = 5 * 9375, 18 + 18 + 77 + (34 + 8 + 72) + 2 * 36
    assert check_legality(memory, log_of(memory, f"{due + grace - 1} REFAB")) == []
    late = check_legality(memory, log_of(memory, f"{due + grace} REFAB"))
    assert rules(late) == {"refresh_postponed"}


def test_self_refresh_stops_the_count() -> None:
    memory = load_memory("ddr4_2400")
    asleep = 30 * REFI
    text = f"100 SREFEN, {asleep} SREFEX, {asleep + 400} REFAB, {asleep + 400 + 9 * REFI} REFAB"
    assert check_legality(memory, log_of(memory, text)) == []


def test_a_violation_says_what_where_and_by_how_much() -> None:
    memory = load_memory("ddr4_2400")
    (violation,) = check_legality(memory, log_of(memory, "0 ACT 3, 15 RD 3"))
    assert (violation.cycle, violation.command) == (15, Command.RD)
    assert str(violation) == (
        "cycle 15: RD to rank 0 bank 3 breaks tRCD: 15 cycles after ACT of 0, 16 required"
    )


def test_a_standard_without_rules_is_refused() -> None:
    memory = load_memory("ddr4_2400")
    unknown = dataclasses.replace(
        memory, standard=dataclasses.replace(memory.standard, name="DDR9")
    )
    with pytest.raises(UnknownNameError, match="DDR9"):
        check_legality(unknown, log_of(memory, "0 ACT 0"))


@pytest.mark.parametrize(
    ("name", "rule", "text"),
    [
        ("lpddr4_3200", "bank_closed", "0 ACT 0, 500 REFPB 0"),
        ("ddr5_4800", "bank_closed", "0 ACT 29, 500 REFSB 1"),
        ("lpddr5_6400", "bank_closed", "0 ACT 9, 500 REFPB 1"),
        ("lpddr4_3200", "refresh_round", "0 REFPB 3, 500 REFPB 4, 1000 REFPB 3"),
        ("lpddr4_3200", "refresh_postponed", "0 REFPB 0, 60000 REFPB 1"),
        ("lpddr4_3200", "asleep", "0 PDEP, 500 REFPB 0"),
    ],
)
def test_refreshes_of_some_banks_have_rules_of_their_own(name: str, rule: str, text: str) -> None:
    memory = load_memory(name)
    assert rule in rules(check_legality(memory, log_of(memory, text)))


def test_a_closed_set_may_be_refreshed_round_by_round() -> None:
    memory = load_memory("lpddr4_3200")
    text = ", ".join(f"{780 * (k + 1)} REFPB {k % 8}" for k in range(24))
    assert check_legality(memory, log_of(memory, text)) == []
