"""Energy of a command log, replayed the way DRAMPower does it (4.x line)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .controller import LoggedCommand
from .memory import Memory, RefreshSets

Entry = tuple[int, str, int | None]  # cycle, command, bank

REFRESHED = "refreshed"  # not a command: the active part of a refresh of some banks is over
WITHOUT_AUTO_PRECHARGE = {"RDA": "RD", "WRA": "WR"}
CURRENT_OF_STATE = {
    "active": "idd3n",
    "precharged": "idd2n",
    "active power-down": "idd3p0",
    "precharge power-down": "idd2p0",
    "self-refresh": "idd6",
}


@dataclass
class Account:
    """Event counts, and cycles per background state, of one rank."""

    counts: Counter[str] = field(default_factory=Counter)
    cycles: Counter[str] = field(default_factory=Counter)
    open_banks: set[int | None] = field(default_factory=set)
    sleep: str | None = None  # a state of CURRENT_OF_STATE, None while awake
    since: int = 0  # background is accounted up to here
    precharged_since: int = 0  # when the last stay in precharged standby began

    def advance(self, now: int) -> None:
        """Add the interval since the last change to the state that it was spent in."""
        interval = max(0, now - self.since)
        self.cycles[self.sleep or self._standby()] += interval
        if self.sleep == "precharge power-down" and self.open_banks:
            # DRAMPower closes the active interval at the late auto-precharge, asleep or not.
            self.cycles["active"] += interval
        self.since = max(now, self.since)

    def _standby(self) -> str:
        return "active" if self.open_banks else "precharged"

    def enter_precharge_power_down(self, now: int) -> None:
        """DRAMPower takes the rank for precharged since it last was, though a bank may be closing.

        So an entry before an auto-precharge completes charges those cycles a second time.
        """
        if self.open_banks:
            self.cycles["precharged"] += max(0, now - self.precharged_since)


def energy_pj(memory: Memory, log: list[LoggedCommand]) -> float:
    """Energy of all ranks and devices of the channel."""
    return sum(
        _price(memory, _replay(memory, [entry for entry in log if entry.rank == rank]))
        for rank in range(memory.ranks)
    )


def _replay(memory: Memory, log: list[LoggedCommand]) -> Account:
    account = Account()
    merged = merge_auto_precharges(memory, log)
    if not merged:
        return account
    last_time, last_command, _ = [entry for entry in merged if entry[1] != REFRESHED][-1]
    end = last_time + _completion(memory, last_command) - 1
    for entry in merged:
        if entry[1] != REFRESHED or entry[0] <= end:
            _apply(memory, account, entry)
    account.advance(end)
    return account


def merge_auto_precharges(memory: Memory, log: list[LoggedCommand]) -> list[Entry]:
    """All commands in time order, with a PRE where each auto-precharge takes effect."""
    t = memory.timing
    delay = _auto_precharge_delays(memory)
    merged: list[Entry] = []
    activated: dict[int | None, int] = {}
    for entry in log:
        command = WITHOUT_AUTO_PRECHARGE.get(entry.command, entry.command)
        merged.append((entry.cycle, command, entry.bank))
        if entry.command in ("REFpb", "REFsb"):
            merged.append((entry.cycle + _set_refresh(memory).busy, REFRESHED, entry.bank))
        if entry.command == "ACT":
            activated[entry.bank] = entry.cycle
        if entry.command in WITHOUT_AUTO_PRECHARGE:
            closed = max(entry.cycle + delay[entry.command], activated[entry.bank] + t.RAS)
            merged.append((closed, "PRE", entry.bank))
    return sorted(merged, key=lambda item: item[0])


def _set_refresh(memory: Memory) -> RefreshSets:
    return next(iter(memory.refresh_sets.values()))


def _auto_precharge_delays(memory: Memory) -> dict[str, int]:
    """Cycles from an access with auto-precharge to its internal precharge."""
    t = memory.timing
    if memory.standard == "LPDDR4":
        return {"RDA": t.BURST + max(0, t.RTP - 8), "WRA": t.WL + 1 + t.BURST + t.WR}
    return {"RDA": t.AL + t.RTP, "WRA": t.AL + t.WL + t.BURST + t.WR}


def _apply(memory: Memory, account: Account, entry: Entry) -> None:
    time, command, bank = entry
    if command == "SREFEX":
        _leave_self_refresh(memory, account, time)
        return
    account.advance(time)
    account.counts[command] += 1
    if command == "PDEP":
        account.enter_precharge_power_down(time)
    if command == "ACT":
        account.open_banks.add(bank)
    elif command in ("REFpb", "REFsb"):  # a bank that is refreshed is as active as an open one
        account.open_banks.add(_being_refreshed(bank))
    elif command == REFRESHED:
        account.open_banks.discard(_being_refreshed(bank))
        if not account.open_banks:
            account.precharged_since = time
    elif command == "PRE":
        account.counts["precharged banks"] += 1
        account.open_banks.discard(bank)
        if not account.open_banks:
            account.precharged_since = time
    elif command == "PREA":
        account.counts["precharged banks"] += len(account.open_banks)
        account.open_banks.clear()
        account.precharged_since = time
    elif command == "REFab":
        busy = memory.timing.RFC - memory.refresh_precharge
        account.cycles["active"] += busy
        account.since = account.precharged_since = time + busy
    elif command in ("PDEA", "PDEP", "SREFEN", "PDXA", "PDXP"):
        account.sleep = {
            "PDEA": "active power-down",
            "PDEP": "precharge power-down",
            "SREFEN": "self-refresh",
        }.get(command)
        account.since = time
        if command == "PDXP":
            account.precharged_since = time


def _being_refreshed(bank: int | None) -> int:
    assert bank is not None
    return -1 - bank


def _leave_self_refresh(memory: Memory, account: Account, time: int) -> None:
    """Self-refresh begins with one refresh, part of which may be left over at the exit."""
    entered, t = account.since, memory.timing
    precharging = entered + t.RFC - memory.refresh_precharge
    refreshed = entered + t.RFC
    phases = (
        ("active power-down", entered, min(time, precharging)),
        ("precharge power-down", precharging, min(time, refreshed)),
        ("self-refresh", refreshed, time),
        ("active", max(time, entered), precharging),
        ("precharged", max(time, precharging), refreshed),
    )
    for state, start, end in phases:
        account.cycles[state] += max(0, end - start)
    account.sleep = None
    account.since = account.precharged_since = max(time, refreshed)


def _completion(memory: Memory, command: str) -> int:
    t = memory.timing
    return int(
        {
            "RD": t.RL + t.DQSCK + 1 + t.BURST,
            "WR": t.WL + t.BURST + t.WR,
            "ACT": t.RCD,
            "PRE": t.RP,
            "PREA": t.RP,
        }.get(command, 0)
    )


def _price(memory: Memory, account: Account) -> float:
    """Sum over the supply rails; currents that are not given on the second rail are zero."""
    return sum(_price_of_rail(memory, account, rail) for rail in ("", "2"))


def _price_of_rail(memory: Memory, account: Account, rail: str) -> float:
    assert memory.power is not None
    power, t, counts = memory.power, memory.timing, account.counts

    def current(name: str) -> float:
        return power.get(name + rail) or 0.0

    milliampere_cycles: float = (
        (current("idd0") - current("idd3n")) * t.RAS * counts["ACT"]
        + (current("idd0") - current("idd2n")) * (t.RC - t.RAS) * counts["precharged banks"]
        + (current("idd4r") - current("idd3n")) * t.BURST * counts["RD"]
        + (current("idd4w") - current("idd3n")) * t.BURST * counts["WR"]
        + (current("idd5") - current("idd3n")) * t.RFC * (counts["REFab"] + counts["SREFEN"])
        + _charge_of_set_refreshes(memory, account, current("idd5pb") - current("idd3n"))
        + sum(current(CURRENT_OF_STATE[state]) * n for state, n in account.cycles.items())
    )
    period_ns = 1000 / memory.clock_mhz
    return milliampere_cycles * current("vdd") * period_ns * memory.devices


def _charge_of_set_refreshes(memory: Memory, account: Account, current: float) -> float:
    """In mA x cycles; a refresh of some banks draws ``current`` beyond the standby."""
    count = account.counts["REFpb"] + account.counts["REFsb"]
    return count * current * _set_refresh(memory).cycle if count else 0.0
