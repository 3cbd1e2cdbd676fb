"""The scheduling intervals of DRAMSys v5.0, one table per standard.

A rule says: the next command may be issued no earlier than the last issue of the previous one
in the given scope plus the interval. Scopes: bank, group, rank, other (on another rank), any.
"""

from __future__ import annotations

from types import SimpleNamespace as Timing

from .jedec_rules import Rule, ddr5_rules, gddr6_rules, lpddr5_rules


def ddr4_rules(t: Timing) -> list[Rule]:
    return _ddr_rules(
        t,
        read_to_write=t.RL + t.BURST + 1 - t.WL + t.WPRE,
        read_to_write_other=t.RL + t.BURST + t.RTRS - t.WL + t.WPRE,
        write_to_read_any=t.WL + t.BURST + t.RTRS - t.RL + t.RPRE,
    )


def ddr3_rules(t: Timing) -> list[Rule]:
    one_group = Timing(
        **vars(t), CCD_L=t.CCD, CCD_S=t.CCD, RRD_L=t.RRD, RRD_S=t.RRD, WTR_L=t.WTR, WTR_S=t.WTR
    )
    return _ddr_rules(
        one_group,
        read_to_write=t.RL + t.BURST + 2 - t.WL,
        read_to_write_other=t.RL + t.BURST + t.RTRS - t.WL,
        write_to_read_any=t.WL + t.BURST + t.RTRS - t.RL,
    )


def _ddr_rules(
    t: Timing, read_to_write: int, read_to_write_other: int, write_to_read_any: int
) -> list[Rule]:
    write_to_precharge = t.WL + t.BURST + t.WR
    read_to_idle = t.RL + t.BURST + 1
    return [
        ("RD RDA", "ACT", "bank", t.RCD - t.AL),
        ("RD RDA", "RD RDA", "group", t.CCD_L),
        ("RD RDA", "RD RDA", "rank", t.CCD_S),
        ("RD RDA", "RD RDA", "other", t.BURST + t.RTRS),
        ("RD RDA", "WR WRA", "group", t.WL + t.BURST + t.WTR_L - t.AL),
        ("RD RDA", "WR WRA", "rank", t.WL + t.BURST + t.WTR_S - t.AL),
        ("RD RDA", "WR WRA", "any", write_to_read_any),
        ("RDA", "WR", "bank", write_to_precharge - t.RTP - t.AL),
        ("WR WRA", "ACT", "bank", t.RCD - t.AL),
        ("WR WRA", "RD RDA", "rank", read_to_write),
        ("WR WRA", "RD RDA", "other", read_to_write_other),
        ("WR WRA", "WR WRA", "group", t.CCD_L),
        ("WR WRA", "WR WRA", "rank", t.CCD_S),
        ("WR WRA", "WR WRA", "other", t.BURST + t.RTRS),
        ("RD RDA WR WRA", "PDXA", "rank", t.XP),
        ("RD RDA WR WRA", "SREFEX", "rank", t.XSDLL),
        ("ACT", "ACT", "bank", t.RC),
        ("ACT", "ACT", "group", t.RRD_L),
        ("ACT", "ACT", "rank", t.RRD_S),
        ("ACT", "RDA", "bank", t.AL + t.RTP + t.RP),
        ("ACT", "WRA", "bank", write_to_precharge + t.RP),
        ("ACT", "PRE", "bank", t.RP),
        ("ACT", "PREA", "rank", t.RP),
        ("ACT", "PDXA PDXP", "rank", t.XP),
        ("ACT", "REFab", "rank", t.RFC),
        ("ACT", "SREFEX", "rank", t.XS),
        ("PRE", "ACT", "bank", t.RAS),
        ("PRE", "RD", "bank", t.AL + t.RTP),
        ("PRE", "WR", "bank", write_to_precharge),
        ("PRE", "PDXA", "rank", t.XP),
        ("PREA", "ACT", "rank", t.RAS),
        ("PREA", "RD RDA", "rank", t.AL + t.RTP),
        ("PREA", "WR WRA", "rank", write_to_precharge),
        ("PREA", "PDXA", "rank", t.XP),
        ("REFab", "ACT", "rank", t.RC),
        ("REFab", "RDA", "rank", t.AL + t.RTP + t.RP),
        ("REFab", "WRA", "rank", write_to_precharge + t.RP),
        ("REFab", "PRE PREA", "rank", t.RP),
        ("REFab", "PDXP", "rank", t.XP),
        ("REFab", "REFab", "rank", t.RFC),
        ("REFab", "SREFEX", "rank", t.XS),
        ("PDEA", "ACT", "rank", t.ACTPDEN),
        ("PDEA", "RD RDA", "rank", read_to_idle),
        ("PDEA", "WR", "rank", write_to_precharge),
        ("PDEA", "WRA", "rank", write_to_precharge + 1),
        ("PDEA", "PRE", "rank", t.PRPDEN),
        ("PDEA", "PDXA", "rank", t.CKE),
        ("PDXA", "PDEA", "rank", t.CKE),
        ("PDEP", "RD RDA", "rank", read_to_idle),
        ("PDEP", "WRA", "rank", write_to_precharge + 1),
        ("PDEP", "PRE PREA", "rank", t.PRPDEN),
        ("PDEP", "PDXP", "rank", t.CKE),
        ("PDEP", "REFab", "rank", t.REFPDEN),
        ("PDEP", "SREFEX", "rank", t.XS),
        ("PDXP", "PDEP", "rank", t.CKE),
        ("SREFEN", "ACT", "rank", t.RC),
        ("SREFEN", "RDA", "rank", max(read_to_idle, t.AL + t.RTP + t.RP)),
        ("SREFEN", "WRA", "rank", max(write_to_precharge + 1, write_to_precharge + t.RP)),
        ("SREFEN", "PRE PREA", "rank", t.RP),
        ("SREFEN", "PDXP", "rank", t.XP),
        ("SREFEN", "REFab", "rank", t.RFC),
        ("SREFEN", "SREFEX", "rank", t.XS),
        ("SREFEX", "SREFEN", "rank", t.CKESR),
    ]


def lpddr4_rules(t: Timing) -> list[Rule]:
    read_to_precharge = t.RTP + t.BURST - 6
    write_to_precharge = t.WL + 1 + t.BURST + t.WR + 2
    read_to_idle = 3 + t.RL + t.DQSCK + t.BURST + t.RPST
    write_to_idle = 3 + t.WL + t.DQSS + t.DQS2DQ + t.BURST + t.WR
    return [
        ("RD RDA WR WRA", "ACT", "bank", t.RCD),
        ("RD RDA", "RD RDA", "rank", t.BURST),
        ("RD RDA", "RD RDA", "other", t.BURST + t.RTRS),
        ("RD RDA", "WR WRA", "rank", t.WL + 1 + t.BURST + t.WTR),
        ("RD RDA", "WR WRA", "other", t.WL + t.BURST + t.RTRS - t.RL),
        ("RDA", "WR", "bank", write_to_precharge - read_to_precharge),
        ("WR WRA", "RD RDA", "rank", t.RL + t.DQSCK + t.BURST - t.WL + t.WPRE + t.RPST),
        ("WR WRA", "RD RDA", "other", t.RL + t.BURST + t.RTRS - t.WL),
        ("WR WRA", "WR WRA", "rank", t.BURST),
        ("WR WRA", "WR WRA", "other", t.BURST + t.RTRS),
        ("RD RDA WR WRA", "PDXA", "rank", t.XP),
        ("ACT", "ACT", "bank", t.RCPB),
        ("ACT", "ACT", "rank", t.RRD),
        ("ACT", "RDA", "bank", t.RTP + t.BURST - 8 + t.RPPB),
        ("ACT", "WRA", "bank", t.WL + 1 + t.BURST + t.WR + t.RPPB),
        ("ACT", "PRE", "bank", t.RPPB - 2),
        ("ACT", "PREA", "rank", t.RPAB - 2),
        ("ACT", "PDXA PDXP", "rank", t.XP),
        ("ACT", "REFab", "rank", t.RFCAB - 2),
        ("ACT", "SREFEX", "rank", t.XSR - 2),
        ("PRE", "ACT", "bank", t.RAS + 2),
        ("PRE", "RD", "bank", read_to_precharge),
        ("PRE", "WR", "bank", write_to_precharge),
        ("PRE", "PRE", "rank", t.PPD),
        ("PRE", "PDXA", "rank", t.XP),
        ("PREA", "ACT", "rank", t.RAS + 2),
        ("PREA", "RD RDA", "rank", read_to_precharge),
        ("PREA", "WR WRA", "rank", write_to_precharge),
        ("PREA", "PRE", "rank", t.PPD),
        ("PREA", "PDXA", "rank", t.XP),
        ("REFab", "ACT", "rank", t.RCPB + 2),
        ("REFab", "RDA", "rank", read_to_precharge + t.RPPB),
        ("REFab", "WRA", "rank", write_to_precharge + t.RPPB),
        ("REFab", "PRE", "rank", t.RPPB),
        ("REFab", "PREA", "rank", t.RPAB),
        ("REFab", "PDXP", "rank", t.XP),
        ("REFab", "REFab", "rank", t.RFCAB),
        ("REFab", "SREFEX", "rank", t.XSR),
        ("PDEA", "ACT", "rank", 3 + t.CMDCKE),
        ("PDEA", "RD RDA", "rank", read_to_idle),
        ("PDEA", "WR", "rank", write_to_idle),
        ("PDEA", "WRA", "rank", write_to_idle + 2),
        ("PDEA", "PRE", "rank", 1 + t.CMDCKE),
        ("PDEA", "PDXA", "rank", t.CKE),
        ("PDEP", "RD RDA", "rank", read_to_idle),
        ("PDEP", "WRA", "rank", write_to_idle + 2),
        ("PDEP", "PRE PREA REFab", "rank", 1 + t.CMDCKE),
        ("PDEP", "PDXP", "rank", t.CKE),
        ("PDEP", "SREFEX", "rank", t.XSR),
        ("PDXA", "PDEA", "rank", t.CKE),
        ("PDXP", "PDEP", "rank", t.CKE),
        ("SREFEN", "ACT", "rank", t.RCPB + 2),
        ("SREFEN", "RDA", "rank", max(read_to_idle, read_to_precharge + t.RPPB)),
        ("SREFEN", "WRA", "rank", max(write_to_idle + 2, write_to_precharge + t.RPPB)),
        ("SREFEN", "PRE", "rank", t.RPPB),
        ("SREFEN", "PREA", "rank", t.RPAB),
        ("SREFEN", "PDXP", "rank", t.XP),
        ("SREFEN", "REFab", "rank", t.RFCAB),
        ("SREFEN", "SREFEX", "rank", t.XSR),
        ("SREFEX", "SREFEN", "rank", t.SR),
    ]


def hbm2_rules(t: Timing) -> list[Rule]:
    write_to_precharge = t.WL + t.BURST + t.WR
    read_to_idle = t.RL + t.PL + t.BURST + 1
    write_to_idle = t.WL + t.PL + t.BURST + 1 + t.WR
    return [
        ("RD RDA", "ACT", "bank", t.RCDRD + 1),
        ("WR WRA", "ACT", "bank", t.RCDWR + 1),
        ("RD RDA", "RD RDA", "group", t.CCDL),
        ("RD RDA", "RD RDA", "rank", t.CCDS),
        ("RD RDA", "WR WRA", "group", t.WL + t.BURST + t.WTRL),
        ("RD RDA", "WR WRA", "rank", t.WL + t.BURST + t.WTRS),
        ("RDA", "WR", "bank", write_to_precharge - t.RTP),
        ("WR WRA", "RD RDA", "rank", t.RTW),
        ("WR WRA", "WR WRA", "group", t.CCDL),
        ("WR WRA", "WR WRA", "rank", t.CCDS),
        ("RD RDA WR WRA", "PDXA", "any", t.XP),
        ("ACT", "ACT", "bank", t.RC),
        ("ACT", "ACT", "group", t.RRDL),
        ("ACT", "ACT", "rank", t.RRDS),
        ("ACT", "RDA", "bank", t.RTP + t.RP - 1),
        ("ACT", "WRA", "bank", write_to_precharge + t.RP - 1),
        ("ACT", "PRE", "bank", t.RP - 1),
        ("ACT", "PREA", "rank", t.RP - 1),
        ("ACT", "PDXA PDXP", "any", t.XP - 1),
        ("ACT", "SREFEX", "any", t.XS - 1),
        ("ACT", "REFab", "rank", t.RFC - 1),
        ("PRE", "ACT", "bank", t.RAS + 1),
        ("PRE", "RD", "bank", t.RTP),
        ("PRE", "WR", "bank", write_to_precharge),
        ("PREA", "ACT", "rank", t.RAS + 1),
        ("PREA", "RD RDA", "rank", t.RTP),
        ("PREA", "WR WRA", "rank", write_to_precharge),
        ("PRE PREA", "PDXA", "any", t.XP),
        ("REFab", "ACT", "rank", t.RC + 1),
        ("REFab", "RDA", "rank", t.RTP + t.RP),
        ("REFab", "WRA", "rank", write_to_precharge + t.RP),
        ("REFab", "PRE PREA", "rank", t.RP),
        ("REFab", "REFab", "rank", t.RFC),
        ("REFab", "PDXP", "any", t.XP),
        ("REFab", "SREFEX", "any", t.XS),
        ("PDEA", "RD RDA", "any", read_to_idle),
        ("PDEA", "WR WRA", "any", write_to_idle),
        ("PDEA", "PDXA", "any", t.CKE),
        ("PDEP", "RD RDA", "any", read_to_idle),
        ("PDEP", "WRA", "any", write_to_idle),
        ("PDEP", "PDXP", "any", t.CKE),
        ("PDEP", "SREFEX", "any", t.XS),
        ("PDXA", "PDEA", "any", t.CKE),
        ("PDXP", "PDEP", "any", t.CKE),
        ("SREFEN", "ACT", "any", t.RC + 1),
        ("SREFEN", "RDA", "any", max(t.RTP + t.RP, read_to_idle)),
        ("SREFEN", "WRA", "any", write_to_precharge + t.RP),
        ("SREFEN", "PRE PREA", "any", t.RP),
        ("SREFEN", "PDXP", "any", t.XP),
        ("SREFEN", "REFab", "any", t.RFC),
        ("SREFEN", "SREFEX", "any", t.XS),
        ("SREFEX", "SREFEN", "any", t.CKE + 1),
    ]


RULES = {
    "DDR3": ddr3_rules,
    "DDR4": ddr4_rules,
    "DDR5": ddr5_rules,
    "LPDDR4": lpddr4_rules,
    "LPDDR5": lpddr5_rules,
    "HBM2": hbm2_rules,
    "GDDR6": gddr6_rules,
}
