"""The event loop: one run of one trace under one design."""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.accounting import account_end
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined, kernel
from archgym.cost_models.dram.engine.frontend import announce, has_space, store
from archgym.cost_models.dram.engine.grouped import propose_all, propose_grouped
from archgym.cost_models.dram.engine.issue import issue_bank_command, issue_rank_command
from archgym.cost_models.dram.engine.managers import evaluate_managers, rank_became_idle
from archgym.cost_models.dram.engine.mux import (
    bank_command_time,
    choose,
    reconsider,
    soonest_after,
)
from archgym.cost_models.dram.engine.refresh_sets import begin_round, scheme

# The watchdog: more events in one cycle, or refreshes without data, mean no progress.
MAX_EVENTS_PER_CYCLE = 1000
MAX_REFRESHES_WITHOUT_DATA = 10_000


@helper
def reset(s: Run) -> None:
    """Set up the state at time 0; all arrays but ``ready_at`` come as zeros."""
    for b in range(s.memory[S.N_BANKS]):
        s.bank[b, S.OPEN_ROW] = S.NONE
        s.bank[b, S.HEAD] = S.NONE
        s.bank[b, S.TAIL] = S.NONE
        s.bank[b, S.PICK] = S.NONE
        s.bank[b, S.PROPOSAL] = S.NO_COMMAND
        s.bank[b, S.GROUP_OF] = b // s.memory[S.BANKS_PER_GROUP]
        s.bank[b, S.RANK_OF] = b // s.memory[S.BANKS_PER_RANK]
    for r in range(s.memory[S.N_RANKS]):
        reset_rank(r, s)
    if s.design[S.RESPONSE_QUEUE] or s.design[S.ARBITER] == S.REORDER_ARBITER:
        s.ready_at[:] = -1
    s.channel[S.FORCED] = S.NONE
    s.channel[S.ACCEPTED_AT] = -1
    # With commands of one length on one bus the candidate is what becomes legal first.
    plain = s.memory[S.COLUMN_BUS] == 0 and s.command[S.ACT, S.LENGTH] == 1
    plain = plain and s.design[S.COMMAND_MUX] != S.STRICT and s.design[S.POWER_DOWN] == 0
    s.channel[S.WATCH_ALL] = not plain
    s.channel[S.GRANTED_AT] = -1
    s.channel[S.LAST_RESPONSE] = -1
    s.channel[S.LAST_DELIVERY] = -1


@inlined
def reset_rank(r: int, s: Run) -> None:
    """Set up a rank; its first refresh is staggered by the bit-reversed rank number."""
    ranks, interval = s.memory[S.N_RANKS], scheme(S.INTERVAL, s)
    reversed_rank, bits, n = 0, r, 1
    while n < ranks:
        reversed_rank = 2 * reversed_rank + (bits & 1)
        bits >>= 1
        n *= 2
    s.rank[r, S.DUE] = interval - reversed_rank * interval // ranks
    if s.design[S.REFRESH_POLICY] == S.NO_REFRESH:
        s.rank[r, S.DUE] = S.FAR
    elif s.design[S.REFRESH_POLICY] != S.ALL_BANK:
        begin_round(r, s)
    s.rank[r, S.REFRESH_COMMAND] = S.NO_COMMAND
    s.rank[r, S.POWER_COMMAND] = S.NO_COMMAND
    s.rank[r, S.IDLE] = s.design[S.POWER_DOWN]
    s.rank[r, S.ENTRY] = s.design[S.POWER_DOWN]
    s.rank[r, S.RING : S.RING + 4] = S.LONG_AGO
    s.rank[r, S.CLOSING_UNTIL] = S.LONG_AGO
    s.rank[r, S.LAST_COMMAND] = S.REFAB


@inlined
def accept(now: int, s: Run) -> int:
    """Take the next request into the scheduler, all its bursts at once.

    Returns the bank whose machine may have changed its mind, NONE, or N_BANKS for several.
    """
    q = s.channel[S.NEXT_REQUEST]
    begin, end = q, q + 1
    if len(s.first) > 0:
        begin, end = s.first[q], s.first[q + 1]
    changed = S.NONE
    if s.channel[S.N_QUEUED] == 0:
        s.channel[S.REFRESHES_SINCE_COLUMN] = 0
    for i in range(begin, end):
        if store(i, s):
            changed = s.burst[i, S.BURST_BANK]
    if end - begin > 1:
        changed = s.memory[S.N_BANKS]
    s.channel[S.ACCEPTED_AT] = now
    if s.design[S.ARBITER] != S.SIMPLE_ARBITER:
        freed_by = q - s.design[S.MAX_ACTIVE]
        freed = s.delivered[freed_by] if freed_by >= 0 else 0
        s.channel[S.GRANTED_AT] = max(s.latency[q], freed)
    s.channel[S.NEXT_REQUEST] = q + 1
    announce(s)
    return changed


@helper
def follow_turn(now: int, s: Run) -> int:
    """In strict order, let a bank that waits for its row take the burst whose turn it is.

    Reordering schedulers can hold a younger row hit there for ever; only a refresh would free the
    bank, and none is due. This is the last resort: all responses are out and all proposals, which
    strict order forbids, are legal. Returns the time at which that is so, or NONE where the burst
    does not wait like this.
    """
    i = s.channel[S.NEXT_COLUMN]
    b = s.burst[min(i, len(s.burst) - 1), S.BURST_BANK]
    grouped = s.design[S.SCHEDULER] >= S.GRP_FR_FCFS
    taken = s.channel[S.FORCED] if grouped else s.bank[b, S.PICK]
    if s.channel[S.N_QUEUED] == 0 or taken == i:
        return int(S.NONE)
    time = max(now, s.channel[S.END])
    for slot in range(s.channel[S.N_ACTIVE]):
        waiting = s.active[slot]
        if s.bank[waiting, S.PROPOSAL] != S.NO_COMMAND:
            legal = bank_command_time(waiting, s.bank[waiting, S.PROPOSAL], now, s)
            time = max(time, legal)
    if grouped:
        s.channel[S.FORCED] = i
        propose_grouped(b, s)
    else:
        s.bank[b, S.PICK] = i
        s.bank[b, S.PROPOSAL] = S.PRE
    return int(time)


@inlined
def take_request(now: int, s: Run) -> bool:
    """Accept the next request; return whether the command mux must look at every bank again."""
    changed = accept(now, s)
    if s.channel[S.MODE_CHANGED]:
        return True
    if s.channel[S.ATTENTION] or s.memory[S.COLUMN_BUS] or changed == s.memory[S.N_BANKS]:
        return True
    if changed == s.channel[S.CANDIDATE_BANK]:
        return True
    if changed != S.NONE:
        reconsider(changed, now, s)
    return False


@inlined
def decide(now: int, issued_rank: int, s: Run) -> None:
    """Evaluate the managers, where they may have something to say, and the command mux."""
    if s.channel[S.ATTENTION] or s.channel[S.NEXT_DUE] <= now:
        if s.design[S.POWER_DOWN] and issued_rank != S.NONE and s.rank[issued_rank, S.QUEUED] == 0:
            rank_became_idle(issued_rank, s)
        evaluate_managers(now, s)
    choose(now, s)


@helper
def show_new_mode(now: int, s: Run) -> None:
    """Let all bank machines see a mode that an arrival changed, and decide once more.

    The command mux does not wait for that: in the activation in which the request arrives it sees
    the other banks' proposals as they stood.
    """
    propose_all(s)
    decide(now, S.NONE, s)


@inlined
def issue(now: int, s: Run) -> bool:
    """Issue the candidate; return whether a waiting request finds space by that."""
    if s.channel[S.CANDIDATE_BANK] == S.NONE:
        issue_rank_command(now, s)
        return False
    issue_bank_command(now, s)
    if s.channel[S.WAITING]:
        return has_space(s)
    if s.channel[S.ARRIVAL] == S.FAR:
        announce(s)
    return False


@helper
def follow_wakes(wake: int, wake_set: int, now: int, time: int, s: Run) -> tuple[int, int]:
    """Return the controller's wake-up at ``time`` or later, and when it was set.

    An earlier wake-up replaces one that is still to come, a later one does not; so the controller
    may wake although nothing can be issued, and sets its next wake-up only then. It also wakes for
    proposals that the command mux does not favour.
    """
    due = min(s.channel[S.CANDIDATE_TIME], s.channel[S.NEXT_DUE])
    upcoming = due if due <= now else min(due, soonest_after(now, s))
    if wake <= now or upcoming < wake:
        wake, wake_set = upcoming, now
    while wake < time:
        wake, wake_set = min(soonest_after(wake, s), s.channel[S.NEXT_DUE]), wake
    return wake, wake_set


@inlined
def is_seen_first(wake_set: int, now: int, s: Run) -> bool:
    """Return whether a request offered now goes before what the controller was to do now.

    Both are events of one cycle, which SystemC runs in the order in which they were announced: the
    controller's wake-up at ``wake_set``, the request when its predecessor was accepted, or anew
    with each response after that.
    """
    k = s.channel[S.N_RESPONSES_BEFORE]
    while k < s.channel[S.N_DELIVERED] and s.delivered[k] < now:
        k += 1
    s.channel[S.N_RESPONSES_BEFORE] = k
    announced = s.channel[S.ACCEPTED_AT]
    if k > 0:
        announced = max(announced, s.delivered[k - 1])
    return bool(announced < wake_set < now)


@helper
def count_bank_refreshes(r: int, s: Run) -> None:
    """Note how often the bank of a rank was refreshed that was refreshed least."""
    first = r * s.memory[S.BANKS_PER_RANK]
    least = s.bank[first, S.REFRESHED]
    for b in range(first, first + s.memory[S.BANKS_PER_RANK]):
        least = min(least, s.bank[b, S.REFRESHED])
    s.counts[r, S.BANK_REFRESHES] = least


@inlined
def is_stuck(events: int, s: Run) -> bool:
    """Return whether the watchdog sees no progress."""
    starved = s.channel[S.REFRESHES_SINCE_COLUMN] > MAX_REFRESHES_WITHOUT_DATA
    return events > MAX_EVENTS_PER_CYCLE or (starved and s.channel[S.N_QUEUED] > 0)


@kernel
def run(s: Run) -> int:
    """Simulate one design; results are left in ``latency``, ``channel``, ``counts``, ``log``.

    Each turn of the loop does one thing: it accepts a request, lets the managers and the command
    mux decide again, or issues a command. Returns FINISHED, or STALLED when the watchdog saw no
    progress.
    """
    reset(s)
    announce(s)
    now = s.channel[S.N_ACTIVE]
    evaluate_managers(now, s)
    issued_at, issued_rank, events = now - 1, S.NONE, 0
    simple = s.design[S.ARBITER] == S.SIMPLE_ARBITER
    watch_all = simple and s.channel[S.WATCH_ALL] != 0
    wake, wake_set = now, now
    accepting, undecided, served, managed_at = False, True, False, now - 1
    while True:
        if accepting:
            accepting = False
            if take_request(now, s):
                undecided = True
            if served and s.channel[S.MODE_CHANGED]:
                propose_all(s)
            served = False
        if undecided:
            undecided = False
            decide(now, issued_rank, s)
            issued_rank = S.NONE
            if s.channel[S.MODE_CHANGED] and s.channel[S.CANDIDATE_TIME] > now:
                show_new_mode(now, s)
        arrival = S.FAR if s.channel[S.WAITING] else s.channel[S.ARRIVAL]
        due = min(s.channel[S.CANDIDATE_TIME], s.channel[S.NEXT_DUE])
        time = min(due, arrival)
        if watch_all:
            wake, wake_set = follow_wakes(wake, wake_set, now, time, s)
        elif simple and due != wake:
            if wake <= now or due < wake:
                wake, wake_set = due, now
            elif wake < time:
                wake, wake_set = due, wake
        if s.channel[S.NEXT_COLUMN] == len(s.burst) and time > s.channel[S.END]:
            break
        if time >= S.FAR:
            if s.design[S.COMMAND_MUX] != S.STRICT:
                return S.STALLED
            now = follow_turn(now, s)
            if now == S.NONE:
                return S.STALLED
            undecided = True
            continue
        events = events + 1 if time == now else 0
        if is_stuck(events, s):
            return S.STALLED
        now = time
        # A request that was handed over in time is seen before anything else of its cycle, one
        # that is offered in this cycle mostly after the controller's own wake-up.
        first = due > now or s.channel[S.ARRIVAL_SEEN_EARLY] != 0 or (simple and issued_at == now)
        if arrival <= now and (first or (simple and is_seen_first(wake_set, now, s))):
            accepting = has_space(s)
            s.channel[S.WAITING] = not accepting
            managed_at = now
        elif s.channel[S.NEXT_DUE] <= now:
            undecided = True
        elif s.channel[S.NEXT_LATE] <= now and managed_at < now:
            undecided = True
            managed_at = now
        else:
            managed_at = now - 1
            issued_at, issued_rank = now, s.channel[S.CANDIDATE_RANK]
            undecided = True
            accepting = served = issue(now, s)
    for r in range(s.memory[S.N_RANKS]):
        account_end(r, s)
        count_bank_refreshes(r, s)
    return S.FINISHED
