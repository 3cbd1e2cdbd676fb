"""Before and behind the controller: trace player, arbiter, acceptance and responses.

Source of the semantics: DRAMSys v5.0 (trace player, arbiters, buffer counters, response queues).
"""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.grouped import update_mode
from archgym.cost_models.dram.engine.managers import request_came
from archgym.cost_models.dram.engine.queues import append, propose


@helper
def offer_on_trace_clock(time: int, previous: int, s: Run) -> int:
    """Return the memory cycle of an offer that waits for an edge of another trace clock."""
    clock, period = s.memory[S.CLOCK_PS], s.memory[S.TRACE_CLOCK_PS]
    edge = 0
    if previous >= 0:
        edge = previous * clock // period + 1
    earliest = time
    if s.memory[S.RELATIVE_TIMES]:
        earliest = -(-(max(previous, 0) * clock) // period) + time
    return int(-(-max(earliest, edge) * period // clock))


@inlined
def offer_time(time: int, previous: int, s: Run) -> int:
    """Return when a request is offered whose predecessor was accepted at ``previous``."""
    if s.memory[S.CLOCK_PS] != s.memory[S.TRACE_CLOCK_PS]:
        return offer_on_trace_clock(time, previous, s)
    if s.memory[S.RELATIVE_TIMES]:
        time += max(previous, 0)
    return max(time, previous + 1)


@inlined
def announce(s: Run) -> None:
    """Find when the next request reaches the controller.

    Until its response ``latency`` holds the time at which a request was offered.
    The arbiters grant at most ``max_active_transactions`` at a time: request q waits for the
    (q - max_active)-th delivery, which may not be known yet.
    """
    q = s.channel[S.NEXT_REQUEST]
    s.channel[S.WAITING] = 0
    s.channel[S.ARRIVAL] = S.FAR
    if q == len(s.times):
        return
    if s.design[S.ARBITER] == S.SIMPLE_ARBITER:
        offered = offer_time(s.times[q], s.channel[S.ACCEPTED_AT], s)
        s.latency[q] = offered
        s.channel[S.ARRIVAL] = offered
        return
    granted = offer_time(s.times[q], s.channel[S.GRANTED_AT], s)
    s.latency[q] = granted
    freed_by = q - s.design[S.MAX_ACTIVE]
    if freed_by >= s.channel[S.N_DELIVERED]:
        return
    if freed_by >= 0:
        granted = max(granted, s.delivered[freed_by])
    queued_before = granted <= s.channel[S.ACCEPTED_AT]
    s.channel[S.ARRIVAL] = s.channel[S.ACCEPTED_AT] + 1 if queued_before else granted
    s.channel[S.ARRIVAL_SEEN_EARLY] = queued_before


@inlined
def has_space(s: Run) -> bool:
    """Return whether the scheduler's buffer takes another request.

    The bankwise buffer looks at the bank of the request accepted last, not of the new one.
    """
    size = s.design[S.BUFFER_SIZE]
    if s.design[S.BUFFER] == S.BANKWISE:
        return bool(s.bank[s.channel[S.LAST_BANK], S.COUNT] < size)
    if s.design[S.BUFFER] == S.SHARED:
        return bool(s.channel[S.N_QUEUED] < size)
    writes = s.channel[S.N_QUEUED_WRITES]
    return bool(writes < size and s.channel[S.N_QUEUED] - writes < size)


@inlined
def store(i: int, s: Run) -> bool:
    """Queue burst ``i`` at its bank; return whether the bank machine's choice may have changed."""
    b = s.burst[i, S.BURST_BANK]
    r = s.bank[b, S.RANK_OF]
    if s.rank[r, S.QUEUED] == 0:
        request_came(r, s)
    s.rank[r, S.QUEUED] += 1
    s.channel[S.N_QUEUED] += 1
    s.channel[S.N_QUEUED_WRITES] += s.burst[i, S.BURST_WRITE]
    s.channel[S.LAST_BANK] = b
    append(b, i, s)
    if s.design[S.SCHEDULER] == S.GRP_FR_FCFS_WM:
        update_mode(s)
    first_hit = False
    if s.bank[b, S.OPEN_ROW] == s.burst[i, S.BURST_ROW]:
        s.bank[b, S.HITS] += 1
        first_hit = s.bank[b, S.HITS] == 1
    settled = s.bank[b, S.COUNT] > 1 and not first_hit
    adaptive = s.design[S.PAGE_POLICY] & 1
    if settled and not adaptive and s.design[S.SCHEDULER] < S.FR_FCFS_GRP:
        return False
    propose(b, i if first_hit else s.bank[b, S.HEAD], s)
    return True


@inlined
def deliver(i: int, time: int, s: Run) -> None:
    """Hand the response of burst ``i`` to the initiator; the last burst answers the request."""
    q = i
    if len(s.owner) > 0:
        q = s.owner[i]
        s.bursts_left[q] -= 1
        if s.bursts_left[q] > 0:
            return
    s.latency[q] = time - s.latency[q]
    s.channel[S.END] = max(s.channel[S.END], time)
    s.delivered[s.channel[S.N_DELIVERED]] = time
    s.channel[S.N_DELIVERED] += 1


@inlined
def respond(i: int, ready: int, s: Run) -> None:
    """Queue the response of burst ``i``; one response leaves per cycle, in the queue's order."""
    if s.design[S.RESPONSE_QUEUE] == S.IN_CAS_ORDER:
        ready = max(ready, s.channel[S.LAST_RESPONSE] + 1)
        s.channel[S.LAST_RESPONSE] = ready
        if s.design[S.ARBITER] != S.REORDER_ARBITER:
            deliver(i, ready, s)
            return
    s.ready_at[i] = ready
    head = s.channel[S.NEXT_IN_ORDER]
    while head < len(s.ready_at) and s.ready_at[head] >= 0:
        s.channel[S.LAST_DELIVERY] = max(s.ready_at[head], s.channel[S.LAST_DELIVERY] + 1)
        deliver(head, s.channel[S.LAST_DELIVERY], s)
        head += 1
    s.channel[S.NEXT_IN_ORDER] = head
