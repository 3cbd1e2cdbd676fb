"""Counting for the energy account: commands, and cycles of each rank by power state.

A rank is active from its first activation until its last bank is precharged, by a command or by
an auto-precharge that takes effect later. Source: DRAMPower 4 (commit 9e64a1b), whose account
DRAMSys v5.0 prints.
"""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined


@inlined
def count_command(r: int, c: int, now: int, s: Run) -> None:
    """Count a command and remember it as the last one of its rank."""
    s.counts[r, c] += 1
    s.rank[r, S.LAST_TIME] = now
    s.rank[r, S.LAST_COMMAND] = c


@helper
def settle(r: int, now: int, s: Run) -> None:
    """Book the cycles up to ``now`` of a rank whose banks are all closed."""
    closed = s.rank[r, S.CLOSED_AT]
    s.counts[r, S.ACTIVE_CYCLES] += max(0, closed - s.rank[r, S.ACTIVE_SINCE])
    s.counts[r, S.PRECHARGED_CYCLES] += max(0, now - closed)


@inlined
def account_activate(r: int, now: int, s: Run) -> None:
    """Start an active interval unless one is going on."""
    if s.rank[r, S.OPEN_BANKS] == 0 and s.rank[r, S.CLOSED_AT] <= now:
        settle(r, now, s)
        s.rank[r, S.CLOSED_BEFORE] = s.rank[r, S.CLOSED_AT]
        s.rank[r, S.ACTIVE_SINCE] = now


@inlined
def account_close(r: int, time: int, banks: int, s: Run) -> None:
    """Book banks that become precharged at ``time``."""
    s.counts[r, S.PRECHARGED_BANKS] += banks
    s.rank[r, S.CLOSED_AT] = max(s.rank[r, S.CLOSED_AT], time)


@helper
def account_set_refresh(r: int, now: int, s: Run) -> None:
    """Count the rank as active while some of its banks are refreshed."""
    account_activate(r, now, s)
    busy_until = now + s.refresh[s.design[S.REFRESH_POLICY], S.SET_ACTIVE]
    s.rank[r, S.CLOSED_AT] = max(s.rank[r, S.CLOSED_AT], busy_until)


@helper
def account_refresh(r: int, now: int, s: Run) -> None:
    """Book the active part of a refresh; precharged standby resumes after it."""
    settle(r, now, s)
    s.counts[r, S.ACTIVE_CYCLES] += s.memory[S.REFRESH_ACTIVE]
    resume_precharged(r, now + s.memory[S.REFRESH_ACTIVE], s)


@inlined
def resume_precharged(r: int, now: int, s: Run) -> None:
    """Let precharged standby count from ``now`` on."""
    s.rank[r, S.CLOSED_AT] = now
    s.rank[r, S.ACTIVE_SINCE] = now


@helper
def account_entry(r: int, now: int, s: Run) -> None:
    """Book the standby before a power-down or self-refresh entry.

    When the entry overtakes an auto-precharge, DRAMPower books the time since the previous
    precharged state twice; so do we.
    """
    if s.rank[r, S.OPEN_BANKS] > 0:
        s.counts[r, S.ACTIVE_CYCLES] += now - s.rank[r, S.ACTIVE_SINCE]
    elif s.rank[r, S.CLOSED_AT] > now and s.rank[r, S.ACTIVE_SINCE] < now:
        settle(r, now, s)
        s.counts[r, S.PRECHARGED_CYCLES] += now - s.rank[r, S.CLOSED_BEFORE]
    else:
        settle(r, now, s)
    s.rank[r, S.DOWN_SINCE] = now


@helper
def account_wake(r: int, c: int, now: int, s: Run) -> None:
    """Book the cycles in power-down that ends with PDXA or PDXP."""
    slept = now - s.rank[r, S.DOWN_SINCE]
    if c == S.PDXA:
        s.counts[r, S.ACTIVE_DOWN_CYCLES] += slept
        s.rank[r, S.ACTIVE_SINCE] = now
    else:
        s.counts[r, S.PRECHARGED_DOWN_CYCLES] += slept
        resume_precharged(r, now, s)


@helper
def account_self_refresh(r: int, now: int, s: Run) -> None:
    """Book a self-refresh that ends at ``now``, with the refresh that starts it."""
    slept = now - s.rank[r, S.DOWN_SINCE]
    cycle, busy = s.memory[S.REFRESH_CYCLE], s.memory[S.REFRESH_ACTIVE]
    closing = cycle - busy
    s.counts[r, S.ASLEEP_CYCLES] += slept
    s.counts[r, S.SELF_REFRESH_ENTRY_CYCLES] += cycle
    s.counts[r, S.SELF_REFRESH_CYCLES] += max(0, slept - cycle)
    s.counts[r, S.SELF_REFRESH_ACTIVE_CYCLES] += min(slept, busy)
    s.counts[r, S.SELF_REFRESH_PRECHARGED_CYCLES] += min(max(0, slept - busy), closing)
    s.counts[r, S.ACTIVE_CYCLES] += max(0, busy - slept)
    s.counts[r, S.PRECHARGED_CYCLES] += min(closing, max(0, cycle - slept))
    resume_precharged(r, now + max(0, cycle - slept), s)


@helper
def account_end(r: int, s: Run) -> None:
    """Book the interval up to the completion of the last command or auto-precharge of the rank."""
    last, completion = s.rank[r, S.LAST_TIME], s.command[s.rank[r, S.LAST_COMMAND], S.COMPLETION]
    if s.rank[r, S.CLOSING_UNTIL] > last:
        last, completion = s.rank[r, S.CLOSING_UNTIL], s.command[S.PRE, S.COMPLETION]
    end = last + completion - 1
    slept = max(0, end - s.rank[r, S.DOWN_SINCE])
    state = s.rank[r, S.POWER_STATE]
    if state == S.ACTIVE_POWER_DOWN:
        s.counts[r, S.ACTIVE_DOWN_CYCLES] += slept
    elif state == S.PRECHARGE_POWER_DOWN:
        s.counts[r, S.PRECHARGED_DOWN_CYCLES] += slept
    elif state != S.AWAKE:
        return
    elif s.rank[r, S.OPEN_BANKS] > 0:
        s.counts[r, S.ACTIVE_CYCLES] += max(0, end - s.rank[r, S.ACTIVE_SINCE])
    else:
        s.rank[r, S.CLOSED_AT] = min(s.rank[r, S.CLOSED_AT], end)
        settle(r, end, s)
