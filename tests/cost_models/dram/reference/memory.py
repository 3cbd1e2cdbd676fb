"""A memory as the reference controller sees it: counts, timing, address bits."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

GROUP_STANDARDS = ("DDR4", "HBM2")


@dataclass(frozen=True)
class Location:
    """Where an address lives; ``bank`` counts over the whole channel."""

    rank: int
    group: int
    bank: int
    row: int


@dataclass(frozen=True)
class RefreshSets:
    """Banks of a rank that one command refreshes, set by set.

    ``first_of_round`` is the distance that the first refresh of a round keeps from the last one of
    the round before; ``is_activate`` says whether the refresh counts in the activation window.
    """

    command: str
    interval: int
    cycle: int
    precharge: int
    sets: list[list[int]]
    first_of_round: int = 0
    is_activate: bool = True

    @property
    def busy(self) -> int:
        """Cycles of a refresh that count as active (energy)."""
        return self.cycle - self.precharge


def refresh_sets(memory: Memory) -> dict[str, RefreshSets]:
    """The sets of each policy that refreshes some banks at a time."""
    t, banks = memory.timing, range(memory.banks_per_rank)
    single = [[bank] for bank in banks]
    if memory.standard == "LPDDR4":
        return {"per_bank": RefreshSets("REFpb", t.REFIPB, t.RFCPB, t.RPPB, single)}
    if memory.standard == "HBM2":
        alone = RefreshSets("REFsb", t.REFISB, t.RFCSB, t.RP, single, first_of_round=t.RFCSB)
        return {"per_bank": alone, "same_bank": alone}
    if memory.standard == "GDDR6":
        return {"per_bank": RefreshSets("REFpb", t.REFIPB, t.RFCPB, t.RP, single)}
    if memory.standard == "LPDDR5":
        half = memory.banks_per_rank // 2
        pairs = [[bank, bank + half] for bank in range(half)]
        return {"per_2_bank": RefreshSets("REFpb", t.REFIPB, t.RFCPB, t.RPPB, pairs)}
    if memory.standard == "DDR5":
        number = range(memory.banks_per_group)
        same = [[bank for bank in banks if bank % len(number) == k] for k in number]
        return {"same_bank": RefreshSets("REFsb", t.REFISB, t.RFCSB, t.RP, same)}
    return {}


class Memory:
    """Reads one entry of ``memories`` in the layout of the memory YAML files."""

    def __init__(self, entry: dict[str, Any]) -> None:
        organisation = entry["organisation"]
        self.standard: str = entry["memory_type"]
        self.power: dict[str, float] | None = entry["power"]
        self.clock_mhz: float = entry["clock_mhz"]
        self.devices: int = organisation["nbrOfDevices"]
        self.data_rate: int = organisation["dataRate"]
        self.burst_length: int = organisation["burstLength"]
        self.bytes_per_burst: int = self.burst_length * organisation["width"] * self.devices // 8
        # HBM2 pseudo-channels behave as ranks.
        self.ranks: int = organisation.get("nbrOfPseudoChannels") or organisation["nbrOfRanks"]
        self.groups_per_rank: int = organisation.get("nbrOfBankGroups", 1)
        self.banks_per_rank: int = organisation["nbrOfBanks"]
        self.banks_per_group: int = self.banks_per_rank // self.groups_per_rank
        self.period_ps: int = round(1e6 / self.clock_mhz)
        self.timing = SimpleNamespace(
            **entry["timing_cycles"], BURST=self.burst_length // self.data_rate
        )
        if self.standard == "LPDDR4":  # the names under which energy is reckoned
            self.timing.RFC, self.timing.RC = self.timing.RFCAB, self.timing.RCPB
            self.timing.RP = self.timing.RPPB
        self.refresh_sets: dict[str, RefreshSets] = refresh_sets(self)
        self.address_mappings: dict[str, dict[str, list[int]]] = entry["address_mappings"]

    @property
    def refresh_precharge(self) -> int:
        """Cycles at the end of a refresh in which all banks precharge."""
        return int(self.timing.RPAB if self.standard == "LPDDR4" else self.timing.RP)

    @property
    def banks(self) -> range:
        return range(self.ranks * self.banks_per_rank)

    def rank_of(self, bank: int) -> int:
        return bank // self.banks_per_rank

    def group_of(self, bank: int) -> int:
        """Global index of the bank's group."""
        return bank // self.banks_per_group

    def banks_of_rank(self, rank: int) -> range:
        return range(rank * self.banks_per_rank, (rank + 1) * self.banks_per_rank)

    def locate(self, address: int, mapping: str) -> Location:
        bits = self.address_mappings[mapping]

        def field(name: str) -> int:
            places = enumerate(bits.get(name, []))
            return sum((address >> position & 1) << place for place, position in places)

        rank = field("PSEUDOCHANNEL_BIT") if "PSEUDOCHANNEL_BIT" in bits else field("RANK_BIT")
        group = field("BANKGROUP_BIT") + self.groups_per_rank * rank
        bank = field("BANK_BIT") + self.banks_per_group * group
        return Location(rank, group, bank, field("ROW_BIT"))
