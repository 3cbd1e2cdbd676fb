"""Which JEDEC rules bind a memory: by standard, its command bus and its timing parameters.

Sources of the three standards that are written here: JESD79-5 (DDR5, 1N command mode), JESD209-5
(LPDDR5), JESD250 (GDDR6). The parameters are those of a memory; how they combine is written
independently of the rules that the simulator uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archgym.cost_models.dram.commands import COLUMN_COMMANDS, Command
from archgym.cost_models.dram.legality_rules import CommandBus, JedecTimings, ddr, hbm2, lpddr4
from archgym.cost_models.dram.memory import MemorySpec
from archgym.errors import UnknownNameError

C = Command

COMMAND_BUSES = {
    "DDR3": CommandBus({}),
    "DDR4": CommandBus({}),
    "DDR5": CommandBus(
        dict.fromkeys({C.ACT, *COLUMN_COMMANDS}, 2), exit_counts_to_first_cycle=True
    ),
    "LPDDR4": CommandBus(
        {
            **dict.fromkeys({C.ACT, *COLUMN_COMMANDS}, 4),
            **dict.fromkeys((C.PRE, C.PREA, C.REFAB, C.REFPB, C.SREFEN, C.SREFEX), 2),
        },
        exit_counts_to_first_cycle=True,
    ),
    "LPDDR5": CommandBus({C.ACT: 2}, exit_counts_to_first_cycle=True),
    "HBM2": CommandBus({C.ACT: 2}, separate_column_bus=True, data_bus_per_rank=True),
    "GDDR6": CommandBus({}),
}


def command_bus(memory: MemorySpec) -> CommandBus:
    """Return the command bus of a memory's standard.

    Raises:
        UnknownNameError: No legality rules are known for the standard.
    """
    try:
        return COMMAND_BUSES[memory.standard.name]
    except KeyError:
        known = list(COMMAND_BUSES)
        raise UnknownNameError(
            "standard with legality rules", memory.standard.name, known
        ) from None


def jedec_timings(memory: MemorySpec) -> JedecTimings:
    """Return the parameters of a memory under the standards' common names."""
    return _BY_STANDARD[memory.standard.name](memory.timing, memory.burst_cycles)


def _ddr5(t: Mapping[str, int], burst: int) -> JedecTimings:
    """DDR5: a bank has a longer access distance than its group; at most four refreshes wait."""
    write_end = t["WL"] + burst
    return JedecTimings(
        rcd_read=t["RCD"],
        rcd_write=t["RCD"],
        rp=t["RP"],
        rp_all=t["RP"],
        ras=t["RAS"],
        rc=t["RC"],
        rrd_long=t["RRD_L"],
        rrd_short=t["RRD_S"],
        faw=t["FAW"],
        ccd_long=t["CCD_M"],
        ccd_short=t["CCD_S"],
        write_to_read_long=write_end + t["WTR_M"],
        write_to_read_short=write_end + t["WTR_S"],
        read_to_write=t["RL"] - t["WL"] + burst + 2 + t["WPRE"],
        read_to_precharge=t["RTP"],
        write_to_precharge=write_end + t["WR"],
        precharge_to_precharge=t["PPD"],
        rfc=t["RFC"],
        refi=t["REFI"],
        xp=t["XP"],
        xs=t["XS"],
        xs_column=t["XSDLL"],
        cke=t["PD"],
        self_refresh=t["SR"],
        activate_to_sleep=t["ACTPDEN"],
        precharge_to_sleep=t["PRPDEN"],
        refresh_to_sleep=t["REFPDEN"],
        read_to_sleep=t["RL"] + burst + 1,
        write_to_sleep=write_end + t["WR"] + 1,
        auto_precharge_write_to_sleep=write_end + t["WR"] + 1,
        read_latency=t["RL"],
        write_latency=t["WL"],
        burst=burst,
        rank_switch=t["RTRS"],
        ccd_bank=t["CCD_L"],
        ccd_write_bank=t["CCD_L_WR"],
        ccd_write_long=t["CCD_M_WR"],
        ccd_write_short=t["CCD_S_WR"],
        write_to_read_bank=write_end + t["WTR_L"],
        exit_to_entry=t["XP"],
        max_postponed=4,
        max_pulled_in=4,
    )


def _lpddr5(t: Mapping[str, int], burst: int) -> JedecTimings:
    """LPDDR5: a burst within a bank group is spread over BL/n_max (tCCD_L) cycles."""
    longest = t["CCD_L"]
    read_data = t["RL"] + t["WCK2DQO"]
    return JedecTimings(
        rcd_read=t["RCD"],
        rcd_write=t["RCD"],
        rp=t["RPPB"],
        rp_all=t["RPAB"],
        ras=t["RAS"],
        rc=t["RCPB"],
        rrd_long=t["RRD"],
        rrd_short=t["RRD"],
        faw=t["FAW"],
        ccd_long=longest,
        ccd_short=t["CCD_S"],
        write_to_read_long=t["WL"] + longest + t["WTR_L"],
        write_to_read_short=t["WL"] + burst + t["WTR_S"],
        read_to_write=read_data + burst - t["WL"],
        read_to_write_long=read_data + longest - t["WL"],
        read_to_precharge=t["RTP"],
        write_to_precharge=t["WL"] + burst + 1 + t["WR"],
        precharge_to_precharge=t["PPD"],
        rfc=t["RFCAB"],
        refi=t["REFI"],
        xp=t["XP"],
        xs=t["XSR"],
        xs_column=t["XSR"],
        cke=t["PD"],
        exit_to_entry=t["XP"],
        self_refresh=t["SR"],
        activate_to_sleep=t["CMDPD"],
        precharge_to_sleep=t["CMDPD"],
        refresh_to_sleep=t["CMDPD"],
        read_to_sleep=read_data + longest + 1,
        write_to_sleep=t["WL"] + longest + 1 + t["WR"],
        auto_precharge_write_to_sleep=t["WL"] + longest + 1 + t["WR"],
        read_latency=read_data,
        write_latency=t["WL"] + t["WCK2DQI"],
        burst=burst,
        rank_switch=t["RTRS"],
    )


def _gddr6(t: Mapping[str, int], burst: int) -> JedecTimings:
    """GDDR6: one channel of a device; reads and writes have their own tRCD."""
    read_data, write_data = t["RL"] + t["WCK2DQO"], t["WL"] + t["WCK2DQI"]
    return JedecTimings(
        rcd_read=t["RCDRD"],
        rcd_write=t["RCDWR"],
        rp=t["RP"],
        rp_all=t["RP"],
        ras=t["RAS"],
        rc=t["RC"],
        rrd_long=t["RRDL"],
        rrd_short=t["RRDS"],
        faw=t["FAW"],
        ccd_long=t["CCDL"],
        ccd_short=t["CCDS"],
        write_to_read_long=t["WL"] + burst + t["WTRL"],
        write_to_read_short=t["WL"] + burst + t["WTRS"],
        read_to_write=t["RTW"],
        read_to_precharge=t["RTP"],
        write_to_precharge=t["WL"] + burst + t["WR"],
        precharge_to_precharge=t["PPD"],
        rfc=t["RFCAB"],
        refi=t["REFI"],
        xp=t["XP"],
        xs=t["XS"],
        xs_column=t["XS"],
        cke=t["PD"],
        exit_to_entry=t["XP"],
        self_refresh=t["CKESR"],
        activate_to_sleep=t["ACTPDE"],
        precharge_to_sleep=t["PREPDE"],
        refresh_to_sleep=t["REFPDE"],
        read_to_sleep=read_data + burst,
        write_to_sleep=write_data + burst,
        auto_precharge_write_to_sleep=write_data + burst,
        read_latency=read_data,
        write_latency=write_data,
        burst=burst,
        rank_switch=t["RTRS"],
    )


_BY_STANDARD: Mapping[str, Callable[[Mapping[str, int], int], JedecTimings]] = {
    "DDR3": ddr,
    "DDR4": ddr,
    "DDR5": _ddr5,
    "LPDDR4": lpddr4,
    "LPDDR5": _lpddr5,
    "HBM2": hbm2,
    "GDDR6": _gddr6,
}
