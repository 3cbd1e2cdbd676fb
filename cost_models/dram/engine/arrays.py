"""The arrays of one run, which every kernel receives as one tuple."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Run(NamedTuple):
    """Inputs, state and results of one run; ``state`` names the columns of the arrays.

    Inputs, shared by all runs of a call:
        times: (requests,), earliest issue, in cycles of the trace clock.
        first: int32 (requests + 1,), first burst of each request; empty if all have one burst.
        owner: int32 (bursts,), request of each burst; empty if all have one burst.
        burst: int32 (bursts, 4), decoded bursts.
        gaps: (4, 16, 16), least distance by scope, earlier and later command.
        command: (17, 5), what timing says of each command.
        memory: (N_MEMORY,), constants of the memory.
        refresh: (policies, N_REFRESH_FIELDS), what one refresh of each policy is.
        design: (15,), knob codes.

    State:
        bank, group, rank, channel: Fields of each bank, bank group, rank, and of the channel.
        active: (banks,), the banks with queued bursts come first.
        link: int32 (bursts, 2), neighbours of a burst in the queue of its bank.
        bursts_left: (requests,), bursts without response; empty if all have one burst.
        ready_at: (bursts,), when a response may leave; used when responses are put in order.
        delivered: (requests,), times of the responses, in order.

    Results:
        latency: (requests,), cycles from offer to response.
        counts: (ranks, N_COUNTS), commands, and cycles by power state.
        log: (commands, 6): cycle, command, rank, bank, row, request; empty if none is kept.
    """

    times: Ints
    first: NDArray[np.int32]
    owner: NDArray[np.int32]
    burst: NDArray[np.int32]
    gaps: Ints
    command: Ints
    memory: Ints
    refresh: Ints
    design: Ints
    bank: Ints
    group: Ints
    rank: Ints
    channel: Ints
    active: Ints
    link: NDArray[np.int32]
    bursts_left: Ints
    ready_at: Ints
    delivered: Ints
    latency: Ints
    counts: Ints
    log: Ints
