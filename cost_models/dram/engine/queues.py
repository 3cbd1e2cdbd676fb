"""The queue of each bank and the choice of its bank machine: scheduler and page policy.

Source of the semantics: DRAMSys v5.0 (bank machines and schedulers of its controller).
"""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import helper, inlined


@inlined
def append(b: int, i: int, bank: NDArray, link: NDArray, active: NDArray, channel: NDArray) -> None:
    """Put burst ``i`` at the end of the queue of bank ``b``."""
    tail = bank[b, S.TAIL]
    link[i, S.PREVIOUS] = tail
    link[i, S.NEXT] = S.NONE
    if tail == S.NONE:
        bank[b, S.HEAD] = i
        bank[b, S.SLOT] = channel[S.N_ACTIVE]
        active[channel[S.N_ACTIVE]] = b
        channel[S.N_ACTIVE] += 1
    else:
        link[tail, S.NEXT] = i
    bank[b, S.TAIL] = i
    bank[b, S.COUNT] += 1


@inlined
def remove(b: int, i: int, bank: NDArray, link: NDArray, active: NDArray, channel: NDArray) -> None:
    """Take burst ``i`` out of the queue of bank ``b``."""
    before, after = link[i, S.PREVIOUS], link[i, S.NEXT]
    if before == S.NONE:
        bank[b, S.HEAD] = after
    else:
        link[before, S.NEXT] = after
    if after == S.NONE:
        bank[b, S.TAIL] = before
    else:
        link[after, S.PREVIOUS] = before
    bank[b, S.COUNT] -= 1
    if bank[b, S.COUNT] == 0:
        slot = bank[b, S.SLOT]
        channel[S.N_ACTIVE] -= 1
        moved = active[channel[S.N_ACTIVE]]
        active[slot] = moved
        bank[moved, S.SLOT] = slot


@inlined
def count_hits(b: int, row: int, bank: NDArray, link: NDArray, burst: NDArray) -> int:
    """Return how many bursts queued at bank ``b`` lie in ``row``."""
    hits = 0
    i = bank[b, S.HEAD]
    while i != S.NONE:
        if burst[i, S.BURST_ROW] == row:
            hits += 1
        i = link[i, S.NEXT]
    return hits


@inlined
def next_hit(i: int, row: int, link: NDArray, burst: NDArray) -> int:
    """Return the first burst from ``i`` on that lies in ``row``; there must be one."""
    while burst[i, S.BURST_ROW] != row:
        i = link[i, S.NEXT]
    return i


@helper
def grouped_hit(first: int, row: int, write: int, link: NDArray, burst: NDArray) -> int:
    """Return the oldest row hit of one direction that no older hit to its address precedes.

    ``first`` is the oldest hit, which is returned when there is no such burst.
    """
    i = first
    while i != S.NONE:
        if burst[i, S.BURST_ROW] == row and burst[i, S.BURST_WRITE] == write:
            older = first
            while older != i and burst[older, S.BURST_LINE] != burst[i, S.BURST_LINE]:
                older = link[older, S.NEXT]
            if older == i:
                return i
        i = link[i, S.NEXT]
    return first


@inlined
def has_further_hit(
    b: int, row: int, bank: NDArray, link: NDArray, burst: NDArray, design: NDArray
) -> bool:
    """Return whether a second queued burst hits the open row of bank ``b``."""
    if design[S.SCHEDULER] == S.FIFO:
        second = link[bank[b, S.HEAD], S.NEXT]
        return second != S.NONE and burst[second, S.BURST_ROW] == row
    return bank[b, S.HITS] >= 2


@inlined
def closes_row(
    b: int, row: int, bank: NDArray, link: NDArray, burst: NDArray, design: NDArray
) -> bool:
    """Return whether the page policy wants auto-precharge with the next column command."""
    policy = design[S.PAGE_POLICY]
    if policy == S.OPEN:
        return False
    if policy == S.CLOSED:
        return True
    further_hit = has_further_hit(b, row, bank, link, burst, design)
    if policy == S.OPEN_ADAPTIVE:
        return bank[b, S.COUNT] >= 2 and not further_hit
    return not further_hit


@inlined
def schedule(
    b: int,
    oldest_hit: int,
    bank: NDArray,
    link: NDArray,
    burst: NDArray,
    channel: NDArray,
    design: NDArray,
) -> int:
    """Return the scheduler's choice for the open bank ``b``, whose oldest row hit is given.

    In strict order a grouped scheduler would starve the burst whose turn it is behind younger
    hits of the other direction, and the run would never end; that burst is taken instead.
    """
    if design[S.SCHEDULER] == S.FIFO or bank[b, S.HITS] == 0:
        return bank[b, S.HEAD]
    if design[S.SCHEDULER] == S.FR_FCFS or bank[b, S.HITS] == 1:
        return oldest_hit
    if design[S.COMMAND_MUX] == S.STRICT and oldest_hit == channel[S.NEXT_COLUMN]:
        return oldest_hit
    return grouped_hit(oldest_hit, bank[b, S.OPEN_ROW], channel[S.LAST_WRITE], link, burst)


@inlined
def propose(
    b: int,
    search_from: int,
    bank: NDArray,
    link: NDArray,
    burst: NDArray,
    channel: NDArray,
    design: NDArray,
) -> None:
    """Let the bank machine of bank ``b`` choose its burst and its next command.

    ``search_from`` is a queued burst with no row hit before it (NONE if nothing is queued).
    """
    if bank[b, S.COUNT] == 0:
        bank[b, S.PICK] = S.NONE
        bank[b, S.PROPOSAL] = S.NO_COMMAND
        return
    row = bank[b, S.OPEN_ROW]
    if row == S.NONE:
        bank[b, S.PICK] = bank[b, S.HEAD]
        bank[b, S.PROPOSAL] = S.ACT
        return
    hit = S.NONE
    if bank[b, S.HITS] > 0 and design[S.SCHEDULER] != S.FIFO:
        hit = next_hit(search_from, row, link, burst)
    pick = schedule(b, hit, bank, link, burst, channel, design)
    bank[b, S.PICK] = pick
    if burst[pick, S.BURST_ROW] != row:
        bank[b, S.PROPOSAL] = S.PRE
    else:
        closing = closes_row(b, row, bank, link, burst, design)
        bank[b, S.PROPOSAL] = S.RD + 2 * burst[pick, S.BURST_WRITE] + closing


@helper
def propose_afresh(
    b: int, bank: NDArray, link: NDArray, burst: NDArray, channel: NDArray, design: NDArray
) -> None:
    """``propose`` for the rarer events that change many banks."""
    propose(b, bank[b, S.HEAD], bank, link, burst, channel, design)
