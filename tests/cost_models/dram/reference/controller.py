"""The controller: one activation after another, in the order of the published semantics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import commands
from .arbiter import QueueingArbiter, SimpleArbiter
from .bank_machine import BankMachine
from .command_mux import POWER_DOWN_NUMBER, REFRESH_NUMBER, CommandMux, Proposal
from .knobs import ReferenceKnobs
from .memory import Memory
from .power_down import PowerDownManager
from .refresh import NEVER, RefreshManager, SetRefreshManager
from .response_queue import ResponseQueue
from .scheduler import Scheduler
from .timing import TimingChecker

SET_POLICIES = ("per_bank", "same_bank", "per_2_bank")


@dataclass(frozen=True)
class LoggedCommand:
    """``bank``, ``row`` (opened, used or closed) and ``request`` are None for rank commands."""

    cycle: int
    command: str
    rank: int
    bank: int | None
    row: int | None
    request: int | None


def data_end(memory: Memory, command: str) -> int:
    """Cycles from the CAS to the end of its data burst."""
    t = memory.timing
    is_read = command in commands.READS
    if memory.standard == "LPDDR4":
        latency = t.RL + t.DQSCK if is_read else t.WL + t.DQSS + t.DQS2DQ
        return int(latency + t.BURST + 3)
    if memory.standard == "DDR5":  # two-cycle commands are timed from the second cycle
        return int((t.RL if is_read else t.WL) + t.BURST + 1)
    if memory.standard in ("LPDDR5", "GDDR6"):
        latency = t.RL + t.WCK2DQO if is_read else t.WL + t.WCK2DQI
        return int(latency + t.BURST)
    if memory.standard == "HBM2" and is_read:
        return int(t.RL + t.DQSCK + t.BURST)
    return int((t.RL if is_read else t.WL) + t.BURST)


class Controller:
    def __init__(
        self, memory: Memory, knobs: ReferenceKnobs, arbiter: SimpleArbiter | QueueingArbiter
    ) -> None:
        self.memory = memory
        self.arbiter = arbiter
        self.scheduler = Scheduler(memory, knobs)
        self.timing = TimingChecker(memory)
        self.mux = CommandMux(memory.standard, strict=knobs.cmd_mux == "strict")
        self.responses = ResponseQueue(knobs.resp_queue)
        self.machines = [
            BankMachine(bank, knobs.page_policy, self.scheduler) for bank in memory.banks
        ]
        self.power_downs: list[PowerDownManager] = []
        self.refreshes: list[RefreshManager] = []
        for rank in range(memory.ranks):
            machines = self.machines_of(rank)
            power_down = PowerDownManager(knobs, machines)
            self.power_downs.append(power_down)
            manager = SetRefreshManager if knobs.refresh_policy in SET_POLICIES else RefreshManager
            self.refreshes.append(manager(memory, knobs, rank, machines, power_down))
        self.outstanding = [0] * memory.ranks  # accepted requests without a CAS, per rank
        self.accepted = 0
        self.log: list[LoggedCommand] = []
        self.wake: float = 0
        self.wake_set = -1  # in which cycle the wake-up was set

    def machines_of(self, rank: int) -> list[BankMachine]:
        return [self.machines[bank] for bank in self.memory.banks_of_rank(rank)]

    def activate(self, now: int, arrivals_seen: bool) -> None:
        """One activation; afterwards ``wake`` says when the controller wants the next."""
        response = self.responses.pop(now)
        if response is not None:
            self.arbiter.receive(response, now)
        self._accept(now, arrivals_seen)
        self._evaluate_managers(now)

        proposals = self._visible_proposals(now)
        winner = self.mux.select(proposals, self.scheduler.next_sequence)
        issued = winner is not None and winner.legal == now
        if winner is not None and issued:
            self._issue(winner, now, arrivals_seen)

        for machine in self.machines:
            machine.evaluate()
        self._evaluate_managers(now)
        self._set_wake(now, self._next_wake(now, [] if issued else proposals))

    def _set_wake(self, now: int, time: float) -> None:
        """Only an earlier wake-up replaces one that is still to come."""
        if self.wake <= now or time < self.wake:
            self.wake, self.wake_set = time, now

    def _accept(self, now: int, arrivals_seen: bool) -> None:
        request = self.arbiter.at_controller(now, arrivals_seen)
        if request is None or not self.scheduler.has_space():
            return
        self.accepted += 1
        request.sequence = self.accepted
        rank = request.location.rank
        if self.outstanding[rank] == 0:
            self.power_downs[rank].request_for_idle_rank()
        self.outstanding[rank] += 1
        self.scheduler.store(request)
        self.machines[request.location.bank].evaluate()
        self.arbiter.accepted_by_controller(now)

    def _evaluate_managers(self, now: int) -> None:
        for refresh in self.refreshes:
            refresh.evaluate(now)
        for power_down in self.power_downs:
            power_down.evaluate()

    def _visible_proposals(self, now: int) -> list[Proposal]:
        """A power-down manager that proposes something hides the rest of its rank."""
        proposals = []
        for rank in range(self.memory.ranks):
            power_down = self._power_down_proposals(rank, now)
            proposals += power_down or (
                self._refresh_proposals(rank, now) + self._bank_proposals(rank, now)
            )
        return proposals

    def _power_down_proposals(self, rank: int, now: int) -> list[Proposal]:
        command = self.power_downs[rank].command
        return [self._rank_proposal(command, rank, POWER_DOWN_NUMBER, now)] if command else []

    def _refresh_proposals(self, rank: int, now: int) -> list[Proposal]:
        command, banks = self.refreshes[rank].command, self.refreshes[rank].banks
        if command is None:
            return []
        if not banks:
            return [self._rank_proposal(command, rank, REFRESH_NUMBER, now)]
        legal = max(now, *(self.timing.earliest(command, rank, bank) for bank in banks))
        return [Proposal(command, rank, banks[0], None, REFRESH_NUMBER, legal, tuple(banks))]

    def _rank_proposal(self, command: str, rank: int, number: int, now: int) -> Proposal:
        legal = max(now, self.timing.earliest(command, rank, None))
        return Proposal(command, rank, None, None, number, legal)

    def _bank_proposals(self, rank: int, now: int) -> list[Proposal]:
        return [
            self._proposal_of(machine, now)
            for machine in self.machines_of(rank)
            if machine.command is not None
        ]

    def _proposal_of(self, machine: BankMachine, now: int) -> Proposal:
        command, request, bank = machine.command, machine.current, machine.bank
        assert command is not None
        assert request is not None
        assert request.sequence is not None
        rank = self.memory.rank_of(bank)
        legal = max(now, self.timing.earliest(command, rank, bank))
        return Proposal(command, rank, bank, request, request.sequence, legal)

    def _issue(self, winner: Proposal, now: int, arrivals_seen: bool) -> None:
        command, rank = winner.command, winner.rank
        self._log(winner, now)
        banks = list(winner.banks) if winner.banks else [winner.bank]
        self.timing.issue(command, rank, banks, now)
        addressed = self.machines_of(rank)
        if winner.bank is not None:
            addressed = [self.machines[bank] for bank in banks if bank is not None]
        for machine in addressed:
            machine.update(command)
        self.refreshes[rank].update(command, now)
        self._begin_round(command, rank)
        self.power_downs[rank].update(command)
        if command in commands.CAS:
            self._finish(winner, now, arrivals_seen)
        if self.outstanding[rank] == 0:
            self.power_downs[rank].rank_became_idle()

    def _begin_round(self, command: str, rank: int) -> None:
        """The first refresh of a round over all banks keeps its distance from the last round's."""
        manager = self.refreshes[rank]
        if isinstance(manager, SetRefreshManager) and command == manager.policy.command:
            at_start = len(manager.remaining) == len(manager.policy.sets)
            self.timing.extra[command, rank] = manager.policy.first_of_round if at_start else 0

    def _finish(self, winner: Proposal, now: int, arrivals_seen: bool) -> None:
        """A CAS frees its buffer entry at once and queues its response."""
        request = winner.request
        assert request is not None
        self.scheduler.remove(request)
        self._accept(now, arrivals_seen)
        request.ready = now + data_end(self.memory, winner.command)
        self.responses.insert(request)
        self.outstanding[winner.rank] -= 1

    def _log(self, winner: Proposal, now: int) -> None:
        request, row = winner.request, None
        if winner.command == "PRE" and winner.bank is not None:
            row = self.machines[winner.bank].open_row
        elif request is not None:
            row = request.location.row
        index = None if request is None else request.index
        self.log.append(LoggedCommand(now, winner.command, winner.rank, winner.bank, row, index))

    def _next_wake(self, now: int, passed_over: list[Proposal]) -> float:
        """The next cycle in which something is due.

        What was passed over now does not count; what the multiplexer has not seen yet does.
        """
        times: list[float] = [refresh.due for refresh in self.refreshes if refresh.due > now]
        for rank in range(self.memory.ranks):
            for propose in self._all_sources():
                times += [p.legal for p in propose(rank, now) if p.legal > now or not passed_over]
        times += [p.legal for p in self._visible_proposals(now) if p not in passed_over]
        return min(times, default=NEVER)

    def _all_sources(self) -> tuple[Callable[[int, int], list[Proposal]], ...]:
        return self._power_down_proposals, self._refresh_proposals, self._bank_proposals

    def break_deadlock(self, now: int) -> bool:
        """Give a bank the request whose turn it is under strict order; False if none waits."""
        request = self.scheduler.next_in_order()
        if request is None:
            return False
        machine = self.machines[request.location.bank]
        if machine.forced is request:
            return False
        machine.forced = request
        machine.evaluate()
        self._set_wake(now, self._proposal_of(machine, now).legal)
        return True
