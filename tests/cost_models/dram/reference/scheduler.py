"""The request buffer, and which of a bank's requests its bank machine should work on."""

from __future__ import annotations

from .knobs import ReferenceKnobs
from .memory import Memory
from .request import Request

SEPARATE_QUEUES = ("grp_fr_fcfs", "grp_fr_fcfs_wm")


class Scheduler:
    """One queue per bank, in acceptance order."""

    def __init__(self, memory: Memory, knobs: ReferenceKnobs) -> None:
        self.knobs = knobs
        self.queues: dict[int, list[Request]] = {bank: [] for bank in memory.banks}
        self.bank_of_last_accepted = 0
        self.last_was_write = False
        self.next_sequence = 1
        self.write_mode = False

    def has_space(self) -> bool:
        size = self.knobs.request_buffer_size
        if self.knobs.scheduler_buffer == "bankwise":
            return len(self.queues[self.bank_of_last_accepted]) < size
        queued = [request for queue in self.queues.values() for request in queue]
        writes = sum(request.is_write for request in queued)
        if self.knobs.scheduler_buffer == "read_write":
            return writes < size and len(queued) - writes < size
        return len(queued) < size

    def store(self, request: Request) -> None:
        self.bank_of_last_accepted = request.location.bank
        self.queues[request.location.bank].append(request)
        self._switch_mode()

    def remove(self, request: Request) -> None:
        """Called when the CAS of the request is issued."""
        self.queues[request.location.bank].remove(request)
        self.last_was_write = request.is_write
        if self.knobs.cmd_mux == "strict":
            self.next_sequence += 1
        self._switch_mode()

    def _switch_mode(self) -> None:
        """Between reads and writes, with watermarks on the number of writes."""
        queued = [request for queue in self.queues.values() for request in queue]
        writes = sum(request.is_write for request in queued)
        reads = len(queued) - writes
        if self.write_mode:
            self.write_mode = writes > self.knobs.low_watermark or reads == 0
        else:
            self.write_mode = writes > self.knobs.high_watermark or reads == 0

    def choose(self, bank: int, open_row: int | None) -> Request | None:
        """The request that the bank machine should be given; None if none is queued."""
        queue = self.queues[bank]
        if not queue:
            return None
        hits = [request for request in queue if request.location.row == open_row]
        is_strict = self.knobs.cmd_mux == "strict"
        if is_strict and hits and hits[0].sequence == self.next_sequence:
            return hits[0]  # a younger hit could never be served before it
        if is_strict and self.knobs.scheduler in SEPARATE_QUEUES:
            # Passed over or out of sight, it could never be served.
            turn = [request for request in queue if request.sequence == self.next_sequence]
            if turn:
                return turn[0]
        if self.knobs.scheduler == "grp_fr_fcfs":
            preferred = self._of(bank, self.last_was_write)
            return self._row_hit_first(preferred or queue, open_row)
        if self.knobs.scheduler == "grp_fr_fcfs_wm":
            return self._row_hit_first(self._of(bank, self.write_mode), open_row)
        if self.knobs.scheduler == "fifo" or not hits:
            return queue[0]
        if self.knobs.scheduler == "fr_fcfs":
            return hits[0]
        return self._same_direction(hits) or hits[0]

    def _same_direction(self, hits: list[Request]) -> Request | None:
        for position, request in enumerate(hits):
            older = [other.address for other in hits[:position]]
            if request.is_write == self.last_was_write and request.address not in older:
                return request
        return None

    def _of(self, bank: int, is_write: bool) -> list[Request]:
        """A bank's queue of one direction."""
        return [request for request in self.queues[bank] if request.is_write == is_write]

    def _row_hit_first(self, queue: list[Request], open_row: int | None) -> Request | None:
        hits = [request for request in queue if request.location.row == open_row]
        return next(iter(hits + queue), None)

    def _looked_at(self, bank: int, is_write: bool) -> list[Request]:
        """What a page policy counts while the bank works on a request of one direction."""
        if self.knobs.scheduler == "grp_fr_fcfs":
            return self._of(bank, is_write)
        if self.knobs.scheduler == "grp_fr_fcfs_wm":
            return self._of(bank, self.write_mode)
        return self.queues[bank]

    def has_further_request(self, bank: int, is_write: bool) -> bool:
        return len(self._looked_at(bank, is_write)) >= 2

    def has_further_row_hit(self, bank: int, row: int, is_write: bool) -> bool:
        queue = self._looked_at(bank, is_write)
        if self.knobs.scheduler == "fifo":
            return len(queue) >= 2 and queue[1].location.row == row
        return sum(request.location.row == row for request in queue) >= 2

    def next_in_order(self) -> Request | None:
        """The queued request whose turn it is under the strict command multiplexer."""
        for queue in self.queues.values():
            for request in queue:
                if request.sequence == self.next_sequence:
                    return request
        return None
