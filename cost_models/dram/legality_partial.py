"""What the JEDEC standards demand of refreshes that reach some banks of a rank at a time.

Sources: JESD209-4 and -5 (REFpb of one bank, of a pair), JESD235 (REFSB of a single bank),
JESD79-5 (REFsb of the bank of one number in every group), JESD250 (REFpb). Written apart from the
rules that the simulator uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.legality_log import LoggedCommand, Violation
from archgym.cost_models.dram.legality_rules import Distance
from archgym.cost_models.dram.memory import MemorySpec

C = Command
PARTIAL_REFRESHES = frozenset({C.REFPB, C.REFSB})
SET_COMMANDS = PARTIAL_REFRESHES | {C.PRESB}


@dataclass(frozen=True)
class PartialRefresh:
    """One refresh of some banks.

    Attributes:
        command: REFPB or REFSB.
        banks: Offsets, from its first bank, of the banks that it reaches.
        n_sets: Refreshes after which every bank of a rank had its turn.
        interval: Cycles between such refreshes of a rank, on average.
        cycle: Until the banks may be opened again (tRFCpb, tRFCsb).
        to_activate: To an activation of another bank.
        from_activate: From an activation of another bank.
        to_refresh: To a refresh of other banks.
    """

    command: Command
    banks: tuple[int, ...]
    n_sets: int
    interval: int
    cycle: int
    to_activate: int
    from_activate: int
    to_refresh: int

    def distances(self) -> tuple[Distance, ...]:
        """Return the rules of the form "command B no sooner than n cycles after command A"."""
        refresh, act = frozenset({self.command}), frozenset({C.ACT})
        whole_rank = frozenset({C.REFAB, C.SREFEN, C.PREA})
        return (
            Distance("tRFCpb", refresh, act | refresh, "bank", self.cycle),
            Distance("tRFCpb", refresh, whole_rank, "rank", self.cycle),
            Distance("tREFpb_ACT", refresh, act, "rank", self.to_activate),
            Distance("tACT_REFpb", act, refresh, "rank", self.from_activate),
            Distance("tREFpb_REFpb", refresh, refresh, "rank", self.to_refresh),
        )


def partial_refresh(memory: MemorySpec) -> PartialRefresh | None:
    """Return what a memory's standard says of such refreshes; None where it has none."""
    t, banks = memory.timing, memory.banks
    offsets: tuple[int, ...]
    if memory.standard.name == "LPDDR4":
        return PartialRefresh(
            C.REFPB, (0,), banks, t["REFIPB"], t["RFCPB"], t["RRD"], t["RRD"], t["RFCPB"]
        )
    if memory.standard.name == "LPDDR5":
        offsets = (0, banks // 2)
        return PartialRefresh(
            C.REFPB,
            offsets,
            banks // 2,
            t["REFIPB"],
            t["RFCPB"],
            t["PBR2ACT"],
            t["RRD"],
            t["PBR2PBR"],
        )
    if memory.standard.name == "GDDR6":
        return PartialRefresh(
            C.REFPB, (0,), banks, t["REFIPB"], t["RFCPB"], t["RREFD"], t["RRDS"], t["RREFD"]
        )
    if memory.standard.name == "HBM2":
        return PartialRefresh(
            C.REFSB, (0,), banks, t["REFISB"], t["RFCSB"], t["RREFD"], t["RRDS"], t["RREFD"]
        )
    if memory.standard.name == "DDR5":
        per_group = banks // memory.groups
        offsets = tuple(range(0, banks, per_group))
        return PartialRefresh(
            C.REFSB,
            offsets,
            per_group,
            t["REFISB"],
            t["RFCSB"],
            t["REFSBRD"],
            t["RRD_L"],
            t["RFCSB"],
        )
    return None


def bank_by_bank(command: LoggedCommand, partial: PartialRefresh | None) -> list[LoggedCommand]:
    """Return what a command means to each bank that it reaches."""
    if partial is None or command.command not in SET_COMMANDS:
        return [command]
    meaning = C.PRE if command.command is C.PRESB else command.command
    return [
        replace(command, command=meaning, bank=command.bank + offset) for offset in partial.banks
    ]


class RoundMonitor:
    """No bank of a rank is refreshed again before all others had their turn."""

    def __init__(self, partial: PartialRefresh) -> None:
        self.partial = partial
        self.refreshed: set[int] = set()

    def step(self, command: LoggedCommand) -> Iterator[Violation]:
        """Yield a violation if a set of banks comes again too soon."""
        if command.command is C.REFAB:
            self.refreshed.clear()
        if command.command not in PARTIAL_REFRESHES:
            return
        if command.bank in self.refreshed:
            yield Violation("refresh_round", command)
        self.refreshed.add(command.bank)
        if len(self.refreshed) == self.partial.n_sets:
            self.refreshed.clear()
