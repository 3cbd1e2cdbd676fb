"""Schedulers with separate read and write queues: GrpFrFcfs and GrpFrFcfsWm of DRAMSys v5.0.

Both queues of a bank are one list here, in acceptance order; each choice looks at one direction.
"""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined


@inlined
def update_mode(s: Run) -> None:
    """Let the watermarks switch between serving reads and serving writes."""
    writes = s.channel[S.N_QUEUED_WRITES]
    reads = s.channel[S.N_QUEUED] - writes
    if s.channel[S.WRITE_MODE]:
        switch = writes <= s.design[S.LOW_WATERMARK] and reads > 0
    else:
        switch = writes > s.design[S.HIGH_WATERMARK] or reads == 0
    if switch:
        s.channel[S.WRITE_MODE] = 1 - s.channel[S.WRITE_MODE]
        s.channel[S.MODE_CHANGED] = 1


@helper
def survey(b: int, write: int, s: Run) -> tuple[int, int, int, int]:
    """Look through one direction's queue of bank ``b``.

    Returns its first burst and its first row hit (NONE if there is none), its length and its
    number of row hits.
    """
    row = s.bank[b, S.OPEN_ROW]
    first, hit, count, hits = S.NONE, S.NONE, 0, 0
    i = s.bank[b, S.HEAD]
    while i != S.NONE:
        if s.burst[i, S.BURST_WRITE] == write:
            count += 1
            if first == S.NONE:
                first = i
            if row != S.NONE and s.burst[i, S.BURST_ROW] == row:
                hits += 1
                if hit == S.NONE:
                    hit = i
        i = s.link[i, S.NEXT]
    return first, hit, count, hits


@helper
def choose_grouped(b: int, s: Run) -> int:
    """Return the scheduler's choice for bank ``b``, NONE where its queue is empty or not visible.

    In strict order the burst whose turn it is goes first: in a queue that is passed over or not
    visible it would never be served, and the run would never end.
    """
    turn = s.channel[S.NEXT_COLUMN]
    strict = s.design[S.COMMAND_MUX] == S.STRICT
    if strict and turn <= s.bank[b, S.TAIL] and s.burst[turn, S.BURST_BANK] == b:
        return int(turn)
    if s.design[S.SCHEDULER] == S.GRP_FR_FCFS_WM:
        first, hit, _, hits = survey(b, s.channel[S.WRITE_MODE], s)
    else:
        first, hit, count, hits = survey(b, s.channel[S.LAST_WRITE], s)
        if count == 0:
            first, hit, _, hits = survey(b, 1 - s.channel[S.LAST_WRITE], s)
    return int(hit if hits > 0 else first)


@inlined
def closes_row_grouped(b: int, pick: int, s: Run) -> bool:
    """Return whether the page policy wants auto-precharge; it counts one direction only."""
    policy = s.design[S.PAGE_POLICY]
    if policy == S.OPEN or policy == S.CLOSED:
        return bool(policy == S.CLOSED)
    write = s.burst[pick, S.BURST_WRITE]
    if s.design[S.SCHEDULER] == S.GRP_FR_FCFS_WM:
        write = s.channel[S.WRITE_MODE]
    _, _, count, hits = survey(b, write, s)
    if policy == S.OPEN_ADAPTIVE:
        return bool(count >= 2 and hits < 2)
    return bool(hits < 2)


@helper
def propose_grouped(b: int, s: Run) -> None:
    """Let the bank machine of bank ``b`` choose its burst and its next command.

    From an activation to the access that it was meant for only another hit may take its place. A
    machine that is blocked, asleep or sees no queue keeps its burst but proposes nothing.
    """
    r = s.bank[b, S.RANK_OF]
    s.bank[b, S.PROPOSAL] = S.NO_COMMAND
    if s.bank[b, S.COUNT] == 0:
        s.bank[b, S.PICK] = S.NONE
        return
    if s.rank[r, S.BLOCKED] or s.rank[r, S.SLEEPING] or s.bank[b, S.BLOCKED_BANK]:
        return
    choice, row = choose_grouped(b, s), s.bank[b, S.OPEN_ROW]
    if choice == S.NONE:
        return
    free = s.bank[b, S.COMMITTED] == 0 or choice == s.channel[S.FORCED]
    if free or s.burst[choice, S.BURST_ROW] == row:
        s.bank[b, S.PICK] = choice
    pick = s.bank[b, S.PICK]
    if row == S.NONE:
        s.bank[b, S.PROPOSAL] = S.ACT
    elif s.burst[pick, S.BURST_ROW] != row:
        s.bank[b, S.PROPOSAL] = S.PRE
    else:
        closing = closes_row_grouped(b, pick, s)
        s.bank[b, S.PROPOSAL] = S.RD + 2 * s.burst[pick, S.BURST_WRITE] + closing


@helper
def propose_all(s: Run) -> None:
    """Let all bank machines with queued bursts choose again: the direction has changed."""
    s.channel[S.MODE_CHANGED] = 0
    for slot in range(s.channel[S.N_ACTIVE]):
        propose_grouped(s.active[slot], s)
