"""Earliest legal times and the command mux: which proposed command is next, and when."""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import helper, inlined

# A proposal is packed into one integer, end of the command first, then the sequence number.
SEQUENCE_BITS = 40
SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1
NOTHING = S.FAR
LAST_SEQUENCE = SEQUENCE_MASK - 1  # of power-down commands; refresh has 0, burst i has i + 1


@inlined
def bank_command_time(
    b: int,
    c: int,
    now: int,
    bank: NDArray,
    group: NDArray,
    rank: NDArray,
    channel: NDArray,
    command: NDArray,
) -> int:
    """Return the earliest legal time of command ``c`` on bank ``b``."""
    free = max(now, channel[S.ROW_BUS_FREE + command[c, S.BUS]])
    shared = max(group[bank[b, S.GROUP_OF], c], rank[bank[b, S.RANK_OF], c])
    return max(free, max(bank[b, c], shared))


@inlined
def is_column(c: int) -> bool:
    """Return whether ``c`` moves data."""
    return S.RD <= c <= S.WRA


@inlined
def set_candidate(time: int, end: int, sequence: int, c: int, b: int, r: int, channel: NDArray) -> None:
    """Remember the command that the mux favours."""
    channel[S.CANDIDATE_TIME] = time
    channel[S.CANDIDATE_END] = end
    channel[S.CANDIDATE_SEQUENCE] = sequence
    channel[S.CANDIDATE_COMMAND] = c
    channel[S.CANDIDATE_BANK] = b
    channel[S.CANDIDATE_RANK] = r


@inlined
def choose(
    now: int,
    bank: NDArray,
    group: NDArray,
    rank: NDArray,
    channel: NDArray,
    active: NDArray,
    burst: NDArray,
    command: NDArray,
    design: NDArray,
    memory: NDArray,
) -> None:
    """Set the candidate: the proposal that ends first, ties to the oldest request.

    With a column bus of their own, the best row and the best column command are found apart and
    the one that starts first is taken.
    """
    strict = design[S.COMMAND_MUX] == S.STRICT
    attention = channel[S.ATTENTION] != 0
    best_row, best_column = NOTHING, NOTHING
    for slot in range(channel[S.N_ACTIVE]):
        b = active[slot]
        if attention and rank[bank[b, S.RANK_OF], S.SILENT]:
            continue
        c = bank[b, S.PROPOSAL]
        pick = bank[b, S.PICK]
        if strict and is_column(c) and pick != channel[S.NEXT_COLUMN]:
            continue
        time = bank_command_time(b, c, now, bank, group, rank, channel, command)
        key = ((time + command[c, S.LENGTH] - now) << SEQUENCE_BITS) | (pick + 1)
        if command[c, S.BUS]:
            best_column = min(best_column, key)
        else:
            best_row = min(best_row, key)
    channel[S.CANDIDATE_TIME] = S.FAR
    channel[S.CANDIDATE_END] = S.FAR
    channel[S.CANDIDATE_SEQUENCE] = SEQUENCE_MASK
    if best_row != NOTHING:
        adopt_bank_key(best_row, now, bank, channel, burst, command)
    if attention:
        choose_rank_commands(now, rank, channel, command, memory)
    if best_column != NOTHING:
        adopt_column_key(best_column, now, bank, channel, burst, command)


@inlined
def adopt_bank_key(
    key: int, now: int, bank: NDArray, channel: NDArray, burst: NDArray, command: NDArray
) -> None:
    """Make a packed bank proposal the candidate."""
    end = (key >> SEQUENCE_BITS) + now
    sequence = key & SEQUENCE_MASK
    b = burst[sequence - 1, S.BURST_BANK]
    c = bank[b, S.PROPOSAL]
    r = bank[b, S.RANK_OF]
    set_candidate(end - command[c, S.LENGTH], end, sequence, c, b, r, channel)


@inlined
def adopt_column_key(
    key: int, now: int, bank: NDArray, channel: NDArray, burst: NDArray, command: NDArray
) -> None:
    """Make a packed column proposal the candidate if it starts before the row candidate."""
    sequence = key & SEQUENCE_MASK
    c = bank[burst[sequence - 1, S.BURST_BANK], S.PROPOSAL]
    time = (key >> SEQUENCE_BITS) + now - command[c, S.LENGTH]
    earlier = time < channel[S.CANDIDATE_TIME]
    older = time == channel[S.CANDIDATE_TIME] and sequence < channel[S.CANDIDATE_SEQUENCE]
    if earlier or older:
        adopt_bank_key(key, now, bank, channel, burst, command)


@helper
def choose_rank_commands(
    now: int, rank: NDArray, channel: NDArray, command: NDArray, memory: NDArray
) -> None:
    """Let the refresh and power-down managers compete with the row candidate."""
    for r in range(memory[S.N_RANKS]):
        if rank[r, S.POWER_COMMAND] != S.NO_COMMAND:
            compete(rank[r, S.POWER_COMMAND], LAST_SEQUENCE, r, now, rank, channel, command)
        elif rank[r, S.REFRESH_COMMAND] != S.NO_COMMAND:
            compete(rank[r, S.REFRESH_COMMAND], 0, r, now, rank, channel, command)


@inlined
def compete(
    c: int, sequence: int, r: int, now: int, rank: NDArray, channel: NDArray, command: NDArray
) -> None:
    """Make a rank command the candidate if it beats the present one."""
    time = max(max(now, rank[r, c]), channel[S.ROW_BUS_FREE])
    end = time + command[c, S.LENGTH]
    sooner = end < channel[S.CANDIDATE_END]
    older = end == channel[S.CANDIDATE_END] and sequence < channel[S.CANDIDATE_SEQUENCE]
    if sooner or older:
        set_candidate(time, end, sequence, c, S.NONE, r, channel)


@inlined
def reconsider(
    b: int,
    now: int,
    bank: NDArray,
    group: NDArray,
    rank: NDArray,
    channel: NDArray,
    command: NDArray,
    design: NDArray,
) -> None:
    """Let a new proposal of bank ``b``, not the candidate's bank, compete (one command bus)."""
    c, pick = bank[b, S.PROPOSAL], bank[b, S.PICK]
    if rank[bank[b, S.RANK_OF], S.SILENT]:
        return
    if design[S.COMMAND_MUX] == S.STRICT and is_column(c) and pick != channel[S.NEXT_COLUMN]:
        return
    time = bank_command_time(b, c, now, bank, group, rank, channel, command)
    end = time + command[c, S.LENGTH]
    sooner = end < channel[S.CANDIDATE_END]
    older = end == channel[S.CANDIDATE_END] and pick + 1 < channel[S.CANDIDATE_SEQUENCE]
    if sooner or older:
        set_candidate(time, end, pick + 1, c, b, bank[b, S.RANK_OF], channel)
