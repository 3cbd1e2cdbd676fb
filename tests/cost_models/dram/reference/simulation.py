"""Run a whole trace through the reference controller."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from .arbiter import QueueingArbiter, SimpleArbiter, TracePlayer
from .controller import Controller, LoggedCommand
from .knobs import ReferenceKnobs
from .memory import Memory
from .request import Request


class NoProgressError(AssertionError):
    """Requests are left but nothing will ever happen again: a defect of the reference."""


@dataclass(frozen=True)
class ReferenceResult:
    """``latencies`` are cycles from offer (``offered``) to delivery, in trace order."""

    total_cycles: int
    total_time_ns: float
    offered: list[int]
    latencies: list[int]
    is_write: list[bool]
    log: list[LoggedCommand]
    counts: Counter[str]

    def mean_read_latency(self) -> float:
        reads = [
            latency
            for latency, write in zip(self.latencies, self.is_write, strict=True)
            if not write
        ]
        return sum(reads) / len(reads)


def make_requests(
    memory: Memory, knobs: ReferenceKnobs, writes: list[int], addresses: list[int]
) -> list[Request]:
    """One burst per request, aligned down."""
    requests = []
    for index, (write, address) in enumerate(zip(writes, addresses, strict=True)):
        aligned = address - address % memory.bytes_per_burst
        location = memory.locate(aligned, knobs.address_mapping)
        requests.append(Request(index, bool(write), aligned, location))
    return requests


def simulate_reference(
    memory: Memory,
    knobs: ReferenceKnobs,
    times: list[int],
    writes: list[int],
    addresses: list[int],
) -> ReferenceResult:
    """Times are cycles of the memory clock."""
    requests = make_requests(memory, knobs, writes, addresses)
    player = TracePlayer(requests, times)
    arbiter = (
        SimpleArbiter(player)
        if knobs.arbiter == "simple"
        else QueueingArbiter(
            player, knobs.max_active_transactions, in_issue_order=knobs.arbiter == "reorder"
        )
    )
    controller = Controller(memory, knobs, arbiter)
    now = 0
    while True:
        _cycle(controller, arbiter, now)
        if arbiter.delivered == len(requests):
            return _result(memory, controller, requests)
        now = _next_cycle(controller, arbiter, now)


def _cycle(controller: Controller, arbiter: SimpleArbiter | QueueingArbiter, now: int) -> None:
    """First the controller's own wake-up, then what arrives now, then the other bus."""
    controller.activate(now, arrivals_seen=_arrival_comes_first(controller, arbiter))
    if isinstance(arbiter, QueueingArbiter):
        while controller.wake == now:
            controller.activate(now, arrivals_seen=False)
    arbiter.step(now)
    if arbiter.arrives_at() == now:
        controller.activate(now, arrivals_seen=True)
    while controller.wake == now:
        controller.activate(now, arrivals_seen=True)


def _arrival_comes_first(controller: Controller, arbiter: SimpleArbiter | QueueingArbiter) -> bool:
    """Events of one cycle run in the order in which they were set.

    An arrival is set when the request before it is accepted, and again whenever a response passes
    through the same event queue of the arbiter.
    """
    if isinstance(arbiter, QueueingArbiter):
        return False
    announced = max(arbiter.player.last_acceptance, controller.responses.last_response)
    return controller.wake_set > announced


def _next_cycle(controller: Controller, arbiter: SimpleArbiter | QueueingArbiter, now: int) -> int:
    """The next cycle in which anything at all can happen."""
    while not (pending := _pending_events(controller, arbiter, now)):
        if not controller.break_deadlock(now):
            raise NoProgressError(f"nothing happens after cycle {now}")
        if controller.wake == now:
            return now
    acceptance = arbiter.next_acceptance()
    if acceptance is not None:
        pending.append(acceptance)
    return int(max(now + 1, min(pending)))


def _pending_events(
    controller: Controller, arbiter: SimpleArbiter | QueueingArbiter, now: int
) -> list[float]:
    """Commands and refreshes due, responses, and an arrival to come or that there is space for."""
    times = [controller.wake, controller.responses.next_time(), arbiter.next_delivery()]
    arrival = arbiter.arrives_at()
    if arrival is None:
        arrival = arbiter.next_acceptance()
    if arrival is not None and (arrival > now or controller.scheduler.has_space()):
        times.append(arrival)
    return [time for time in times if time is not None and time != math.inf]


def _result(memory: Memory, controller: Controller, requests: list[Request]) -> ReferenceResult:
    delivered = [request.delivered for request in requests if request.delivered is not None]
    offered = [request.offered for request in requests if request.offered is not None]
    total_cycles = max(delivered)
    return ReferenceResult(
        total_cycles=total_cycles,
        total_time_ns=total_cycles * memory.period_ps / 1000,
        offered=offered,
        latencies=[end - start for end, start in zip(delivered, offered, strict=True)],
        is_write=[request.is_write for request in requests],
        log=controller.log,
        counts=Counter(entry.command for entry in controller.log),
    )
