"""The trace player and the arbiter between it and the controller."""

from __future__ import annotations

from .request import Request


class TracePlayer:
    """Offers its requests strictly in order, the next one only after an acceptance."""

    def __init__(self, requests: list[Request], times: list[int]) -> None:
        self.requests = requests
        self.times = times
        self.position = 0
        self.last_acceptance = -1

    def next_offer(self) -> int | None:
        """Cycle in which the next request is, or was, first offered; None at the end."""
        if self.position == len(self.requests):
            return None
        return max(self.times[self.position], self.last_acceptance + 1)

    def offered(self, now: int) -> Request | None:
        time = self.next_offer()
        if time is None or time > now:
            return None
        request = self.requests[self.position]
        request.offered = time
        return request

    def accept(self, now: int) -> None:
        self.position += 1
        self.last_acceptance = now


class SimpleArbiter:
    """Passes requests and responses straight through: back-pressure is the controller's."""

    def __init__(self, player: TracePlayer) -> None:
        self.player = player
        self.delivered = 0

    def step(self, now: int) -> None:
        """Nothing to do between the controller's activations."""

    def at_controller(self, now: int, arrivals_seen: bool) -> Request | None:
        """The request in front of the controller; one that arrives now may not be seen yet."""
        request = self.player.offered(now)
        if request is None or (request.offered == now and not arrivals_seen):
            return None
        return request

    def arrives_at(self) -> int | None:
        return self.player.next_offer()

    def accepted_by_controller(self, now: int) -> None:
        self.player.accept(now)

    def receive(self, response: Request, now: int) -> None:
        response.delivered = now
        self.delivered += 1

    def next_delivery(self) -> int | None:
        return None

    def next_acceptance(self) -> int | None:
        return None


class QueueingArbiter:
    """Accepts while fewer than the limit of transactions are active, into one queue.

    ``in_issue_order`` is the difference between the reorder and the fifo arbiter.
    """

    def __init__(self, player: TracePlayer, limit: int, in_issue_order: bool) -> None:
        self.player = player
        self.limit = limit
        self.in_issue_order = in_issue_order
        self.active = 0
        self.queue: list[tuple[Request, int]] = []  # with the time of acceptance
        self.last_controller_acceptance = -1
        self.responses: list[Request] = []
        self.next_index = 0
        self.last_delivery = -1
        self.delivered = 0

    def step(self, now: int) -> None:
        """Deliver one response, then accept an offered request if there is credit."""
        self._deliver(now)
        request = self.player.offered(now)
        if request is not None and self.active < self.limit:
            self.player.accept(now)
            self.active += 1
            self.queue.append((request, now))

    def _deliver(self, now: int) -> None:
        response = self._deliverable()
        if response is None or now <= self.last_delivery:
            return
        self.responses.remove(response)
        response.delivered = self.last_delivery = now
        self.next_index = response.index + 1
        self.active -= 1
        self.delivered += 1

    def _deliverable(self) -> Request | None:
        if self.in_issue_order:
            return next((r for r in self.responses if r.index == self.next_index), None)
        return self.responses[0] if self.responses else None

    def at_controller(self, now: int, arrivals_seen: bool) -> Request | None:
        time = self.arrives_at()
        if time is None or time > now:
            return None
        request, accepted = self.queue[0]
        straight_through = accepted > self.last_controller_acceptance
        if time == now and straight_through and not arrivals_seen:
            return None
        return request

    def arrives_at(self) -> int | None:
        if not self.queue:
            return None
        return max(self.queue[0][1], self.last_controller_acceptance + 1)

    def accepted_by_controller(self, now: int) -> None:
        self.queue.pop(0)
        self.last_controller_acceptance = now

    def receive(self, response: Request, now: int) -> None:
        self.responses.append(response)

    def next_delivery(self) -> int | None:
        return None if self._deliverable() is None else self.last_delivery + 1

    def next_acceptance(self) -> int | None:
        return self.player.next_offer() if self.active < self.limit else None
