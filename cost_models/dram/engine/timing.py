"""What an issued command forbids: the earliest times of all later commands."""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import Array, inlined


@inlined
def occupy_bus(c: int, now: int, s: Run) -> None:
    """Keep the command bus of ``c`` busy for the length of the command."""
    s.channel[S.ROW_BUS_FREE + s.command[c, S.BUS]] = now + s.command[c, S.LENGTH]


@inlined
def delay(row: int, start: int, times: Array, gaps: Array, scope: int, c: int, now: int) -> None:
    """Raise eight earliest times, ``times[row, start:]``, to ``now`` plus their gaps.

    All loads stand before all stores, so that the compiler may use vector instructions although
    it cannot know that the two arrays do not overlap.
    """
    a0 = max(times[row, start], now + gaps[scope, c, start])
    a1 = max(times[row, start + 1], now + gaps[scope, c, start + 1])
    a2 = max(times[row, start + 2], now + gaps[scope, c, start + 2])
    a3 = max(times[row, start + 3], now + gaps[scope, c, start + 3])
    a4 = max(times[row, start + 4], now + gaps[scope, c, start + 4])
    a5 = max(times[row, start + 5], now + gaps[scope, c, start + 5])
    a6 = max(times[row, start + 6], now + gaps[scope, c, start + 6])
    a7 = max(times[row, start + 7], now + gaps[scope, c, start + 7])
    times[row, start], times[row, start + 1] = a0, a1
    times[row, start + 2], times[row, start + 3] = a2, a3
    times[row, start + 4], times[row, start + 5] = a4, a5
    times[row, start + 6], times[row, start + 7] = a6, a7


@inlined
def constrain_bank(b: int, c: int, now: int, s: Run) -> None:
    """Apply the rules within the bank and the bank group of ``b`` after command ``c``."""
    delay(b, 0, s.bank, s.gaps, S.BANK_SCOPE, c, now)
    delay(s.bank[b, S.GROUP_OF], 0, s.group, s.gaps, S.GROUP_SCOPE, c, now)


@inlined
def constrain_rank(r: int, c: int, now: int, s: Run) -> None:
    """Apply the rules within the rank of ``c``, and from it to the other ranks."""
    delay(r, 0, s.rank, s.gaps, S.RANK_SCOPE, c, now)
    delay(r, S.N_BANK_COMMANDS, s.rank, s.gaps, S.RANK_SCOPE, c, now)
    for other in range(s.memory[S.N_RANKS]):
        if other != r:
            delay(other, 0, s.rank, s.gaps, S.OTHER_SCOPE, c, now)
            delay(other, S.N_BANK_COMMANDS, s.rank, s.gaps, S.OTHER_SCOPE, c, now)


@inlined
def constrain_window(r: int, c: int, now: int, s: Run) -> None:
    """Record an activation or refresh and apply the four-activation window of the rank.

    The window is measured between the last bus cycles of the commands.
    """
    s.rank[r, S.RING + s.rank[r, S.RING_POSITION]] = now + s.command[c, S.LENGTH] - 1
    s.rank[r, S.RING_POSITION] = (s.rank[r, S.RING_POSITION] + 1) & 3
    fourth_last = s.rank[r, S.RING + s.rank[r, S.RING_POSITION]]
    limit = fourth_last + s.memory[S.ACTIVATION_WINDOW] + 1
    s.rank[r, S.ACT] = max(s.rank[r, S.ACT], limit - s.command[S.ACT, S.LENGTH])
    if s.design[S.REFRESH_POLICY] > S.ALL_BANK:
        policy = s.design[S.REFRESH_POLICY]
        refresh = s.refresh[policy, S.REFRESH]
        if s.refresh[policy, S.IN_WINDOW]:
            limit -= s.command[refresh, S.LENGTH]
            s.rank[r, refresh] = max(s.rank[r, refresh], limit)
