"""The event loop: one run of one trace under one design."""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.accounting import account_end
from archgym.cost_models.dram.engine.compiled import helper, inlined, kernel
from archgym.cost_models.dram.engine.frontend import announce, has_space
from archgym.cost_models.dram.engine.issue import accept, issue_bank_command, issue_rank_command
from archgym.cost_models.dram.engine.managers import evaluate_managers, rank_became_idle
from archgym.cost_models.dram.engine.mux import choose, reconsider

# The watchdog: more events in one cycle, or refreshes without data, mean no progress.
MAX_EVENTS_PER_CYCLE = 1000
MAX_REFRESHES_WITHOUT_DATA = 10_000


@helper
def reset(
    bank: NDArray,
    rank: NDArray,
    channel: NDArray,
    request: NDArray,
    first: NDArray,
    ready_at: NDArray,
    design: NDArray,
    memory: NDArray,
) -> None:
    """Set up the state at time 0; all arrays but these start as zeros."""
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
    for q in range(len(request)):
        request[q, S.BURSTS_LEFT] = first[q + 1] - first[q]
    ready_at[:] = -1
    channel[S.CANDIDATE_TIME] = S.FAR
    channel[S.CANDIDATE_END] = S.FAR
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


@helper
def follow_turn(bank: NDArray, channel: NDArray, burst: NDArray) -> None:
    """In strict order, let a bank that waits for its row take the burst whose turn it is.

    Reordering schedulers can hold a younger row hit there for ever; only a refresh would free
    the bank, and none is due.
    """
    b = burst[channel[S.NEXT_COLUMN], S.BURST_BANK]
    bank[b, S.PICK] = channel[S.NEXT_COLUMN]
    bank[b, S.PROPOSAL] = S.PRE


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
    request: NDArray,
    ready_at: NDArray,
    delivered: NDArray,
    counts: NDArray,
    log: NDArray,
) -> int:
    """Simulate one design; results are left in ``request``, ``channel``, ``counts`` and ``log``.

    Returns FINISHED, or STALLED when the watchdog saw no progress.
    """
    n_bursts = len(burst)
    simple = design[S.ARBITER] == S.SIMPLE_ARBITER
    power_down = design[S.POWER_DOWN] != 0
    reset(bank, rank, channel, request, first, ready_at, design, memory)
    announce(times, request, delivered, channel, design, memory)
    evaluate_managers(0, rank, channel, design, memory)
    choose(0, bank, group, rank, channel, active, burst, command, design, memory)
    now, events = 0, 0
    while True:
        time = min(channel[S.CANDIDATE_TIME], channel[S.NEXT_DUE])
        if not channel[S.WAITING]:
            time = min(time, channel[S.ARRIVAL])
        if channel[S.N_COLUMN] == n_bursts and time > channel[S.END]:
            break
        if time >= S.FAR:
            if design[S.COMMAND_MUX] != S.STRICT or channel[S.N_QUEUED] == 0:
                return S.STALLED
            follow_turn(bank, channel, burst)
            choose(now, bank, group, rank, channel, active, burst, command, design, memory)
            continue
        events = events + 1 if time == now else 0
        now = time
        if events > MAX_EVENTS_PER_CYCLE:
            return S.STALLED
        if channel[S.REFRESHES_SINCE_COLUMN] > MAX_REFRESHES_WITHOUT_DATA and channel[S.N_QUEUED]:
            return S.STALLED
        arrives = channel[S.ARRIVAL] <= now and not channel[S.WAITING]
        due = channel[S.CANDIDATE_TIME] <= now or channel[S.NEXT_DUE] <= now
        accepts = arrives and (channel[S.ARRIVAL_SEEN_EARLY] != 0 or not due)
        for _ in range(2):
            if accepts:
                if not has_space(bank, channel, design):
                    channel[S.WAITING] = 1
                else:
                    i = first[channel[S.NEXT_REQUEST]]
                    single = first[channel[S.NEXT_REQUEST] + 1] - i == 1
                    changed = accept(
                        now, times, first, bank, rank, channel, active, link, burst, request,
                        delivered, design, memory,
                    )
                    b = burst[i, S.BURST_BANK]
                    if changed:
                        if single and memory[S.COLUMN_BUS] == 0 and b != channel[S.CANDIDATE_BANK]:
                            reconsider(b, now, bank, group, rank, channel, command, design)
                        else:
                            choose(
                                now, bank, group, rank, channel, active, burst, command, design,
                                memory,
                            )
            if channel[S.ATTENTION] or channel[S.NEXT_DUE] <= now:
                evaluate_managers(now, rank, channel, design, memory)
                choose(now, bank, group, rank, channel, active, burst, command, design, memory)
            if channel[S.CANDIDATE_TIME] <= now:
                r = channel[S.CANDIDATE_RANK]
                if channel[S.CANDIDATE_BANK] == S.NONE:
                    issue_rank_command(
                        now, bank, group, rank, channel, link, burst, counts, log, gaps, command,
                        design, memory,
                    )
                else:
                    issue_bank_command(
                        now, times, first, owner, bank, group, rank, channel, active, link, burst,
                        request, ready_at, delivered, counts, log, gaps, command, design, memory,
                    )
                if power_down and rank[r, S.QUEUED] == 0:
                    rank_became_idle(r, rank)
                if channel[S.ATTENTION] or channel[S.NEXT_DUE] <= now:
                    evaluate_managers(now, rank, channel, design, memory)
                choose(now, bank, group, rank, channel, active, burst, command, design, memory)
            if not arrives or accepts or not (simple or channel[S.CANDIDATE_TIME] > now):
                break
            accepts = True
    for r in range(memory[S.N_RANKS]):
        account_end(r, rank, counts, command)
    return S.FINISHED
