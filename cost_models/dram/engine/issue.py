"""Issuing a command: its effect on banks, rank, queues, account and log."""

from __future__ import annotations

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
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.frontend import respond
from archgym.cost_models.dram.engine.grouped import propose_all, update_mode
from archgym.cost_models.dram.engine.issue_refresh import close_bank, issue_set_command
from archgym.cost_models.dram.engine.managers import fell_asleep, refreshed, woke_up
from archgym.cost_models.dram.engine.queues import count_hits, propose, propose_afresh, remove
from archgym.cost_models.dram.engine.timing import (
    constrain_bank,
    constrain_rank,
    constrain_window,
    occupy_bus,
)


@helper
def write_log(c: int, now: int, r: int, b: int, row: int, q: int, s: Run) -> None:
    """Append a command to the log."""
    n = s.channel[S.N_LOGGED]
    s.channel[S.N_LOGGED] = n + 1
    s.log[n, 0], s.log[n, 1], s.log[n, 2] = now, c, r
    s.log[n, 3], s.log[n, 4], s.log[n, 5] = b, row, q


@inlined
def activate(b: int, r: int, now: int, s: Run) -> None:
    """Open the row of the bank's current burst."""
    row = s.burst[s.bank[b, S.PICK], S.BURST_ROW]
    constrain_window(r, S.ACT, now, s)
    account_activate(r, now, s)
    s.rank[r, S.OPEN_BANKS] += 1
    s.bank[b, S.OPEN_ROW] = row
    s.bank[b, S.ACTIVATED_AT] = now
    s.bank[b, S.COMMITTED] = 1
    s.bank[b, S.HITS] = count_hits(b, row, s)


@inlined
def leave_queue(b: int, r: int, s: Run) -> None:
    """Take the current burst of bank ``b`` out of the scheduler."""
    i = s.bank[b, S.PICK]
    remove(b, i, s)
    s.bank[b, S.HITS] -= 1
    s.bank[b, S.COMMITTED] = 0
    s.bank[b, S.PICK] = S.NONE
    s.rank[r, S.QUEUED] -= 1
    s.channel[S.N_QUEUED] -= 1
    s.channel[S.N_QUEUED_WRITES] -= s.burst[i, S.BURST_WRITE]
    s.channel[S.NEXT_COLUMN] += 1
    s.channel[S.REFRESHES_SINCE_COLUMN] = 0
    s.channel[S.TURNED] = s.channel[S.LAST_WRITE] != s.burst[i, S.BURST_WRITE]
    s.channel[S.LAST_WRITE] = s.burst[i, S.BURST_WRITE]
    if s.design[S.SCHEDULER] == S.GRP_FR_FCFS_WM:
        update_mode(s)


@inlined
def issue_bank_command(now: int, s: Run) -> None:
    """Issue the candidate, a command of one bank."""
    b, c = s.channel[S.CANDIDATE_BANK], s.channel[S.CANDIDATE_COMMAND]
    r, i = s.bank[b, S.RANK_OF], s.bank[b, S.PICK]
    occupy_bus(c, now, s)
    constrain_bank(b, c, now, s)
    constrain_rank(r, c, now, s)
    count_command(r, c, now, s)
    if len(s.log) > 0:
        row = s.bank[b, S.OPEN_ROW] if c == S.PRE else s.burst[i, S.BURST_ROW]
        write_log(c, now, r, b, row, s.owner[i] if len(s.owner) > 0 else i, s)
    search_from = S.NONE
    if c == S.ACT:
        activate(b, r, now, s)
        search_from = i
    elif c == S.PRE:
        close_bank(b, r, now, s)
    else:
        search_from = s.link[i, S.NEXT]
        leave_queue(b, r, s)
        if c == S.RDA or c == S.WRA:
            in_row = s.bank[b, S.ACTIVATED_AT] + s.memory[S.RAS]
            closed = max(now + s.command[c, S.AUTO_PRECHARGE], in_row)
            close_bank(b, r, closed, s)
            s.rank[r, S.CLOSING_UNTIL] = max(s.rank[r, S.CLOSING_UNTIL], closed)
        respond(i, now + s.command[c, S.DATA_END], s)
        if s.design[S.SCHEDULER] >= S.FR_FCFS_GRP:
            search_from = s.bank[b, S.HEAD]
            choose_again(s)
    propose(b, search_from, s)


@helper
def choose_again(s: Run) -> None:
    """Re-evaluate bank machines whose grouped choice depends on what was just served."""
    grouped = s.design[S.SCHEDULER] >= S.GRP_FR_FCFS
    if s.channel[S.MODE_CHANGED] or (grouped and s.channel[S.TURNED]):
        propose_all(s)
    elif s.channel[S.TURNED]:
        for slot in range(s.channel[S.N_ACTIVE]):
            b = s.active[slot]
            if s.bank[b, S.HITS] > 1:
                propose_afresh(b, s)
    elif s.design[S.COMMAND_MUX] == S.STRICT and s.channel[S.N_QUEUED] > 0:
        b = s.burst[s.channel[S.NEXT_COLUMN], S.BURST_BANK]
        propose_afresh(b, s)


@helper
def issue_rank_command(now: int, s: Run) -> None:
    """Issue the candidate, a command of a whole rank."""
    r, c = s.channel[S.CANDIDATE_RANK], s.channel[S.CANDIDATE_COMMAND]
    occupy_bus(c, now, s)
    constrain_rank(r, S.PRE if c == S.PRESB else c, now, s)
    to_set = c < S.N_BANK_COMMANDS or c == S.PRESB
    if len(s.log) > 0:
        b = s.rank[r, S.REFRESH_BANK] if to_set else S.NONE
        row = s.bank[b, S.OPEN_ROW] if c == S.PRE else S.NONE
        write_log(c, now, r, b, row, S.NONE, s)
    if to_set:
        issue_set_command(r, c, now, s)
    elif c == S.PREA:
        precharge_all(r, now, s)
    elif c == S.REFAB:
        s.channel[S.REFRESHES_SINCE_COLUMN] += 1
        account_refresh(r, now, s)
        refreshed(r, now, s)
    elif c == S.PDXA or c == S.PDXP:
        account_wake(r, c, now, s)
        woke_up(r, c, s)
    elif c == S.SREFEX:
        account_self_refresh(r, now, s)
        woke_up(r, c, s)
    else:
        account_entry(r, now, s)
        fell_asleep(r, c, s)
    count_command(r, c, now, s)


@inlined
def precharge_all(r: int, now: int, s: Run) -> None:
    """Close all banks of a rank."""
    account_close(r, now, s.rank[r, S.OPEN_BANKS], s)
    s.rank[r, S.OPEN_BANKS] = 0
    for b in range(r * s.memory[S.BANKS_PER_RANK], (r + 1) * s.memory[S.BANKS_PER_RANK]):
        s.bank[b, S.OPEN_ROW] = S.NONE
        s.bank[b, S.HITS] = 0
        s.bank[b, S.COMMITTED] = 0
        propose_afresh(b, s)
