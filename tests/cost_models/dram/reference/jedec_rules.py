"""The scheduling intervals of DDR5, LPDDR5 and GDDR6, worked out from JEDEC's own distances.

JEDEC counts between the last bus cycles of two commands; a scheduler counts between the first
ones. ``_first_to_first`` turns the one into the other. The tables below say, for each earlier
command, how long what it starts (a row, a burst, a refresh, a nap) keeps others waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace as Timing

from . import commands

Rule = tuple[str, str, str, int]


@dataclass(frozen=True)
class Times:
    """What the three standards have in common, in cycles from last bus cycle to last bus cycle."""

    rcd_read: int
    rcd_write: int
    ras: int
    rc: int
    rp: int
    rp_all: int
    read_pre: int
    write_pre: int
    rfc: int
    xs: int
    xs_column: int | None
    xp: int
    pd: int
    ppd: int
    sr: int
    act_sleep: int
    pre_sleep: int
    ref_sleep: int
    read_sleep: int
    write_sleep: int


def _first_to_first(standard: str, rules: list[Rule]) -> list[Rule]:
    """Power-down exits are counted to the first cycle of what follows: the bus must be awake."""
    converted = []
    for later, earlier, scope, interval in rules:
        for command in later.split():
            for previous in earlier.split():
                cycles = interval + commands.length(standard, previous) - 1
                if previous not in ("PDXA", "PDXP"):
                    cycles -= commands.length(standard, command) - 1
                converted.append((command, previous, scope, cycles))
    return converted


def _common(t: Times) -> list[Rule]:
    return [*_rows(t), *_sleep(t)]


def _rows(t: Times) -> list[Rule]:
    """Rows open, close and are refreshed."""
    refresh_ready = [("PRE", t.rp), ("PREA", t.rp_all), ("ACT", t.rc)]
    refresh_ready += [("RDA", t.read_pre + t.rp), ("WRA", t.write_pre + t.rp)]
    return [
        ("RD RDA", "ACT", "bank", t.rcd_read),
        ("WR WRA", "ACT", "bank", t.rcd_write),
        ("RDA", "WR", "bank", t.write_pre - t.read_pre),
        ("ACT", "ACT", "bank", t.rc),
        ("ACT", "PRE", "bank", t.rp),
        ("ACT", "PREA", "rank", t.rp_all),
        ("ACT", "RDA", "bank", t.read_pre + t.rp),
        ("ACT", "WRA", "bank", t.write_pre + t.rp),
        ("PRE", "ACT", "bank", t.ras),
        ("PREA", "ACT", "rank", t.ras),
        ("PRE", "RD", "bank", t.read_pre),
        ("PRE", "WR", "bank", t.write_pre),
        ("PREA", "RD RDA", "rank", t.read_pre),
        ("PREA", "WR WRA", "rank", t.write_pre),
        ("PRE PREA", "PRE PREA", "rank", t.ppd),
        *[("REFab", earlier, "rank", cycles) for earlier, cycles in refresh_ready],
        ("ACT REFab SREFEN", "REFab", "rank", t.rfc),
    ]


def _set_refresh(
    command: str, t: Times, cycle: int, to_act: int, from_act: list[Rule], again: list[Rule]
) -> list[Rule]:
    """Some banks are refreshed, which the others feel as little as an activation.

    ``to_act`` keeps activations of other banks away; ``from_act`` and ``again`` are the distances
    from activations of other banks, and between refreshes.
    """
    return [
        ("ACT", command, "bank", cycle),
        ("ACT", command, "rank", to_act),
        ("PREA REFab SREFEN", command, "rank", cycle),
        (command, "ACT", "bank", t.rc),
        (command, "RDA", "bank", t.read_pre + t.rp),
        (command, "WRA", "bank", t.write_pre + t.rp),
        (command, "PRE", "bank", t.rp),
        (command, "PREA", "rank", t.rp_all),
        (command, "PDXA PDXP", "rank", t.xp),
        (command, "REFab", "rank", t.rfc),
        (command, "SREFEX", "rank", t.xs),
        ("PDEA PDEP", command, "rank", t.ref_sleep),
        *from_act,
        *again,
    ]


def _sleep(t: Times) -> list[Rule]:
    """Ranks fall asleep and wake up."""
    refresh_ready = [("PRE", t.rp), ("PREA", t.rp_all), ("ACT", t.rc), ("PDXP", t.xp)]
    columns = [] if t.xs_column is None else [("RD RDA WR WRA", "SREFEX", "rank", t.xs_column)]
    return [
        *columns,
        ("RD RDA WR WRA PRE PREA ACT PDEA", "PDXA", "rank", t.xp),
        ("ACT REFab PDEP", "PDXP", "rank", t.xp),
        ("ACT REFab PDEP SREFEN", "SREFEX", "rank", t.xs),
        ("PDXA", "PDEA", "rank", t.pd),
        ("PDXP", "PDEP", "rank", t.pd),
        ("SREFEX", "SREFEN", "rank", t.sr),
        ("PDEA", "ACT", "rank", t.act_sleep),
        ("PDEA PDEP", "PRE PREA", "rank", t.pre_sleep),
        ("PDEP", "REFab", "rank", t.ref_sleep),
        ("PDEA PDEP SREFEN", "RD RDA", "rank", t.read_sleep),
        ("PDEA PDEP", "WR WRA", "rank", t.write_sleep),
        *[("SREFEN", earlier, "rank", cycles) for earlier, cycles in refresh_ready],
        ("SREFEN", "RDA", "rank", t.read_pre + t.rp),
        ("SREFEN", "WRA", "rank", t.write_pre + t.rp),
    ]


def ddr5_rules(t: Timing) -> list[Rule]:
    write_end = t.WL + t.BURST
    read_to_write = t.RL - t.WL + t.BURST + 2 + t.WPRE
    common = Times(
        rcd_read=t.RCD,
        rcd_write=t.RCD,
        ras=t.RAS,
        rc=t.RC,
        rp=t.RP,
        rp_all=t.RP,
        read_pre=t.RTP,
        write_pre=write_end + t.WR,
        rfc=t.RFC,
        xs=t.XS,
        xs_column=t.XSDLL,
        xp=t.XP,
        pd=t.PD,
        ppd=t.PPD,
        sr=t.SR,
        act_sleep=t.ACTPDEN,
        pre_sleep=t.PRPDEN,
        ref_sleep=t.REFPDEN,
        read_sleep=t.RL + t.BURST + 1,
        write_sleep=write_end + t.WR + 1,
    )
    columns = [
        *_per_scope("RD RDA", "RD RDA", bank=t.CCD_L, group=t.CCD_M, rank=t.CCD_S),
        *_per_scope("WR WRA", "WR WRA", bank=t.CCD_L_WR, group=t.CCD_M_WR, rank=t.CCD_S_WR),
        *_per_scope(
            "RD RDA",
            "WR WRA",
            bank=write_end + t.WTR_L,
            group=write_end + t.WTR_M,
            rank=write_end + t.WTR_S,
        ),
        ("WR WRA", "RD RDA", "rank", read_to_write),
        ("RD RDA", "RD RDA", "other", t.BURST + t.RTRS),
        ("WR WRA", "WR WRA", "other", t.BURST + t.RTRS),
        ("WR WRA", "RD RDA", "other", t.RL - t.WL + t.BURST + t.RTRS + t.WPRE),
        ("RD RDA", "WR WRA", "other", t.WL - t.RL + t.BURST + t.RTRS + t.RPRE),
        ("ACT", "ACT", "group", t.RRD_L),
        ("ACT", "ACT", "rank", t.RRD_S),
    ]
    refresh = _set_refresh(
        "REFsb",
        common,
        cycle=t.RFCSB,
        to_act=t.REFSBRD,
        from_act=[("REFsb", "ACT", "rank", t.RRD_L)],
        again=[("REFsb", "REFsb", "rank", t.RFCSB)],
    )
    return _first_to_first("DDR5", _common(common) + columns + refresh)


def lpddr5_rules(t: Timing) -> list[Rule]:
    write_pre = t.WL + t.BURST + 1 + t.WR
    common = Times(
        rcd_read=t.RCD,
        rcd_write=t.RCD,
        ras=t.RAS,
        rc=t.RCPB,
        rp=t.RPPB,
        rp_all=t.RPAB,
        read_pre=t.RTP,
        write_pre=write_pre,
        rfc=t.RFCAB,
        xs=t.XSR,
        xs_column=None,
        xp=t.XP,
        pd=t.PD,
        ppd=t.PPD,
        sr=t.SR,
        act_sleep=t.CMDPD,
        pre_sleep=t.CMDPD,
        ref_sleep=t.CMDPD,
        read_sleep=t.RL + t.WCK2DQO + t.CCD_L + 1,
        write_sleep=t.WL + t.CCD_L + 1 + t.WR,
    )
    read_end = t.RL + t.WCK2DQO - t.WL
    columns = [
        *_per_scope("RD RDA", "RD RDA", group=t.CCD_L, rank=t.CCD_S),
        *_per_scope("WR WRA", "WR WRA", group=t.CCD_L, rank=t.CCD_S),
        *_per_scope(
            "RD RDA", "WR WRA", group=t.WL + t.CCD_L + t.WTR_L, rank=t.WL + t.CCD_S + t.WTR_S
        ),
        *_per_scope("WR WRA", "RD RDA", group=read_end + t.CCD_L, rank=read_end + t.CCD_S),
        ("RD RDA", "RD RDA", "other", t.BURST + t.RTRS),
        ("WR WRA", "WR WRA", "other", t.BURST + t.RTRS),
        ("WR WRA", "RD RDA", "other", read_end + t.BURST + t.RTRS),
        ("RD RDA", "WR WRA", "other", t.WL - t.RL + t.BURST + t.RTRS),
        ("ACT", "ACT", "rank", t.RRD),
        ("SREFEN", "WRA", "rank", common.write_sleep),
    ]
    refresh = _set_refresh(
        "REFpb",
        common,
        cycle=t.RFCPB,
        to_act=t.PBR2ACT,
        from_act=[("REFpb", "ACT", "rank", t.RRD)],
        again=_per_scope("REFpb", "REFpb", bank=t.RFCPB, rank=t.PBR2PBR),
    )
    return _first_to_first("LPDDR5", _common(common) + columns + refresh)


def gddr6_rules(t: Timing) -> list[Rule]:
    common = Times(
        rcd_read=t.RCDRD,
        rcd_write=t.RCDWR,
        ras=t.RAS,
        rc=t.RC,
        rp=t.RP,
        rp_all=t.RP,
        read_pre=t.RTP,
        write_pre=t.WL + t.BURST + t.WR,
        rfc=t.RFCAB,
        xs=t.XS,
        xs_column=None,
        xp=t.XP,
        pd=t.PD,
        ppd=t.PPD,
        sr=t.CKESR,
        act_sleep=t.ACTPDE,
        pre_sleep=t.PREPDE,
        ref_sleep=t.REFPDE,
        read_sleep=t.RL + t.WCK2DQO + t.BURST,
        write_sleep=t.WL + t.WCK2DQI + t.BURST,
    )
    write_end = t.WL + t.BURST
    columns = [
        *_per_scope("RD RDA", "RD RDA", group=t.CCDL, rank=t.CCDS),
        *_per_scope("WR WRA", "WR WRA", group=t.CCDL, rank=t.CCDS),
        *_per_scope("RD RDA", "WR WRA", group=write_end + t.WTRL, rank=write_end + t.WTRS),
        ("WR WRA", "RD RDA", "rank", t.RTW),
        ("RD RDA", "RD RDA", "other", t.BURST + t.RTRS),
        ("WR WRA", "WR WRA", "other", t.BURST + t.RTRS),
        ("WR WRA", "RD RDA", "other", t.RL - t.WL + t.BURST + t.RTRS),
        ("RD RDA", "WR WRA", "other", t.WL - t.RL + t.BURST + t.RTRS),
        ("ACT", "ACT", "group", t.RRDL),
        ("ACT", "ACT", "rank", t.RRDS),
    ]
    refresh = _set_refresh(
        "REFpb",
        common,
        cycle=t.RFCPB,
        to_act=t.RREFD,
        from_act=_per_scope("REFpb", "ACT", group=t.RRDL, rank=t.RRDS),
        again=_per_scope("REFpb", "REFpb", bank=t.RFCPB, rank=t.RREFD),
    )
    return _first_to_first("GDDR6", _common(common) + columns + refresh)


def _per_scope(later: str, earlier: str, **cycles: int) -> list[Rule]:
    return [(later, earlier, scope, interval) for scope, interval in cycles.items()]
