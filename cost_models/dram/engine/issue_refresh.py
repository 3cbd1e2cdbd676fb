"""Issuing the commands of a refresh that reaches some banks at a time."""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.accounting import account_close, account_set_refresh
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.queues import propose_afresh
from archgym.cost_models.dram.engine.refresh_sets import scheme, set_was_refreshed
from archgym.cost_models.dram.engine.timing import constrain_bank, constrain_window


@inlined
def close_bank(b: int, r: int, time: int, s: Run) -> None:
    """Close a bank whose precharge takes effect, for the energy account, at ``time``."""
    s.rank[r, S.OPEN_BANKS] -= 1
    account_close(r, time, 1, s)
    s.bank[b, S.OPEN_ROW] = S.NONE
    s.bank[b, S.HITS] = 0
    s.bank[b, S.COMMITTED] = 0


@helper
def issue_set_command(r: int, c: int, now: int, s: Run) -> None:
    """Carry out a precharge or a refresh of the set of banks whose turn it is."""
    first, timed_as = s.rank[r, S.REFRESH_BANK], S.PRE if c == S.PRESB else c
    size = 1 if c == S.PRE else scheme(S.SET_SIZE, s)
    for k in range(size):
        b = first + k * scheme(S.SET_STRIDE, s)
        constrain_bank(b, timed_as, now, s)
        if timed_as != S.PRE:
            s.bank[b, S.REFRESHED] += 1
        elif s.bank[b, S.OPEN_ROW] != S.NONE:
            close_bank(b, r, now, s)
    if timed_as != S.PRE:
        finish_set_refresh(r, c, now, s)
    for k in range(size):
        propose_afresh(first + k * scheme(S.SET_STRIDE, s), s)


@inlined
def finish_set_refresh(r: int, c: int, now: int, s: Run) -> None:
    """Update rank, account and refresh manager after the refresh of a set."""
    s.channel[S.REFRESHES_SINCE_COLUMN] += 1
    if scheme(S.IN_WINDOW, s):
        constrain_window(r, c, now, s)
    account_set_refresh(r, now, s)
    set_was_refreshed(r, now, s)
