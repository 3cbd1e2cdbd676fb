"""The refresh manager and the power-down manager of each rank.

Source of the semantics: DRAMSys v5.0, all-bank refresh with postponing and pulling in, and
staggered power-down; refresh of some banks at a time is in ``refresh_sets``.
"""

from __future__ import annotations

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.arrays import Run
from archgym.cost_models.dram.engine.compiled import helper, inlined
from archgym.cost_models.dram.engine.queues import propose_rank
from archgym.cost_models.dram.engine.refresh_sets import begin_round, propose_set_refresh, scheme


@helper
def evaluate_managers(now: int, s: Run) -> None:
    """Let every manager propose, and find when the next refresh falls due."""
    s.channel[S.NEXT_DUE] = S.FAR
    s.channel[S.NEXT_LATE] = S.FAR
    s.channel[S.ATTENTION] = s.design[S.POWER_DOWN]
    for r in range(s.memory[S.N_RANKS]):
        evaluate_refresh(r, now, s)
        evaluate_power_down(r, s)
        silence(r, s)
        if s.rank[r, S.DUE] > now:
            s.channel[S.NEXT_DUE] = min(s.channel[S.NEXT_DUE], s.rank[r, S.DUE])
        else:
            s.channel[S.ATTENTION] = 1
            late = s.rank[r, S.DUE] + scheme(S.INTERVAL, s)
            if not s.rank[r, S.SLEEPING]:
                s.channel[S.NEXT_LATE] = min(s.channel[S.NEXT_LATE], late)


@inlined
def silence(r: int, s: Run) -> None:
    """Note whether the bank machines of a rank may propose."""
    asleep = s.rank[r, S.BLOCKED] | s.rank[r, S.SLEEPING]
    s.rank[r, S.SILENT] = asleep | (s.rank[r, S.POWER_COMMAND] != S.NO_COMMAND)


@inlined
def evaluate_refresh(r: int, now: int, s: Run) -> None:
    """Propose to precharge or to refresh, or postpone."""
    s.rank[r, S.REFRESH_COMMAND] = S.NO_COMMAND
    if now < s.rank[r, S.DUE]:
        return
    s.rank[r, S.ENTRY] = 0
    if s.rank[r, S.POWER_STATE] != S.AWAKE:
        s.rank[r, S.EXIT] = 1
    if s.rank[r, S.SLEEPING]:
        return
    if now >= s.rank[r, S.DUE] + scheme(S.INTERVAL, s):
        s.rank[r, S.DUE] += scheme(S.INTERVAL, s)
        s.rank[r, S.PULLED_IN] = 0
    if s.design[S.REFRESH_POLICY] != S.ALL_BANK:
        propose_set_refresh(r, s)
    elif wants_refresh(r, s):
        is_open = s.rank[r, S.OPEN_BANKS] > 0
        s.rank[r, S.REFRESH_COMMAND] = S.PREA if is_open else S.REFAB


@inlined
def wants_refresh(r: int, s: Run) -> bool:
    """Decide between refreshing and going on with the requests of the rank."""
    busy = is_rank_busy(r, s)
    if s.rank[r, S.PULLED_IN]:
        if busy:
            s.rank[r, S.PULLED_IN] = 0
            s.rank[r, S.DUE] += scheme(S.INTERVAL, s)
        return not busy
    if s.rank[r, S.FLEXIBILITY] == s.design[S.MAX_POSTPONED]:
        s.rank[r, S.BLOCKED] = 1
        return True
    if busy:
        s.rank[r, S.FLEXIBILITY] += 1
        s.rank[r, S.DUE] += scheme(S.INTERVAL, s)
    return not busy


@inlined
def is_rank_busy(r: int, s: Run) -> bool:
    """Return whether a bank machine of the rank works on a burst.

    With watermarks queued bursts may not be visible to their bank machine.
    """
    if s.rank[r, S.QUEUED] == 0 or s.design[S.SCHEDULER] != S.GRP_FR_FCFS_WM:
        return bool(s.rank[r, S.QUEUED] > 0)
    busy = False
    for b in range(r * s.memory[S.BANKS_PER_RANK], (r + 1) * s.memory[S.BANKS_PER_RANK]):
        busy = busy or s.bank[b, S.PICK] != S.NONE
    return busy


@inlined
def refreshed(r: int, now: int, s: Run) -> None:
    """Update both managers after an all-bank refresh."""
    if s.rank[r, S.SLEEPING]:
        s.rank[r, S.PULLED_IN] = 0
        s.rank[r, S.DUE] = now + scheme(S.INTERVAL, s)
        if s.design[S.REFRESH_POLICY] != S.ALL_BANK:
            begin_round(r, s)
    else:
        if s.rank[r, S.PULLED_IN]:
            s.rank[r, S.FLEXIBILITY] -= 1
        s.rank[r, S.PULLED_IN] = 1
        if s.rank[r, S.FLEXIBILITY] == -s.design[S.MAX_PULLED_IN]:
            s.rank[r, S.PULLED_IN] = 0
            s.rank[r, S.DUE] += scheme(S.INTERVAL, s)
    s.rank[r, S.SLEEPING] = 0
    s.rank[r, S.BLOCKED] = 0
    if s.design[S.SCHEDULER] >= S.GRP_FR_FCFS or s.design[S.REFRESH_POLICY] > S.ALL_BANK:
        propose_rank(r, s)
    if s.rank[r, S.POWER_STATE] == S.EXTRA_REFRESH:
        s.rank[r, S.POWER_STATE] = S.AWAKE
        s.rank[r, S.EXIT] = 0
    elif s.rank[r, S.IDLE]:
        s.rank[r, S.ENTRY] = 1


@inlined
def evaluate_power_down(r: int, s: Run) -> None:
    """Propose an exit, else an entry, else self-refresh; see ``PowerDownManagerStaggered``."""
    state = s.rank[r, S.POWER_STATE]
    proposal = S.NO_COMMAND
    if s.rank[r, S.EXIT]:
        if state == S.ACTIVE_POWER_DOWN:
            proposal = S.PDXA
        elif state == S.PRECHARGE_POWER_DOWN:
            proposal = S.PDXP
        elif state == S.SELF_REFRESH:
            proposal = S.SREFEX
        elif state == S.EXTRA_REFRESH:
            proposal = S.REFAB
    elif s.rank[r, S.ENTRY]:
        proposal = S.PDEA if s.rank[r, S.OPEN_BANKS] > 0 else S.PDEP
    elif s.rank[r, S.WANT_SELF_REFRESH]:
        proposal = S.SREFEN
    s.rank[r, S.POWER_COMMAND] = proposal


@inlined
def request_came(r: int, s: Run) -> None:
    """Wake a rank that had no outstanding request."""
    s.rank[r, S.IDLE] = 0
    s.rank[r, S.WANT_SELF_REFRESH] = 0
    s.rank[r, S.ENTRY] = 0
    if s.rank[r, S.POWER_STATE] != S.AWAKE:
        s.rank[r, S.EXIT] = 1


@inlined
def rank_became_idle(r: int, s: Run) -> None:
    """Arm power-down of a rank whose requests are all served."""
    s.rank[r, S.IDLE] = 1
    if s.rank[r, S.POWER_STATE] == S.AWAKE:
        s.rank[r, S.ENTRY] = 1


@inlined
def fell_asleep(r: int, c: int, s: Run) -> None:
    """Update a rank after PDEA, PDEP or SREFEN."""
    s.rank[r, S.SLEEPING] = 1
    s.rank[r, S.ENTRY] = 0
    if c == S.PDEA:
        s.rank[r, S.POWER_STATE] = S.ACTIVE_POWER_DOWN
    elif c == S.PDEP:
        s.rank[r, S.POWER_STATE] = S.PRECHARGE_POWER_DOWN
    else:
        s.rank[r, S.POWER_STATE] = S.SELF_REFRESH
        s.rank[r, S.WANT_SELF_REFRESH] = 0
        s.rank[r, S.DUE] = S.FAR


@inlined
def woke_up(r: int, c: int, s: Run) -> None:
    """Update a rank after PDXA, PDXP or SREFEX (which a refresh must follow)."""
    if c == S.SREFEX:
        s.rank[r, S.POWER_STATE] = S.EXTRA_REFRESH
        return
    s.rank[r, S.SLEEPING] = 0
    s.rank[r, S.POWER_STATE] = S.AWAKE
    s.rank[r, S.EXIT] = 0
    if s.design[S.SCHEDULER] >= S.GRP_FR_FCFS:
        propose_rank(r, s)
    if c == S.PDXP and s.rank[r, S.IDLE]:
        s.rank[r, S.WANT_SELF_REFRESH] = 1
