"""Earliest legal times and the command mux: which proposed command is next, and when."""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.refresh_sets import scheme

# A proposal is packed into one integer, end of the command first, then the sequence number.
SEQUENCE_BITS = 40
SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1
NOTHING = S.FAR
LAST_SEQUENCE = SEQUENCE_MASK - 1  # of power-down commands; refresh has 0, burst i has i + 1


@inlined
def bank_command_time(b: int, c: int, now: int, s: Run) -> int:
    """Return the earliest legal time of command ``c`` on bank ``b``."""
    free = max(now, s.channel[S.ROW_BUS_FREE + s.command[c, S.BUS]])
    shared = max(s.group[s.bank[b, S.GROUP_OF], c], s.rank[s.bank[b, S.RANK_OF], c])
    return int(max(free, max(s.bank[b, c], shared)))


@inlined
def is_column(c: int) -> bool:
    """Return whether ``c`` moves data."""
    return S.RD <= c <= S.WRA


@inlined
def set_candidate(time: int, end: int, sequence: int, c: int, b: int, r: int, s: Run) -> None:
    """Remember the command that the mux favours."""
    s.channel[S.CANDIDATE_TIME] = time
    s.channel[S.CANDIDATE_END] = end
    s.channel[S.CANDIDATE_SEQUENCE] = sequence
    s.channel[S.CANDIDATE_COMMAND] = c
    s.channel[S.CANDIDATE_BANK] = b
    s.channel[S.CANDIDATE_RANK] = r


@inlined
def choose(now: int, s: Run) -> None:
    """Set the candidate: the proposal that ends first, ties to the oldest request.

    With a column bus of their own, the best row and the best column command are found apart and
    the one that starts first is taken.
    """
    strict = s.design[S.COMMAND_MUX] == S.STRICT
    attention = s.channel[S.ATTENTION] != 0
    best_row, best_column = NOTHING, NOTHING
    for slot in range(s.channel[S.N_ACTIVE]):
        b = s.active[slot]
        if attention and s.rank[s.bank[b, S.RANK_OF], S.SILENT]:
            continue
        c = s.bank[b, S.PROPOSAL]
        if c == S.NO_COMMAND:
            continue
        pick = s.bank[b, S.PICK]
        if strict and is_column(c) and pick != s.channel[S.NEXT_COLUMN]:
            continue
        time = bank_command_time(b, c, now, s)
        key = ((time + s.command[c, S.LENGTH] - now) << SEQUENCE_BITS) | (pick + 1)
        if s.command[c, S.BUS]:
            best_column = min(best_column, key)
        else:
            best_row = min(best_row, key)
    s.channel[S.CANDIDATE_TIME] = S.FAR
    s.channel[S.CANDIDATE_END] = S.FAR
    s.channel[S.CANDIDATE_SEQUENCE] = SEQUENCE_MASK
    if best_row != NOTHING:
        adopt_bank_key(best_row, now, s)
    if attention:
        choose_rank_commands(now, s)
    if best_column != NOTHING:
        adopt_column_key(best_column, now, s)


@inlined
def adopt_bank_key(key: int, now: int, s: Run) -> None:
    """Make a packed bank proposal the candidate."""
    end = (key >> SEQUENCE_BITS) + now
    sequence = key & SEQUENCE_MASK
    b = s.burst[sequence - 1, S.BURST_BANK]
    c = s.bank[b, S.PROPOSAL]
    r = s.bank[b, S.RANK_OF]
    set_candidate(end - s.command[c, S.LENGTH], end, sequence, c, b, r, s)


@inlined
def adopt_column_key(key: int, now: int, s: Run) -> None:
    """Make a packed column proposal the candidate if it starts before the row candidate."""
    sequence = key & SEQUENCE_MASK
    c = s.bank[s.burst[sequence - 1, S.BURST_BANK], S.PROPOSAL]
    time = (key >> SEQUENCE_BITS) + now - s.command[c, S.LENGTH]
    earlier = time < s.channel[S.CANDIDATE_TIME]
    older = time == s.channel[S.CANDIDATE_TIME] and sequence < s.channel[S.CANDIDATE_SEQUENCE]
    if earlier or older:
        adopt_bank_key(key, now, s)


@helper
def choose_rank_commands(now: int, s: Run) -> None:
    """Let the refresh and power-down managers compete with the row candidate."""
    for r in range(s.memory[S.N_RANKS]):
        if s.rank[r, S.POWER_COMMAND] != S.NO_COMMAND:
            compete(s.rank[r, S.POWER_COMMAND], LAST_SEQUENCE, r, now, s)
        elif s.rank[r, S.REFRESH_COMMAND] != S.NO_COMMAND:
            compete(s.rank[r, S.REFRESH_COMMAND], 0, r, now, s)


@inlined
def rank_command_time(r: int, c: int, now: int, s: Run) -> int:
    """Return the earliest legal time of a refresh or power-down command."""
    free = max(now, s.channel[S.ROW_BUS_FREE])
    if c < S.N_BANK_COMMANDS or c == S.PRESB:
        return set_command_time(r, c, free, s)
    return int(max(free, s.rank[r, c]))


@helper
def set_command_time(r: int, c: int, time: int, s: Run) -> int:
    """Return the earliest legal time of a command to the banks of a refresh, from ``time`` on."""
    first, timed_as = s.rank[r, S.REFRESH_BANK], S.PRE if c == S.PRESB else c
    size = 1 if c == S.PRE else scheme(S.SET_SIZE, s)
    for k in range(size):
        b = first + k * scheme(S.SET_STRIDE, s)
        time = max(time, bank_command_time(b, timed_as, time, s))
    return int(time)


@inlined
def compete(c: int, sequence: int, r: int, now: int, s: Run) -> None:
    """Make a rank command the candidate if it beats the present one."""
    time = rank_command_time(r, c, now, s)
    end = time + s.command[c, S.LENGTH]
    sooner = end < s.channel[S.CANDIDATE_END]
    older = end == s.channel[S.CANDIDATE_END] and sequence < s.channel[S.CANDIDATE_SEQUENCE]
    if sooner or older:
        set_candidate(time, end, sequence, c, S.NONE, r, s)


@inlined
def reconsider(b: int, now: int, s: Run) -> None:
    """Let a new proposal of bank ``b``, not the candidate's bank, compete (one command bus)."""
    c, pick = s.bank[b, S.PROPOSAL], s.bank[b, S.PICK]
    if c == S.NO_COMMAND or s.rank[s.bank[b, S.RANK_OF], S.SILENT]:
        return
    if s.design[S.COMMAND_MUX] == S.STRICT and is_column(c) and pick != s.channel[S.NEXT_COLUMN]:
        return
    time = bank_command_time(b, c, now, s)
    end = time + s.command[c, S.LENGTH]
    sooner = end < s.channel[S.CANDIDATE_END]
    older = end == s.channel[S.CANDIDATE_END] and pick + 1 < s.channel[S.CANDIDATE_SEQUENCE]
    if sooner or older:
        set_candidate(time, end, pick + 1, c, b, s.bank[b, S.RANK_OF], s)


@helper
def soonest_after(time: int, s: Run) -> int:
    """Return the earliest time after ``time`` at which a proposal becomes legal."""
    soonest = S.FAR
    for slot in range(s.channel[S.N_ACTIVE]):
        b = s.active[slot]
        c = s.bank[b, S.PROPOSAL]
        if c != S.NO_COMMAND and not s.rank[s.bank[b, S.RANK_OF], S.SILENT]:
            legal = bank_command_time(b, c, time, s)
            soonest = min(soonest, legal if legal > time else S.FAR)
    for r in range(s.memory[S.N_RANKS]):
        for c in (s.rank[r, S.POWER_COMMAND], s.rank[r, S.REFRESH_COMMAND]):
            if c != S.NO_COMMAND:
                legal = rank_command_time(r, c, time, s)
                soonest = min(soonest, legal if legal > time else S.FAR)
    return int(soonest)
