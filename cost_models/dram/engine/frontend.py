"""Before and behind the controller: trace player, arbiter, acceptance and responses.

Source of the semantics: DRAMSys v5.0 (trace player, arbiters, buffer counters, response queues).
"""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.managers import request_came
from archgym.cost_models.dram.engine.queues import append, propose


@helper
def offer_on_trace_clock(time: int, previous: int, memory: NDArray) -> int:
    """Return the memory cycle of an offer that waits for an edge of another trace clock."""
    clock, period = memory[S.CLOCK_PS], memory[S.TRACE_CLOCK_PS]
    edge = 0
    if previous >= 0:
        edge = previous * clock // period + 1
    earliest = time
    if memory[S.RELATIVE_TIMES]:
        earliest = -(-(max(previous, 0) * clock) // period) + time
    return -(-max(earliest, edge) * period // clock)


@inlined
def offer_time(time: int, previous: int, memory: NDArray) -> int:
    """Return when a request is offered whose predecessor was accepted at ``previous``."""
    if memory[S.CLOCK_PS] != memory[S.TRACE_CLOCK_PS]:
        return offer_on_trace_clock(time, previous, memory)
    if memory[S.RELATIVE_TIMES]:
        time += max(previous, 0)
    return max(time, previous + 1)


@inlined
def announce(
    times: NDArray,
    latency: NDArray,
    delivered: NDArray,
    channel: NDArray,
    design: NDArray,
    memory: NDArray,
) -> None:
    """Find when the next request reaches the controller.

    Until its response ``latency`` holds the time at which a request was offered.
    The arbiters grant at most ``max_active_transactions`` at a time: request q waits for the
    (q - max_active)-th delivery, which may not be known yet.
    """
    q = channel[S.NEXT_REQUEST]
    channel[S.WAITING] = 0
    channel[S.ARRIVAL] = S.FAR
    if q == len(times):
        return
    if design[S.ARBITER] == S.SIMPLE_ARBITER:
        offered = offer_time(times[q], channel[S.ACCEPTED_AT], memory)
        latency[q] = offered
        channel[S.ARRIVAL] = offered
        return
    granted = offer_time(times[q], channel[S.GRANTED_AT], memory)
    latency[q] = granted
    freed_by = q - design[S.MAX_ACTIVE]
    if freed_by >= channel[S.N_DELIVERED]:
        return
    if freed_by >= 0:
        granted = max(granted, delivered[freed_by])
    queued_before = granted <= channel[S.ACCEPTED_AT]
    channel[S.ARRIVAL] = channel[S.ACCEPTED_AT] + 1 if queued_before else granted
    channel[S.ARRIVAL_SEEN_EARLY] = queued_before


@inlined
def has_space(bank: NDArray, channel: NDArray, design: NDArray) -> bool:
    """Return whether the scheduler's buffer takes another request.

    The bankwise buffer looks at the bank of the request accepted last, not of the new one.
    """
    size = design[S.BUFFER_SIZE]
    if design[S.BUFFER] == S.BANKWISE:
        return bank[channel[S.LAST_BANK], S.COUNT] < size
    if design[S.BUFFER] == S.SHARED:
        return channel[S.N_QUEUED] < size
    writes = channel[S.N_QUEUED_WRITES]
    return writes < size and channel[S.N_QUEUED] - writes < size


@inlined
def store(
    i: int,
    bank: NDArray,
    rank: NDArray,
    channel: NDArray,
    active: NDArray,
    link: NDArray,
    burst: NDArray,
    design: NDArray,
) -> bool:
    """Queue burst ``i`` at its bank; return whether the bank machine's choice may have changed."""
    b = burst[i, S.BURST_BANK]
    r = bank[b, S.RANK_OF]
    if rank[r, S.QUEUED] == 0:
        request_came(r, rank)
    rank[r, S.QUEUED] += 1
    channel[S.N_QUEUED] += 1
    channel[S.N_QUEUED_WRITES] += burst[i, S.BURST_WRITE]
    channel[S.LAST_BANK] = b
    append(b, i, bank, link, active, channel)
    first_hit = False
    if bank[b, S.OPEN_ROW] == burst[i, S.BURST_ROW]:
        bank[b, S.HITS] += 1
        first_hit = bank[b, S.HITS] == 1
    settled = bank[b, S.COUNT] > 1 and not first_hit
    adaptive = design[S.PAGE_POLICY] & 1
    if settled and not adaptive and design[S.SCHEDULER] < S.FR_FCFS_GRP:
        return False
    propose(b, i if first_hit else bank[b, S.HEAD], bank, link, burst, channel, design)
    return True


@inlined
def deliver(
    i: int,
    time: int,
    owner: NDArray,
    bursts_left: NDArray,
    latency: NDArray,
    delivered: NDArray,
    channel: NDArray,
    design: NDArray,
) -> None:
    """Hand the response of burst ``i`` to the initiator; the last burst answers the request."""
    q = i
    if len(owner) > 0:
        q = owner[i]
        bursts_left[q] -= 1
        if bursts_left[q] > 0:
            return
    latency[q] = time - latency[q]
    channel[S.END] = max(channel[S.END], time)
    if design[S.ARBITER] != S.SIMPLE_ARBITER:
        delivered[channel[S.N_DELIVERED]] = time
        channel[S.N_DELIVERED] += 1


@inlined
def respond(
    i: int,
    ready: int,
    owner: NDArray,
    bursts_left: NDArray,
    latency: NDArray,
    ready_at: NDArray,
    delivered: NDArray,
    channel: NDArray,
    design: NDArray,
) -> None:
    """Queue the response of burst ``i``; one response leaves per cycle, in the queue's order."""
    if design[S.RESPONSE_QUEUE] == S.IN_CAS_ORDER:
        ready = max(ready, channel[S.LAST_RESPONSE] + 1)
        channel[S.LAST_RESPONSE] = ready
        if design[S.ARBITER] != S.REORDER_ARBITER:
            deliver(i, ready, owner, bursts_left, latency, delivered, channel, design)
            return
    ready_at[i] = ready
    head = channel[S.NEXT_IN_ORDER]
    while head < len(ready_at) and ready_at[head] >= 0:
        channel[S.LAST_DELIVERY] = max(ready_at[head], channel[S.LAST_DELIVERY] + 1)
        deliver(head, channel[S.LAST_DELIVERY], owner, bursts_left, latency, delivered, channel, design)
        head += 1
    channel[S.NEXT_IN_ORDER] = head
