"""The event loop: one run of one trace under one design."""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.accounting import account_end
from archgym.cost_models.dram.engine.compiled import helper, inlined, kernel
from archgym.cost_models.dram.engine.frontend import announce, has_space, store
from archgym.cost_models.dram.engine.issue import issue_bank_command, issue_rank_command
from archgym.cost_models.dram.engine.managers import evaluate_managers, rank_became_idle
from archgym.cost_models.dram.engine.mux import choose, reconsider

# The watchdog: more events in one cycle, or refreshes without data, mean no progress.
MAX_EVENTS_PER_CYCLE = 1000
MAX_REFRESHES_WITHOUT_DATA = 10_000


@helper
def reset(
    bank: NDArray, rank: NDArray, channel: NDArray, ready_at: NDArray, design: NDArray, memory: NDArray
) -> None:
    """Set up the state at time 0; all arrays but ``ready_at`` come as zeros."""
    for b in range(memory[S.N_BANKS]):
        bank[b, S.OPEN_ROW] = S.NONE
        bank[b, S.HEAD] = S.NONE
        bank[b, S.TAIL] = S.NONE
        bank[b, S.PICK] = S.NONE
        bank[b, S.PROPOSAL] = S.NO_COMMAND
        bank[b, S.GROUP_OF] = b // memory[S.BANKS_PER_GROUP]
        bank[b, S.RANK_OF] = b // memory[S.BANKS_PER_RANK]
    for r in range(memory[S.N_RANKS]):
        reset_rank(r, rank, design, memory)
    if design[S.RESPONSE_QUEUE] or design[S.ARBITER] == S.REORDER_ARBITER:
        ready_at[:] = -1
    channel[S.ACCEPTED_AT] = -1
    channel[S.GRANTED_AT] = -1
    channel[S.LAST_RESPONSE] = -1
    channel[S.LAST_DELIVERY] = -1


@inlined
def reset_rank(r: int, rank: NDArray, design: NDArray, memory: NDArray) -> None:
    """Set up a rank; its first refresh is staggered by the bit-reversed rank number."""
    ranks, interval = memory[S.N_RANKS], memory[S.REFRESH_INTERVAL]
    reversed_rank, bits, n = 0, r, 1
    while n < ranks:
        reversed_rank = 2 * reversed_rank + (bits & 1)
        bits >>= 1
        n *= 2
    rank[r, S.DUE] = interval - reversed_rank * interval // ranks
    if design[S.REFRESH_POLICY] == 0:
        rank[r, S.DUE] = S.FAR
    rank[r, S.REFRESH_COMMAND] = S.NO_COMMAND
    rank[r, S.POWER_COMMAND] = S.NO_COMMAND
    rank[r, S.IDLE] = design[S.POWER_DOWN]
    rank[r, S.ENTRY] = design[S.POWER_DOWN]
    rank[r, S.RING : S.RING + 4] = S.LONG_AGO
    rank[r, S.LAST_COMMAND] = S.REFAB


@inlined
def accept(
    now: int,
    times: NDArray,
    first: NDArray,
    bank: NDArray,
    rank: NDArray,
    channel: NDArray,
    active: NDArray,
    link: NDArray,
    burst: NDArray,
    latency: NDArray,
    delivered: NDArray,
    design: NDArray,
    memory: NDArray,
) -> int:
    """Take the next request into the scheduler, all its bursts at once.

    Returns the bank whose machine may have changed its mind, NONE, or N_BANKS for several.
    """
    q = channel[S.NEXT_REQUEST]
    begin, end = q, q + 1
    if len(first) > 0:
        begin, end = first[q], first[q + 1]
    changed = S.NONE
    if channel[S.N_QUEUED] == 0:
        channel[S.REFRESHES_SINCE_COLUMN] = 0
    for i in range(begin, end):
        if store(i, bank, rank, channel, active, link, burst, design):
            changed = burst[i, S.BURST_BANK]
    if end - begin > 1:
        changed = memory[S.N_BANKS]
    channel[S.ACCEPTED_AT] = now
    if design[S.ARBITER] != S.SIMPLE_ARBITER:
        freed_by = q - design[S.MAX_ACTIVE]
        freed = delivered[freed_by] if freed_by >= 0 else 0
        channel[S.GRANTED_AT] = max(latency[q], freed)
    channel[S.NEXT_REQUEST] = q + 1
    announce(times, latency, delivered, channel, design, memory)
    return changed


@helper
def follow_turn(bank: NDArray, channel: NDArray, burst: NDArray) -> bool:
    """In strict order, let a bank that waits for its row take the burst whose turn it is.

    Reordering schedulers can hold a younger row hit there for ever; only a refresh would free
    the bank, and none is due. Returns False where that is not the case.
    """
    if channel[S.N_QUEUED] == 0:
        return False
    b = burst[channel[S.NEXT_COLUMN], S.BURST_BANK]
    if bank[b, S.PICK] == channel[S.NEXT_COLUMN]:
        return False
    bank[b, S.PICK] = channel[S.NEXT_COLUMN]
    bank[b, S.PROPOSAL] = S.PRE
    return True


@kernel
def run(
    times: NDArray,
    first: NDArray,
    owner: NDArray,
    burst: NDArray,
    gaps: NDArray,
    command: NDArray,
    memory: NDArray,
    design: NDArray,
    bank: NDArray,
    group: NDArray,
    rank: NDArray,
    channel: NDArray,
    active: NDArray,
    link: NDArray,
    bursts_left: NDArray,
    latency: NDArray,
    ready_at: NDArray,
    delivered: NDArray,
    counts: NDArray,
    log: NDArray,
) -> int:
    """Simulate one design; results are left in ``latency``, ``channel``, ``counts``, ``log``.

    Each turn of the loop does one thing: it accepts a request, lets the managers and the command
    mux decide again, or issues a command. Returns FINISHED, or STALLED when the watchdog saw no
    progress.
    """
    n_bursts = len(burst)
    simple = design[S.ARBITER] == S.SIMPLE_ARBITER
    one_bus = memory[S.COLUMN_BUS] == 0
    reset(bank, rank, channel, ready_at, design, memory)
    announce(times, latency, delivered, channel, design, memory)
    now = channel[S.N_ACTIVE]
    evaluate_managers(now, rank, channel, design, memory)
    issued_at, issued_rank, events = now - 1, S.NONE, 0
    accepting, undecided = False, True
    while True:
        if accepting:
            accepting = False
            changed = accept(
                now, times, first, bank, rank, channel, active, link, burst, latency, delivered,
                design, memory,
            )
            if channel[S.ATTENTION] or not one_bus or changed == channel[S.CANDIDATE_BANK]:
                undecided = True
            elif changed == memory[S.N_BANKS]:
                undecided = True
            elif changed != S.NONE and not undecided:
                reconsider(changed, now, bank, group, rank, channel, command, design)
        if undecided:
            undecided = False
            if channel[S.ATTENTION] or channel[S.NEXT_DUE] <= now:
                if design[S.POWER_DOWN] and issued_rank != S.NONE:
                    if rank[issued_rank, S.QUEUED] == 0:
                        rank_became_idle(issued_rank, rank)
                evaluate_managers(now, rank, channel, design, memory)
            issued_rank = S.NONE
            choose(now, bank, group, rank, channel, active, burst, command, design, memory)
        arrival = S.FAR if channel[S.WAITING] else channel[S.ARRIVAL]
        time = min(min(channel[S.CANDIDATE_TIME], channel[S.NEXT_DUE]), arrival)
        if channel[S.NEXT_COLUMN] == n_bursts and time > channel[S.END]:
            break
        if time >= S.FAR:
            if design[S.COMMAND_MUX] != S.STRICT or not follow_turn(bank, channel, burst):
                return S.STALLED
            undecided = True
            continue
        events = events + 1 if time == now else 0
        if events > MAX_EVENTS_PER_CYCLE:
            return S.STALLED
        now = time
        # A request that was handed over in time is seen before anything else of its cycle, one
        # offered in this cycle after the controller's own wake-up.
        early = channel[S.ARRIVAL_SEEN_EARLY] != 0 or (simple and issued_at == now)
        awake = channel[S.CANDIDATE_TIME] <= now or channel[S.NEXT_DUE] <= now
        if arrival <= now and (early or not awake):
            accepting = has_space(bank, channel, design)
            channel[S.WAITING] = not accepting
        elif channel[S.NEXT_DUE] <= now:
            undecided = True
        else:
            issued_at, issued_rank = now, channel[S.CANDIDATE_RANK]
            undecided = True
            if channel[S.CANDIDATE_BANK] == S.NONE:
                issue_rank_command(
                    now, bank, rank, channel, link, burst, counts, log, gaps, command, design,
                    memory,
                )
                if channel[S.REFRESHES_SINCE_COLUMN] > MAX_REFRESHES_WITHOUT_DATA:
                    if channel[S.N_QUEUED] > 0:
                        return S.STALLED
            else:
                issue_bank_command(
                    now, owner, bursts_left, bank, group, rank, channel, active, link, burst,
                    latency, ready_at, delivered, counts, log, gaps, command, design, memory,
                )
                if channel[S.WAITING]:
                    accepting = has_space(bank, channel, design)
                elif channel[S.ARRIVAL] == S.FAR:
                    announce(times, latency, delivered, channel, design, memory)
    for r in range(memory[S.N_RANKS]):
        account_end(r, rank, counts, command)
    return S.FINISHED
