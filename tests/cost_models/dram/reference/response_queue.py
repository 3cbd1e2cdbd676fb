"""The order in which the controller hands its responses up."""

from __future__ import annotations

from .request import Request


class ResponseQueue:
    """At most one response a cycle; fifo is CAS-issue order, reorder acceptance order."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.waiting: list[Request] = []
        self.next_sequence = 1
        self.last_response = -1

    def insert(self, request: Request) -> None:
        self.waiting.append(request)

    def _head(self) -> Request | None:
        if self.order == "fifo":
            return self.waiting[0] if self.waiting else None
        return next((r for r in self.waiting if r.sequence == self.next_sequence), None)

    def next_time(self) -> int | None:
        """When the next response can go up, as far as is known now."""
        head = self._head()
        if head is None or head.ready is None:
            return None
        return max(head.ready, self.last_response + 1)

    def pop(self, now: int) -> Request | None:
        time = self.next_time()
        head = self._head()
        if head is None or time is None or time > now:
            return None
        self.waiting.remove(head)
        self.next_sequence += 1
        self.last_response = now
        return head
