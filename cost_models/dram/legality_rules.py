"""What the JEDEC standards demand between DRAM commands, as data.

Sources: JESD79-3 (DDR3), JESD79-4 (DDR4), JESD209-4 (LPDDR4), JESD235 (HBM2); `legality_standards`
adds DDR5, LPDDR5 and GDDR6. Commands that take several bus cycles are measured from their last
cycle, as the standards do. Nothing here is taken from a scheduler: the rules bind whatever
controller wrote the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgym.cost_models.dram.commands import COLUMN_COMMANDS, Command

C = Command
READS = frozenset({C.RD, C.RDA})
WRITES = frozenset({C.WR, C.WRA})
POWER_DOWN_ENTRIES = frozenset({C.PDEA, C.PDEP})
POWER_DOWN_EXITS = frozenset({C.PDXA, C.PDXP})
NEED_CLOCK = COLUMN_COMMANDS | {C.ACT, C.PRE, C.PREA, C.REFAB, C.REFPB, C.REFSB, C.SREFEN}


@dataclass(frozen=True)
class JedecTimings:
    """The parameters of one memory under one set of names, in clock cycles.

    Distances between commands run from last bus cycle to last bus cycle; ``read_latency`` and
    ``write_latency`` from there to the first data cycle. ``write_to_*`` and ``read_to_*`` include
    latency and burst. ``*_long`` binds within a bank group, ``*_short`` between groups. The last
    ones are for standards that tell more cases apart: None means the same as for reads (writes),
    within a bank as within its group, from an exit to the next entry as from entry to exit.
    """

    rcd_read: int
    rcd_write: int
    rp: int
    rp_all: int
    ras: int
    rc: int
    rrd_long: int
    rrd_short: int
    faw: int
    ccd_long: int
    ccd_short: int
    write_to_read_long: int
    write_to_read_short: int
    read_to_write: int
    read_to_precharge: int
    write_to_precharge: int
    precharge_to_precharge: int
    rfc: int
    refi: int
    xp: int
    xs: int
    xs_column: int
    cke: int
    self_refresh: int
    activate_to_sleep: int
    precharge_to_sleep: int
    refresh_to_sleep: int
    read_to_sleep: int
    write_to_sleep: int
    auto_precharge_write_to_sleep: int
    read_latency: int
    write_latency: int
    burst: int
    rank_switch: int
    ccd_bank: int | None = None
    ccd_write_long: int | None = None
    ccd_write_short: int | None = None
    ccd_write_bank: int | None = None
    write_to_read_bank: int | None = None
    read_to_write_long: int | None = None
    exit_to_entry: int | None = None
    max_postponed: int = 8  # refresh commands
    max_pulled_in: int = 8


@dataclass(frozen=True)
class Distance:
    """``later`` comes at least ``cycles`` after the last ``earlier`` in the same scope."""

    rule: str
    earlier: frozenset[Command]
    later: frozenset[Command]
    scope: str  # bank, group or rank
    cycles: int


@dataclass(frozen=True)
class CommandBus:
    """How commands travel: cycles of each (1 if absent), one bus or two, what tXP reaches."""

    lengths: Mapping[Command, int]
    separate_column_bus: bool = False
    exit_counts_to_first_cycle: bool = False
    data_bus_per_rank: bool = False

    def length(self, command: Command) -> int:
        """Bus cycles of a command."""
        return self.lengths.get(command, 1)


def ddr(t: Mapping[str, int], burst: int) -> JedecTimings:
    """DDR3 and DDR4; DDR3 has one bank group and a fixed turnaround of two clocks."""
    additive = t["AL"]
    write_to_precharge = t["WL"] + burst + t["WR"]
    write_end = t["WL"] + burst - additive
    turnaround = 1 + t["WPRE"] if "WPRE" in t else 2
    return JedecTimings(
        rcd_read=t["RCD"] - additive,
        rcd_write=t["RCD"] - additive,
        rp=t["RP"],
        rp_all=t["RP"],
        ras=t["RAS"],
        rc=t["RC"],
        rrd_long=t.get("RRD_L", t.get("RRD", 0)),
        rrd_short=t.get("RRD_S", t.get("RRD", 0)),
        faw=t["FAW"],
        ccd_long=t.get("CCD_L", t.get("CCD", 0)),
        ccd_short=t.get("CCD_S", t.get("CCD", 0)),
        write_to_read_long=write_end + t.get("WTR_L", t.get("WTR", 0)),
        write_to_read_short=write_end + t.get("WTR_S", t.get("WTR", 0)),
        read_to_write=t["RL"] + burst + turnaround - t["WL"],
        read_to_precharge=additive + t["RTP"],
        write_to_precharge=write_to_precharge,
        precharge_to_precharge=0,
        rfc=t["RFC"],
        refi=t["REFI"],
        xp=t["XP"],
        xs=t["XS"],
        xs_column=t["XSDLL"],
        cke=t["CKE"],
        self_refresh=t["CKESR"],
        activate_to_sleep=t["ACTPDEN"],
        precharge_to_sleep=t["PRPDEN"],
        refresh_to_sleep=t["REFPDEN"],
        read_to_sleep=t["RL"] + burst + 1,
        write_to_sleep=write_to_precharge,
        auto_precharge_write_to_sleep=write_to_precharge + 1,
        read_latency=t["RL"],
        write_latency=t["WL"],
        burst=burst,
        rank_switch=t["RTRS"],
    )


def lpddr4(t: Mapping[str, int], burst: int) -> JedecTimings:
    """LPDDR4: strobes lag the clock (tDQSCK, tDQSS, tDQS2DQ), precharges are spaced (tPPD)."""
    read_data = t["RL"] + t["DQSCK"]
    write_data = t["WL"] + t["DQSS"] + t["DQS2DQ"]
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
        ccd_long=t["CCD"],
        ccd_short=t["CCD"],
        write_to_read_long=t["WL"] + 1 + burst + t["WTR"],
        write_to_read_short=t["WL"] + 1 + burst + t["WTR"],
        read_to_write=read_data + burst + t["RPST"] - t["WL"] + t["WPRE"],
        read_to_precharge=burst + max(8, t["RTP"]) - 8,
        write_to_precharge=t["WL"] + 1 + burst + t["WR"],
        precharge_to_precharge=t["PPD"],
        rfc=t["RFCAB"],
        refi=t["REFI"],
        xp=t["XP"],
        xs=t["XSR"],
        xs_column=t["XSR"],
        cke=t["CKE"],
        self_refresh=t["SR"],
        activate_to_sleep=t["CMDCKE"],
        precharge_to_sleep=t["CMDCKE"],
        refresh_to_sleep=t["CMDCKE"],
        read_to_sleep=read_data + burst + t["RPST"],
        write_to_sleep=write_data + burst + t["WR"],
        auto_precharge_write_to_sleep=write_data + burst + t["WR"] + 2,
        read_latency=read_data,
        write_latency=write_data,
        burst=burst,
        rank_switch=t["RTRS"],
    )


def hbm2(t: Mapping[str, int], burst: int) -> JedecTimings:
    """HBM2: a pseudo-channel is a rank with a data bus of its own."""
    write_end = t["WL"] + burst
    write_to_sleep = t["WL"] + t["PL"] + burst + 1 + t["WR"]
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
        write_to_read_long=write_end + t["WTRL"],
        write_to_read_short=write_end + t["WTRS"],
        read_to_write=t["RTW"],
        read_to_precharge=t["RTP"],
        write_to_precharge=write_end + t["WR"],
        precharge_to_precharge=0,
        rfc=t["RFC"],
        refi=t["REFI"],
        xp=t["XP"],
        xs=t["XS"],
        xs_column=t["XS"],
        cke=t["CKE"],
        self_refresh=t["CKE"] + 1,
        activate_to_sleep=0,
        precharge_to_sleep=0,
        refresh_to_sleep=0,
        read_to_sleep=t["RL"] + t["PL"] + burst + 1,
        write_to_sleep=write_to_sleep,
        auto_precharge_write_to_sleep=write_to_sleep,
        read_latency=t["RL"] + t["DQSCK"],
        write_latency=t["WL"],
        burst=burst,
        rank_switch=0,
    )


def distance_rules(t: JedecTimings, *, grouped: bool) -> tuple[Distance, ...]:
    """Return every rule of the form "command B no sooner than n cycles after command A".

    Args:
        t: The parameters of the memory.
        grouped: Whether the memory has bank groups, and so two forms of tRRD, tCCD and tWTR.

    Rules that need the history of a bank (tRP after an auto-precharge, tWR before one), tFAW, the
    buses and the refresh count are in the checker itself.
    """
    act, pre, prea = frozenset({C.ACT}), frozenset({C.PRE}), frozenset({C.PREA})
    precharges, refresh = pre | prea, frozenset({C.REFAB})
    sleep = POWER_DOWN_ENTRIES
    enter_self_refresh, leave_self_refresh = frozenset({C.SREFEN}), frozenset({C.SREFEX})
    return (
        Distance("tRCD", act, READS, "bank", t.rcd_read),
        Distance("tRCD", act, WRITES, "bank", t.rcd_write),
        Distance("tRAS", act, pre, "bank", t.ras),
        Distance("tRAS", act, prea, "rank", t.ras),
        Distance("tRC", act, act, "bank", t.rc),
        *_long_and_short("tRRD", act, act, t.rrd_long, t.rrd_short, grouped),
        *_column_distances(t, grouped),
        Distance("tRTP", frozenset({C.RD}), pre, "bank", t.read_to_precharge),
        Distance("tRTP", READS, prea, "rank", t.read_to_precharge),
        Distance("tWR", frozenset({C.WR}), pre, "bank", t.write_to_precharge),
        Distance("tWR", WRITES, prea, "rank", t.write_to_precharge),
        Distance("tPPD", precharges, precharges, "rank", t.precharge_to_precharge),
        Distance("tRFC", refresh, NEED_CLOCK, "rank", t.rfc),
        Distance("tXP", POWER_DOWN_EXITS, NEED_CLOCK, "rank", t.xp),
        Distance("tXS", leave_self_refresh, NEED_CLOCK | sleep, "rank", t.xs),
        Distance("tXSDLL", leave_self_refresh, COLUMN_COMMANDS, "rank", t.xs_column),
        Distance("tCKE", POWER_DOWN_EXITS, sleep, "rank", _or(t.exit_to_entry, t.cke)),
        Distance("tCKE", sleep, POWER_DOWN_EXITS, "rank", t.cke),
        Distance("tCKESR", enter_self_refresh, leave_self_refresh, "rank", t.self_refresh),
        Distance("tACTPDEN", act, sleep, "rank", t.activate_to_sleep),
        Distance("tPRPDEN", precharges, sleep, "rank", t.precharge_to_sleep),
        Distance("tREFPDEN", refresh, sleep, "rank", t.refresh_to_sleep),
        Distance("tRDPDEN", READS, sleep, "rank", t.read_to_sleep),
        Distance("tWRPDEN", frozenset({C.WR}), sleep, "rank", t.write_to_sleep),
        Distance("tWRAPDEN", frozenset({C.WRA}), sleep, "rank", t.auto_precharge_write_to_sleep),
    )


def _column_distances(t: JedecTimings, grouped: bool) -> list[Distance]:
    """Distances between accesses: within a bank, a bank group, a rank."""
    write_long, write_short = (
        _or(t.ccd_write_long, t.ccd_long),
        _or(t.ccd_write_short, t.ccd_short),
    )
    rules = [
        *_long_and_short("tCCD", READS, READS, t.ccd_long, t.ccd_short, grouped),
        *_long_and_short("tCCD", WRITES, WRITES, write_long, write_short, grouped),
        *_long_and_short(
            "tWTR", WRITES, READS, t.write_to_read_long, t.write_to_read_short, grouped
        ),
        Distance("tRTW", READS, WRITES, "rank", t.read_to_write),
    ]
    for rule, earlier, later, scope, cycles in (
        ("tCCD_bank", READS, READS, "bank", t.ccd_bank),
        ("tCCD_bank", WRITES, WRITES, "bank", t.ccd_write_bank),
        ("tWTR_bank", WRITES, READS, "bank", t.write_to_read_bank),
        ("tRTW_L", READS, WRITES, "group", t.read_to_write_long),
    ):
        if cycles is not None:
            rules.append(Distance(rule, earlier, later, scope, cycles))
    return rules


def _or(special: int | None, usual: int) -> int:
    return usual if special is None else special


def _long_and_short(
    rule: str,
    earlier: frozenset[Command],
    later: frozenset[Command],
    long: int,
    short: int,
    grouped: bool,
) -> list[Distance]:
    """The long form binds within a bank group, the short one between groups."""
    if not grouped:
        return [Distance(rule, earlier, later, "rank", short)]
    return [
        Distance(f"{rule}_L", earlier, later, "group", long),
        Distance(f"{rule}_S", earlier, later, "rank", short),
    ]
