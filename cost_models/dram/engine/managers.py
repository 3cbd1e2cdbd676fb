"""The refresh manager and the power-down manager of each rank.

Source of the semantics: DRAMSys v5.0, all-bank refresh with postponing and pulling in, and
staggered power-down.
"""

from __future__ import annotations

from numpy.typing import NDArray

from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of array columns)
from archgym.cost_models.dram.engine.compiled import helper, inlined


@helper
def evaluate_managers(
    now: int, rank: NDArray, channel: NDArray, design: NDArray, memory: NDArray
) -> None:
    """Let every manager propose, and find when the next refresh falls due."""
    channel[S.NEXT_DUE] = S.FAR
    channel[S.ATTENTION] = design[S.POWER_DOWN]
    for r in range(memory[S.N_RANKS]):
        evaluate_refresh(r, now, rank, design, memory)
        evaluate_power_down(r, rank)
        silence(r, rank)
        if rank[r, S.DUE] > now:
            channel[S.NEXT_DUE] = min(channel[S.NEXT_DUE], rank[r, S.DUE])
        else:
            channel[S.ATTENTION] = 1


@inlined
def silence(r: int, rank: NDArray) -> None:
    """Note whether the bank machines of a rank may propose."""
    asleep = rank[r, S.BLOCKED] | rank[r, S.SLEEPING]
    rank[r, S.SILENT] = asleep | (rank[r, S.POWER_COMMAND] != S.NO_COMMAND)


@inlined
def evaluate_refresh(r: int, now: int, rank: NDArray, design: NDArray, memory: NDArray) -> None:
    """Propose precharge-all or refresh, or postpone; see ``RefreshManagerAllBank``."""
    rank[r, S.REFRESH_COMMAND] = S.NO_COMMAND
    if now < rank[r, S.DUE]:
        return
    rank[r, S.ENTRY] = 0
    if rank[r, S.POWER_STATE] != S.AWAKE:
        rank[r, S.EXIT] = 1
    if rank[r, S.SLEEPING]:
        return
    if now >= rank[r, S.DUE] + memory[S.REFRESH_INTERVAL]:
        rank[r, S.DUE] += memory[S.REFRESH_INTERVAL]
        rank[r, S.PULLED_IN] = 0
    if wants_refresh(r, rank, design, memory):
        is_open = rank[r, S.OPEN_BANKS] > 0
        rank[r, S.REFRESH_COMMAND] = S.PREA if is_open else S.REFAB


@inlined
def wants_refresh(r: int, rank: NDArray, design: NDArray, memory: NDArray) -> bool:
    """Decide between refreshing and going on with the requests of the rank."""
    busy = rank[r, S.QUEUED] > 0
    if rank[r, S.PULLED_IN]:
        if busy:
            rank[r, S.PULLED_IN] = 0
            rank[r, S.DUE] += memory[S.REFRESH_INTERVAL]
        return not busy
    if rank[r, S.FLEXIBILITY] == design[S.MAX_POSTPONED]:
        rank[r, S.BLOCKED] = 1
        return True
    if busy:
        rank[r, S.FLEXIBILITY] += 1
        rank[r, S.DUE] += memory[S.REFRESH_INTERVAL]
    return not busy


@inlined
def refreshed(r: int, now: int, rank: NDArray, design: NDArray, memory: NDArray) -> None:
    """Update both managers after an all-bank refresh."""
    if rank[r, S.SLEEPING]:
        rank[r, S.PULLED_IN] = 0
        rank[r, S.DUE] = now + memory[S.REFRESH_INTERVAL]
    else:
        if rank[r, S.PULLED_IN]:
            rank[r, S.FLEXIBILITY] -= 1
        rank[r, S.PULLED_IN] = 1
        if rank[r, S.FLEXIBILITY] == -design[S.MAX_PULLED_IN]:
            rank[r, S.PULLED_IN] = 0
            rank[r, S.DUE] += memory[S.REFRESH_INTERVAL]
    rank[r, S.SLEEPING] = 0
    rank[r, S.BLOCKED] = 0
    if rank[r, S.POWER_STATE] == S.EXTRA_REFRESH:
        rank[r, S.POWER_STATE] = S.AWAKE
        rank[r, S.EXIT] = 0
    elif rank[r, S.IDLE]:
        rank[r, S.ENTRY] = 1


@inlined
def evaluate_power_down(r: int, rank: NDArray) -> None:
    """Propose an exit, else an entry, else self-refresh; see ``PowerDownManagerStaggered``."""
    state = rank[r, S.POWER_STATE]
    proposal = S.NO_COMMAND
    if rank[r, S.EXIT]:
        if state == S.ACTIVE_POWER_DOWN:
            proposal = S.PDXA
        elif state == S.PRECHARGE_POWER_DOWN:
            proposal = S.PDXP
        elif state == S.SELF_REFRESH:
            proposal = S.SREFEX
        elif state == S.EXTRA_REFRESH:
            proposal = S.REFAB
    elif rank[r, S.ENTRY]:
        proposal = S.PDEA if rank[r, S.OPEN_BANKS] > 0 else S.PDEP
    elif rank[r, S.WANT_SELF_REFRESH]:
        proposal = S.SREFEN
    rank[r, S.POWER_COMMAND] = proposal


@inlined
def request_came(r: int, rank: NDArray) -> None:
    """Wake a rank that had no outstanding request."""
    rank[r, S.IDLE] = 0
    rank[r, S.WANT_SELF_REFRESH] = 0
    rank[r, S.ENTRY] = 0
    if rank[r, S.POWER_STATE] != S.AWAKE:
        rank[r, S.EXIT] = 1


@inlined
def rank_became_idle(r: int, rank: NDArray) -> None:
    """Arm power-down of a rank whose requests are all served."""
    rank[r, S.IDLE] = 1
    if rank[r, S.POWER_STATE] == S.AWAKE:
        rank[r, S.ENTRY] = 1


@inlined
def fell_asleep(r: int, c: int, rank: NDArray) -> None:
    """Update a rank after PDEA, PDEP or SREFEN."""
    rank[r, S.SLEEPING] = 1
    rank[r, S.ENTRY] = 0
    if c == S.PDEA:
        rank[r, S.POWER_STATE] = S.ACTIVE_POWER_DOWN
    elif c == S.PDEP:
        rank[r, S.POWER_STATE] = S.PRECHARGE_POWER_DOWN
    else:
        rank[r, S.POWER_STATE] = S.SELF_REFRESH
        rank[r, S.WANT_SELF_REFRESH] = 0
        rank[r, S.DUE] = S.FAR


@inlined
def woke_up(r: int, c: int, rank: NDArray) -> None:
    """Update a rank after PDXA, PDXP or SREFEX (which a refresh must follow)."""
    if c == S.SREFEX:
        rank[r, S.POWER_STATE] = S.EXTRA_REFRESH
        return
    rank[r, S.SLEEPING] = 0
    rank[r, S.POWER_STATE] = S.AWAKE
    rank[r, S.EXIT] = 0
    if c == S.PDXP and rank[r, S.IDLE]:
        rank[r, S.WANT_SELF_REFRESH] = 1
