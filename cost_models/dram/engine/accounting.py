"""Counting for the energy account: commands, and cycles of each rank by power state.

A rank is active from its first activation until its last bank is precharged, by a command or by
an auto-precharge that takes effect later. Source: DRAMPower 4 (commit 9e64a1b), whose account
DRAMSys v5.0 prints.
"""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import helper, inlined


@inlined
def count_command(r: int, c: int, now: int, rank: NDArray, counts: NDArray) -> None:
    """Count a command and remember it as the last one of its rank."""
    counts[r, c] += 1
    rank[r, S.LAST_TIME] = now
    rank[r, S.LAST_COMMAND] = c


@helper
def settle(r: int, now: int, rank: NDArray, counts: NDArray) -> None:
    """Book the cycles up to ``now`` of a rank whose banks are all closed."""
    closed = rank[r, S.CLOSED_AT]
    counts[r, S.ACTIVE_CYCLES] += max(0, closed - rank[r, S.ACTIVE_SINCE])
    counts[r, S.PRECHARGED_CYCLES] += max(0, now - closed)


@inlined
def account_activate(r: int, now: int, rank: NDArray, counts: NDArray) -> None:
    """Start an active interval unless one is going on."""
    if rank[r, S.OPEN_BANKS] == 0 and rank[r, S.CLOSED_AT] <= now:
        settle(r, now, rank, counts)
        rank[r, S.CLOSED_BEFORE] = rank[r, S.CLOSED_AT]
        rank[r, S.ACTIVE_SINCE] = now


@inlined
def account_close(r: int, time: int, banks: int, rank: NDArray, counts: NDArray) -> None:
    """Book banks that become precharged at ``time``."""
    counts[r, S.PRECHARGED_BANKS] += banks
    rank[r, S.CLOSED_AT] = max(rank[r, S.CLOSED_AT], time)


@helper
def account_refresh(r: int, now: int, rank: NDArray, counts: NDArray, memory: NDArray) -> None:
    """Book the active part of a refresh; precharged standby resumes after it."""
    settle(r, now, rank, counts)
    counts[r, S.ACTIVE_CYCLES] += memory[S.REFRESH_ACTIVE]
    resume_precharged(r, now + memory[S.REFRESH_ACTIVE], rank)


@inlined
def resume_precharged(r: int, now: int, rank: NDArray) -> None:
    """Let precharged standby count from ``now`` on."""
    rank[r, S.CLOSED_AT] = now
    rank[r, S.ACTIVE_SINCE] = now


@helper
def account_entry(r: int, now: int, rank: NDArray, counts: NDArray) -> None:
    """Book the standby before a power-down or self-refresh entry.

    When the entry overtakes an auto-precharge, DRAMPower books the time since the previous
    precharged state twice; so do we.
    """
    if rank[r, S.OPEN_BANKS] > 0:
        counts[r, S.ACTIVE_CYCLES] += now - rank[r, S.ACTIVE_SINCE]
    elif rank[r, S.CLOSED_AT] > now and rank[r, S.ACTIVE_SINCE] < now:
        settle(r, now, rank, counts)
        counts[r, S.PRECHARGED_CYCLES] += now - rank[r, S.CLOSED_BEFORE]
    else:
        settle(r, now, rank, counts)
    rank[r, S.DOWN_SINCE] = now


@helper
def account_wake(r: int, c: int, now: int, rank: NDArray, counts: NDArray) -> None:
    """Book the cycles in power-down that ends with PDXA or PDXP."""
    slept = now - rank[r, S.DOWN_SINCE]
    if c == S.PDXA:
        counts[r, S.ACTIVE_DOWN_CYCLES] += slept
        rank[r, S.ACTIVE_SINCE] = now
    else:
        counts[r, S.PRECHARGED_DOWN_CYCLES] += slept
        resume_precharged(r, now, rank)


@helper
def account_self_refresh(
    r: int, now: int, rank: NDArray, counts: NDArray, memory: NDArray
) -> None:
    """Book a self-refresh that ends at ``now``, with the refresh that starts it."""
    slept = now - rank[r, S.DOWN_SINCE]
    cycle, active = memory[S.REFRESH_CYCLE], memory[S.REFRESH_ACTIVE]
    counts[r, S.ASLEEP_CYCLES] += slept
    counts[r, S.SELF_REFRESH_ENTRY_CYCLES] += cycle
    counts[r, S.SELF_REFRESH_CYCLES] += max(0, slept - cycle)
    counts[r, S.SELF_REFRESH_ACTIVE_CYCLES] += min(slept, active)
    counts[r, S.SELF_REFRESH_PRECHARGED_CYCLES] += min(max(0, slept - active), cycle - active)
    counts[r, S.ACTIVE_CYCLES] += max(0, active - slept)
    counts[r, S.PRECHARGED_CYCLES] += min(cycle - active, max(0, cycle - slept))
    resume_precharged(r, now + max(0, cycle - slept), rank)


@helper
def account_end(r: int, rank: NDArray, counts: NDArray, command: NDArray) -> None:
    """Book the interval up to the completion of the last command of the rank."""
    last, completion = rank[r, S.LAST_TIME], command[rank[r, S.LAST_COMMAND], S.COMPLETION]
    if rank[r, S.CLOSED_AT] > last and rank[r, S.LAST_COMMAND] != S.REFAB:
        last, completion = rank[r, S.CLOSED_AT], command[S.PRE, S.COMPLETION]
    end = last + completion - 1
    if rank[r, S.POWER_STATE] != S.AWAKE:
        return
    if rank[r, S.OPEN_BANKS] > 0:
        counts[r, S.ACTIVE_CYCLES] += max(0, end - rank[r, S.ACTIVE_SINCE])
    else:
        settle(r, end, rank, counts)
