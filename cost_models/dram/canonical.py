"""Designs that provably behave alike: each is replaced by one of them, which is simulated once.

Every rule follows from the semantics of the controller; the tests run both sides of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.bursts import Bursts
from archgym.cost_models.dram.commands import COLUMN_COMMANDS
from archgym.cost_models.dram.engine import state as S  # noqa: N812 (names of columns)
from archgym.cost_models.dram.knobs import default_design
from archgym.cost_models.dram.timing import TimingTables

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Circumstances:
    """What memory and trace let one conclude.

    Attributes:
        single_bursts: Each request is one burst.
        one_direction: The trace only reads or only writes.
        in_order: Data come in the order of the column commands, each at a time of its own.
    """

    single_bursts: bool
    one_direction: bool
    in_order: bool


def circumstances(tables: TimingTables, bursts: Bursts) -> Circumstances:
    """Return what is known of runs of a trace on a memory."""
    return Circumstances(
        single_bursts=len(bursts.first) == 0,
        one_direction=bool((bursts.writes == bursts.writes[0]).all()),
        in_order=_data_in_order(tables),
    )


def canonical(codes: Codes, given: Circumstances) -> Codes:
    """Return designs, int64 (n, 15), with equal rows for those that provably behave alike."""
    codes = codes.copy()
    _reset_idle_limits(codes)
    _merge_schedulers(codes, given)
    if given.single_bursts:
        _drop_buffer_that_never_fills(codes)
        _drop_choices_of_one(codes)
    _merge_response_orders(codes, given)
    return codes


def _reset_idle_limits(codes: Codes) -> None:
    """Limits of what does not happen: refresh, a credit limit, watermarks."""
    default = default_design()
    without = codes[:, S.REFRESH_POLICY] == S.NO_REFRESH
    codes[without, S.MAX_POSTPONED] = codes[without, S.MAX_PULLED_IN] = 0
    codes[codes[:, S.ARBITER] == S.SIMPLE_ARBITER, S.MAX_ACTIVE] = 1
    unmarked = codes[:, S.SCHEDULER] != S.GRP_FR_FCFS_WM
    for watermark in (S.HIGH_WATERMARK, S.LOW_WATERMARK):
        codes[unmarked, watermark] = default[watermark]


def _merge_schedulers(codes: Codes, given: Circumstances) -> None:
    """Schedulers that choose alike.

    With one direction of requests there is nothing to group, nor a second queue to fill. (In
    strict order separate queues serve the request whose turn it is sooner.) A bank that closes
    after each access is opened for its oldest request, which is then also the oldest row hit.
    """
    scheduler = codes[:, S.SCHEDULER]
    if given.one_direction:
        strict = codes[:, S.COMMAND_MUX] == S.STRICT
        scheduler[scheduler == S.FR_FCFS_GRP] = S.FR_FCFS
        scheduler[(scheduler >= S.GRP_FR_FCFS) & ~strict] = S.FR_FCFS
        codes[codes[:, S.BUFFER] == S.READ_WRITE, S.BUFFER] = S.SHARED
        _reset_idle_limits(codes)
    closed = codes[:, S.PAGE_POLICY] == S.CLOSED
    scheduler[closed & (scheduler == S.FR_FCFS)] = S.FIFO


def _drop_buffer_that_never_fills(codes: Codes) -> None:
    """No buffer fills that is as large as the number of transactions the arbiter lets run."""
    limited = codes[:, S.ARBITER] != S.SIMPLE_ARBITER
    roomy = limited & (codes[:, S.BUFFER_SIZE] >= codes[:, S.MAX_ACTIVE])
    codes[roomy, S.BUFFER] = S.SHARED
    codes[roomy, S.BUFFER_SIZE] = codes[roomy, S.MAX_ACTIVE]


def _drop_choices_of_one(codes: Codes) -> None:
    """With one request in the scheduler at a time there is nothing to order.

    And "another request", at which the adaptive page policies look, never exists. With one
    transaction at a time there is one response, too.
    """
    single = (codes[:, S.BUFFER] == S.SHARED) & (codes[:, S.BUFFER_SIZE] == 1)
    codes[single, S.SCHEDULER] = S.FIFO
    codes[single, S.COMMAND_MUX] = 0
    codes[single, S.PAGE_POLICY] &= ~1
    alone = single & (codes[:, S.ARBITER] != S.SIMPLE_ARBITER) & (codes[:, S.MAX_ACTIVE] == 1)
    codes[alone, S.ARBITER] = S.REORDER_ARBITER
    codes[alone, S.RESPONSE_QUEUE] = S.IN_ACCEPTANCE_ORDER
    _reset_idle_limits(codes)


def _merge_response_orders(codes: Codes, given: Circumstances) -> None:
    """A queueing arbiter accepts in the order of the trace, so either end may restore it.

    Where data come in the order of the column commands anyway, the response queue need not wait.
    """
    queued = codes[:, S.ARBITER] != S.SIMPLE_ARBITER
    ordered = queued & (codes[:, S.RESPONSE_QUEUE] == S.IN_ACCEPTANCE_ORDER)
    codes[ordered, S.ARBITER] = S.REORDER_ARBITER
    if given.in_order:
        reordered = codes[:, S.ARBITER] == S.REORDER_ARBITER
        codes[reordered, S.RESPONSE_QUEUE] = S.IN_ACCEPTANCE_ORDER


def _data_in_order(tables: TimingTables) -> bool:
    """Return whether each burst ends later than those of all earlier column commands."""
    return all(
        gaps[earlier, later] + tables.data_end[later] > tables.data_end[earlier]
        for gaps in (tables.rank, tables.other)
        for earlier in COLUMN_COMMANDS
        for later in COLUMN_COMMANDS
    )
