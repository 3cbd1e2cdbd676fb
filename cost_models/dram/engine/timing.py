"""What an issued command forbids: the earliest times of all later commands."""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import inlined


@inlined
def occupy_bus(c: int, now: int, channel: NDArray, command: NDArray) -> None:
    """Keep the command bus of ``c`` busy for the length of the command."""
    channel[S.ROW_BUS_FREE + command[c, S.BUS]] = now + command[c, S.LENGTH]


@inlined
def constrain_bank(b: int, c: int, now: int, gaps: NDArray, bank: NDArray, group: NDArray) -> None:
    """Apply the rules within the bank and the bank group of ``b`` after command ``c``."""
    g = bank[b, S.GROUP_OF]
    for later in range(S.N_BANK_COMMANDS):
        bank[b, later] = max(bank[b, later], now + gaps[S.BANK_SCOPE, c, later])
        group[g, later] = max(group[g, later], now + gaps[S.GROUP_SCOPE, c, later])


@inlined
def constrain_rank(
    r: int, c: int, now: int, gaps: NDArray, group: NDArray, rank: NDArray, memory: NDArray
) -> None:
    """Apply the rules within the rank of ``c``, and from it to the other ranks."""
    constrain_one_rank(r, c, S.RANK_SCOPE, now, gaps, group, rank, memory)
    if memory[S.N_RANKS] > 1:
        for other in range(memory[S.N_RANKS]):
            if other != r:
                constrain_one_rank(other, c, S.OTHER_SCOPE, now, gaps, group, rank, memory)


@inlined
def constrain_one_rank(
    r: int,
    c: int,
    scope: int,
    now: int,
    gaps: NDArray,
    group: NDArray,
    rank: NDArray,
    memory: NDArray,
) -> None:
    """Apply rules of ``scope``; those on bank commands are kept with the rank's groups."""
    first = r * memory[S.GROUPS_PER_RANK]
    for g in range(first, first + memory[S.GROUPS_PER_RANK]):
        for later in range(S.N_BANK_COMMANDS):
            group[g, later] = max(group[g, later], now + gaps[scope, c, later])
    for later in range(S.N_BANK_COMMANDS, S.N_ALL_COMMANDS):
        rank[r, later] = max(rank[r, later], now + gaps[scope, c, later])


@inlined
def constrain_window(
    r: int, now: int, group: NDArray, rank: NDArray, command: NDArray, memory: NDArray
) -> None:
    """Record an activation and apply the four-activation window of the rank.

    The window is measured between the last bus cycles of the commands.
    """
    last_cycle = command[S.ACT, S.LENGTH] - 1
    rank[r, S.RING + rank[r, S.RING_POSITION]] = now + last_cycle
    rank[r, S.RING_POSITION] = (rank[r, S.RING_POSITION] + 1) & 3
    fourth_last = rank[r, S.RING + rank[r, S.RING_POSITION]]
    limit = fourth_last + memory[S.ACTIVATION_WINDOW] - last_cycle
    first = r * memory[S.GROUPS_PER_RANK]
    for g in range(first, first + memory[S.GROUPS_PER_RANK]):
        group[g, S.ACT] = max(group[g, S.ACT], limit)
