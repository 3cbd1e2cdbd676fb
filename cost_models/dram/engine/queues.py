"""The queue of each bank and the choice of its bank machine: scheduler and page policy.

Source of the semantics: DRAMSys v5.0 (bank machines and schedulers of its controller).
"""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.grouped import propose_grouped


@inlined
def append(b: int, i: int, s: Run) -> None:
    """Put burst ``i`` at the end of the queue of bank ``b``."""
    tail = s.bank[b, S.TAIL]
    s.link[i, S.PREVIOUS] = tail
    s.link[i, S.NEXT] = S.NONE
    if tail == S.NONE:
        s.bank[b, S.HEAD] = i
        s.bank[b, S.SLOT] = s.channel[S.N_ACTIVE]
        s.active[s.channel[S.N_ACTIVE]] = b
        s.channel[S.N_ACTIVE] += 1
    else:
        s.link[tail, S.NEXT] = i
    s.bank[b, S.TAIL] = i
    s.bank[b, S.COUNT] += 1


@inlined
def remove(b: int, i: int, s: Run) -> None:
    """Take burst ``i`` out of the queue of bank ``b``."""
    before, after = s.link[i, S.PREVIOUS], s.link[i, S.NEXT]
    if before == S.NONE:
        s.bank[b, S.HEAD] = after
    else:
        s.link[before, S.NEXT] = after
    if after == S.NONE:
        s.bank[b, S.TAIL] = before
    else:
        s.link[after, S.PREVIOUS] = before
    s.bank[b, S.COUNT] -= 1
    if s.bank[b, S.COUNT] == 0:
        slot = s.bank[b, S.SLOT]
        s.channel[S.N_ACTIVE] -= 1
        moved = s.active[s.channel[S.N_ACTIVE]]
        s.active[slot] = moved
        s.bank[moved, S.SLOT] = slot


@inlined
def count_hits(b: int, row: int, s: Run) -> int:
    """Return how many bursts queued at bank ``b`` lie in ``row``."""
    hits = 0
    i = s.bank[b, S.HEAD]
    while i != S.NONE:
        if s.burst[i, S.BURST_ROW] == row:
            hits += 1
        i = s.link[i, S.NEXT]
    return hits


@inlined
def next_hit(i: int, row: int, s: Run) -> int:
    """Return the first burst from ``i`` on that lies in ``row``; there must be one."""
    while s.burst[i, S.BURST_ROW] != row:
        i = s.link[i, S.NEXT]
    return i


@helper
def grouped_hit(first: int, row: int, write: int, s: Run) -> int:
    """Return the oldest row hit of one direction that no older hit to its address precedes.

    ``first`` is the oldest hit, which is returned when there is no such burst.
    """
    i = first
    while i != S.NONE:
        if s.burst[i, S.BURST_ROW] == row and s.burst[i, S.BURST_WRITE] == write:
            older = first
            while older != i and s.burst[older, S.BURST_LINE] != s.burst[i, S.BURST_LINE]:
                older = s.link[older, S.NEXT]
            if older == i:
                return i
        i = s.link[i, S.NEXT]
    return first


@inlined
def has_further_hit(b: int, row: int, s: Run) -> bool:
    """Return whether a second queued burst hits the open row of bank ``b``."""
    if s.design[S.SCHEDULER] == S.FIFO:
        second = s.link[s.bank[b, S.HEAD], S.NEXT]
        return bool(second != S.NONE and s.burst[second, S.BURST_ROW] == row)
    return bool(s.bank[b, S.HITS] >= 2)


@inlined
def closes_row(b: int, row: int, s: Run) -> bool:
    """Return whether the page policy wants auto-precharge with the next column command."""
    policy = s.design[S.PAGE_POLICY]
    if policy == S.OPEN:
        return False
    if policy == S.CLOSED:
        return True
    further_hit = has_further_hit(b, row, s)
    if policy == S.OPEN_ADAPTIVE:
        return s.bank[b, S.COUNT] >= 2 and not further_hit
    return not further_hit


@inlined
def schedule(b: int, oldest_hit: int, s: Run) -> int:
    """Return the scheduler's choice for the open bank ``b``, whose oldest row hit is given.

    In strict order a grouped scheduler would starve the burst whose turn it is behind younger
    hits of the other direction, and the run would never end; that burst is taken instead.
    """
    if s.design[S.SCHEDULER] == S.FIFO or s.bank[b, S.HITS] == 0:
        return int(s.bank[b, S.HEAD])
    if s.design[S.SCHEDULER] == S.FR_FCFS or s.bank[b, S.HITS] == 1:
        return oldest_hit
    if s.design[S.COMMAND_MUX] == S.STRICT and oldest_hit == s.channel[S.NEXT_COLUMN]:
        return oldest_hit
    return grouped_hit(oldest_hit, s.bank[b, S.OPEN_ROW], s.channel[S.LAST_WRITE], s)


@inlined
def propose(b: int, search_from: int, s: Run) -> None:
    """Let the bank machine of bank ``b`` choose its burst and its next command.

    ``search_from`` is a queued burst with no row hit before it (NONE if nothing is queued).
    """
    if s.design[S.SCHEDULER] >= S.GRP_FR_FCFS:
        propose_grouped(b, s)
        return
    if s.bank[b, S.COUNT] == 0:
        s.bank[b, S.PICK] = S.NONE
        s.bank[b, S.PROPOSAL] = S.NO_COMMAND
        return
    if s.design[S.REFRESH_POLICY] > S.ALL_BANK and s.bank[b, S.BLOCKED_BANK]:
        s.bank[b, S.PICK] = s.bank[b, S.HEAD]
        s.bank[b, S.PROPOSAL] = S.NO_COMMAND
        return
    row = s.bank[b, S.OPEN_ROW]
    if row == S.NONE:
        s.bank[b, S.PICK] = s.bank[b, S.HEAD]
        s.bank[b, S.PROPOSAL] = S.ACT
        return
    hit = S.NONE
    if s.bank[b, S.HITS] > 0 and s.design[S.SCHEDULER] != S.FIFO:
        hit = next_hit(search_from, row, s)
    pick = schedule(b, hit, s)
    s.bank[b, S.PICK] = pick
    if s.burst[pick, S.BURST_ROW] != row:
        s.bank[b, S.PROPOSAL] = S.PRE
    else:
        closing = closes_row(b, row, s)
        s.bank[b, S.PROPOSAL] = S.RD + 2 * s.burst[pick, S.BURST_WRITE] + closing


@helper
def propose_afresh(b: int, s: Run) -> None:
    """``propose`` for the rarer events that change many banks."""
    propose(b, s.bank[b, S.HEAD], s)


@helper
def propose_rank(r: int, s: Run) -> None:
    """Let all bank machines of a rank choose again after they were asleep or blocked."""
    for b in range(r * s.memory[S.BANKS_PER_RANK], (r + 1) * s.memory[S.BANKS_PER_RANK]):
        propose_afresh(b, s)
