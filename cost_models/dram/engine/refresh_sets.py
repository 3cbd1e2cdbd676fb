"""Refreshing some banks of a rank at a time: which set is next, and when.

Source of the semantics: DRAMSys v5.0, managers for per-bank, same-bank and per-2-bank refresh,
save that a forced refresh blocks its banks before it closes them: row hits cannot delay it.
"""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined


@inlined
def scheme(field: int, s: Run) -> int:
    """Return a field of the refresh policy in force."""
    return int(s.refresh[s.design[S.REFRESH_POLICY], field])


@inlined
def first_of_set(r: int, index: int, s: Run) -> int:
    """Return the first bank of set ``index`` of a rank."""
    size, stride = scheme(S.SET_SIZE, s), scheme(S.SET_STRIDE, s)
    within = index // stride * stride * size + index % stride
    return int(r * s.memory[S.BANKS_PER_RANK] + within)


@helper
def begin_round(r: int, s: Run) -> None:
    """Let all sets of a rank wait for their refresh."""
    s.rank[r, S.SETS_LEFT] = scheme(S.N_SETS, s)
    s.rank[r, S.SET_CHOSEN] = 0
    for index in range(scheme(S.N_SETS, s)):
        first = first_of_set(r, index, s)
        s.bank[first, S.IN_ROUND] = 0
        block_set(first, 0, s)


@helper
def waiting_set(r: int, idle: bool, s: Run) -> int:
    """Return the first bank of the first set left in this round, or of the first idle one.

    NONE if no set left is idle.
    """
    for index in range(scheme(S.N_SETS, s)):
        first = first_of_set(r, index, s)
        if not s.bank[first, S.IN_ROUND] and not (idle and is_busy(first, s)):
            return first
    return int(S.NONE)


@helper
def is_busy(first: int, s: Run) -> bool:
    """Return whether a bank machine of a set works on a burst."""
    for k in range(scheme(S.SET_SIZE, s)):
        if s.bank[first + k * scheme(S.SET_STRIDE, s), S.PICK] != S.NONE:
            return True
    return False


@helper
def propose_set_refresh(r: int, s: Run) -> None:
    """Propose to refresh a set or to close its banks; or postpone."""
    if choose_set(r, s):
        first = s.rank[r, S.REFRESH_SET]
        propose_for_set(r, first, s)


@inlined
def choose_set(r: int, s: Run) -> bool:
    """Choose the set that is refreshed next; return False where that is put off."""
    n_sets = scheme(S.N_SETS, s)
    forced = s.rank[r, S.FLEXIBILITY] == s.design[S.MAX_POSTPONED] * n_sets
    forced = forced and not s.rank[r, S.PULLED_IN]
    if not s.rank[r, S.SET_CHOSEN]:
        first = waiting_set(r, True, s)
        if first == S.NONE and not forced:
            if s.rank[r, S.PULLED_IN]:
                s.rank[r, S.PULLED_IN] = 0
            else:
                s.rank[r, S.FLEXIBILITY] += 1
            s.rank[r, S.DUE] += scheme(S.INTERVAL, s)
            return False
        s.rank[r, S.REFRESH_SET] = waiting_set(r, False, s) if first == S.NONE else first
    if forced:
        s.rank[r, S.SET_CHOSEN] = 1
        block_set(s.rank[r, S.REFRESH_SET], 1, s)
    return True


@helper
def block_set(first: int, blocked: int, s: Run) -> None:
    """Let the bank machines of a set propose nothing, or let them go."""
    for k in range(scheme(S.SET_SIZE, s)):
        b = first + k * scheme(S.SET_STRIDE, s)
        s.bank[b, S.BLOCKED_BANK] = blocked
        if blocked:
            s.bank[b, S.PROPOSAL] = S.NO_COMMAND


@inlined
def propose_for_set(r: int, first: int, s: Run) -> None:
    """Propose the command that takes the set nearer to its refresh.

    Where a standard refreshes the same bank of every group, one command closes these banks; else
    open banks are closed one by one.
    """
    command = scheme(S.REFRESH, s)
    s.rank[r, S.REFRESH_COMMAND] = command
    s.rank[r, S.REFRESH_BANK] = first
    for k in range(scheme(S.SET_SIZE, s)):
        b = first + k * scheme(S.SET_STRIDE, s)
        if s.bank[b, S.OPEN_ROW] != S.NONE:
            together = command == S.REFSB and scheme(S.SET_SIZE, s) > 1
            s.rank[r, S.REFRESH_COMMAND] = S.PRESB if together else S.PRE
            s.rank[r, S.REFRESH_BANK] = first if together else b
            return


@helper
def set_was_refreshed(r: int, now: int, s: Run) -> None:
    """Update the refresh manager of a rank after the refresh of a set."""
    first, command = s.rank[r, S.REFRESH_SET], scheme(S.REFRESH, s)
    block_set(first, 0, s)
    s.rank[r, S.SET_CHOSEN] = 0
    s.bank[first, S.IN_ROUND] = 1
    s.rank[r, S.SETS_LEFT] -= 1
    if s.rank[r, S.SETS_LEFT] == 0:
        begin_round(r, s)
        s.rank[r, command] = max(s.rank[r, command], now + scheme(S.NEW_ROUND, s))
    s.rank[r, S.FLEXIBILITY] -= s.rank[r, S.PULLED_IN]
    s.rank[r, S.PULLED_IN] = 1
    if s.rank[r, S.FLEXIBILITY] == -s.design[S.MAX_PULLED_IN] * scheme(S.N_SETS, s):
        s.rank[r, S.PULLED_IN] = 0
        s.rank[r, S.DUE] += scheme(S.INTERVAL, s)
    if s.rank[r, S.IDLE]:
        s.rank[r, S.ENTRY] = 1
