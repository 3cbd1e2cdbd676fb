"""Issuing a command: its effect on banks, rank, queues, account and log."""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.accounting import (
    account_activate,
    account_close,
    account_entry,
    account_refresh,
    account_self_refresh,
    account_wake,
    count_command,
)
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.frontend import respond
from archgym.cost_models.dram.engine.managers import fell_asleep, refreshed, woke_up
from archgym.cost_models.dram.engine.queues import count_hits, propose, propose_afresh, remove
from archgym.cost_models.dram.engine.timing import (
    constrain_bank,
    constrain_rank,
    constrain_window,
    occupy_bus,
)


@helper
def write_log(
    c: int, now: int, r: int, b: int, row: int, q: int, log: NDArray, channel: NDArray
) -> None:
    """Append a command to the log."""
    n = channel[S.N_LOGGED]
    channel[S.N_LOGGED] = n + 1
    log[n, 0], log[n, 1], log[n, 2] = now, c, r
    log[n, 3], log[n, 4], log[n, 5] = b, row, q


@inlined
def activate(
    b: int,
    r: int,
    now: int,
    bank: NDArray,
    rank: NDArray,
    link: NDArray,
    burst: NDArray,
    counts: NDArray,
    command: NDArray,
    memory: NDArray,
) -> None:
    """Open the row of the bank's current burst."""
    row = burst[bank[b, S.PICK], S.BURST_ROW]
    constrain_window(r, now, rank, command, memory)
    account_activate(r, now, rank, counts)
    rank[r, S.OPEN_BANKS] += 1
    bank[b, S.OPEN_ROW] = row
    bank[b, S.ACTIVATED_AT] = now
    bank[b, S.HITS] = count_hits(b, row, bank, link, burst)


@inlined
def close_bank(b: int, r: int, time: int, bank: NDArray, rank: NDArray, counts: NDArray) -> None:
    """Close a bank whose precharge takes effect, for the energy account, at ``time``."""
    rank[r, S.OPEN_BANKS] -= 1
    account_close(r, time, 1, rank, counts)
    bank[b, S.OPEN_ROW] = S.NONE
    bank[b, S.HITS] = 0


@inlined
def leave_queue(
    b: int,
    r: int,
    bank: NDArray,
    rank: NDArray,
    channel: NDArray,
    active: NDArray,
    link: NDArray,
    burst: NDArray,
) -> None:
    """Take the current burst of bank ``b`` out of the scheduler."""
    i = bank[b, S.PICK]
    remove(b, i, bank, link, active, channel)
    bank[b, S.HITS] -= 1
    rank[r, S.QUEUED] -= 1
    channel[S.N_QUEUED] -= 1
    channel[S.N_QUEUED_WRITES] -= burst[i, S.BURST_WRITE]
    channel[S.NEXT_COLUMN] += 1
    channel[S.REFRESHES_SINCE_COLUMN] = 0
    channel[S.TURNED] = channel[S.LAST_WRITE] != burst[i, S.BURST_WRITE]
    channel[S.LAST_WRITE] = burst[i, S.BURST_WRITE]


@inlined
def issue_bank_command(
    now: int,
    owner: NDArray,
    bursts_left: NDArray,
    bank: NDArray,
    group: NDArray,
    rank: NDArray,
    channel: NDArray,
    active: NDArray,
    link: NDArray,
    burst: NDArray,
    latency: NDArray,
    ready_at: NDArray,
    delivered: NDArray,
    counts: NDArray,
    log: NDArray,
    gaps: NDArray,
    command: NDArray,
    design: NDArray,
    memory: NDArray,
) -> None:
    """Issue the candidate, a command of one bank."""
    b, c = channel[S.CANDIDATE_BANK], channel[S.CANDIDATE_COMMAND]
    r, i = bank[b, S.RANK_OF], bank[b, S.PICK]
    occupy_bus(c, now, channel, command)
    constrain_bank(b, c, now, gaps, bank, group)
    constrain_rank(r, c, now, gaps, rank, memory)
    count_command(r, c, now, rank, counts)
    if len(log) > 0:
        row = bank[b, S.OPEN_ROW] if c == S.PRE else burst[i, S.BURST_ROW]
        write_log(c, now, r, b, row, owner[i] if len(owner) > 0 else i, log, channel)
    search_from = S.NONE
    if c == S.ACT:
        activate(b, r, now, bank, rank, link, burst, counts, command, memory)
        search_from = i
    elif c == S.PRE:
        close_bank(b, r, now, bank, rank, counts)
    else:
        search_from = link[i, S.NEXT]
        leave_queue(b, r, bank, rank, channel, active, link, burst)
        if c == S.RDA or c == S.WRA:
            in_row = bank[b, S.ACTIVATED_AT] + memory[S.RAS]
            close_bank(
                b, r, max(now + command[c, S.AUTO_PRECHARGE], in_row), bank, rank, counts
            )
        respond(
            i, now + command[c, S.DATA_END], owner, bursts_left, latency, ready_at, delivered,
            channel, design,
        )
        if design[S.SCHEDULER] == S.FR_FCFS_GRP:
            search_from = bank[b, S.HEAD]
            choose_again(bank, channel, active, link, burst, design)
    propose(b, search_from, bank, link, burst, channel, design)


@helper
def choose_again(
    bank: NDArray,
    channel: NDArray,
    active: NDArray,
    link: NDArray,
    burst: NDArray,
    design: NDArray,
) -> None:
    """Re-evaluate bank machines whose grouped choice depends on what was just served."""
    if channel[S.TURNED]:
        for slot in range(channel[S.N_ACTIVE]):
            b = active[slot]
            if bank[b, S.HITS] > 1:
                propose_afresh(b, bank, link, burst, channel, design)
    elif design[S.COMMAND_MUX] == S.STRICT and channel[S.N_QUEUED] > 0:
        b = burst[channel[S.NEXT_COLUMN], S.BURST_BANK]
        propose_afresh(b, bank, link, burst, channel, design)


@helper
def issue_rank_command(
    now: int,
    bank: NDArray,
    rank: NDArray,
    channel: NDArray,
    link: NDArray,
    burst: NDArray,
    counts: NDArray,
    log: NDArray,
    gaps: NDArray,
    command: NDArray,
    design: NDArray,
    memory: NDArray,
) -> None:
    """Issue the candidate, a command of a whole rank."""
    r, c = channel[S.CANDIDATE_RANK], channel[S.CANDIDATE_COMMAND]
    occupy_bus(c, now, channel, command)
    constrain_rank(r, c, now, gaps, rank, memory)
    if len(log) > 0:
        write_log(c, now, r, S.NONE, S.NONE, S.NONE, log, channel)
    if c == S.PREA:
        precharge_all(r, now, bank, rank, channel, link, burst, counts, design, memory)
    elif c == S.REFAB:
        channel[S.REFRESHES_SINCE_COLUMN] += 1
        account_refresh(r, now, rank, counts, memory)
        refreshed(r, now, rank, design, memory)
    elif c == S.PDXA or c == S.PDXP:
        account_wake(r, c, now, rank, counts)
        woke_up(r, c, rank)
    elif c == S.SREFEX:
        account_self_refresh(r, now, rank, counts, memory)
        woke_up(r, c, rank)
    else:
        account_entry(r, now, rank, counts)
        fell_asleep(r, c, rank)
    count_command(r, c, now, rank, counts)


@inlined
def precharge_all(
    r: int,
    now: int,
    bank: NDArray,
    rank: NDArray,
    channel: NDArray,
    link: NDArray,
    burst: NDArray,
    counts: NDArray,
    design: NDArray,
    memory: NDArray,
) -> None:
    """Close all banks of a rank."""
    account_close(r, now, rank[r, S.OPEN_BANKS], rank, counts)
    rank[r, S.OPEN_BANKS] = 0
    for b in range(r * memory[S.BANKS_PER_RANK], (r + 1) * memory[S.BANKS_PER_RANK]):
        bank[b, S.OPEN_ROW] = S.NONE
        bank[b, S.HITS] = 0
        propose_afresh(b, bank, link, burst, channel, design)
