"""A circuit as a closed walk that crosses every pin.

The walk goes from net to net through devices: ``VSS NM1_S NM1_D N1 ...``, in at one pin, out at
another of the same device. It is an Eulerian circuit of the multigraph of nets in which each
device is one or two passages (a transistor has four pins). Nets with an odd number of passages, or
parts that no passage joins, get further passages through devices that are there already.

The idea is AnalogGenie's (Gao et al., ICLR 2025); the passages through devices are our own, which
make walks about half as long as with every connection walked in both directions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np

from archgym.cost_models.analog.topology.tokens import (
    GROUND,
    TERMINALS,
    inner_net,
    is_inner,
)
from archgym.cost_models.analog.topology.topology import Topology

# How the pins of a transistor may be crossed two by two; the first is that of canonical walks.
_PAIRINGS = ((("D", "S"), ("G", "B")), (("D", "G"), ("S", "B")), (("D", "B"), ("G", "S")))
Walk = tuple[str, ...]
T = TypeVar("T")


class _Passage(NamedTuple):
    """A way through a device from one net to another, or back to the same."""

    place: int
    into: str
    out: str
    start: str
    end: str

    def reversed(self) -> _Passage:
        return _Passage(self.place, self.out, self.into, self.end, self.start)


def encode(topology: Topology, rng: np.random.Generator | None = None) -> Walk:
    """Return a walk of a circuit; without a generator always the same one.

    Devices and nets inside are numbered in the order in which the walk meets them.

    Args:
        topology: The circuit; it must touch VSS.
        rng: Draws pairings of pins, directions and the order of passages.

    Raises:
        ValueError: The circuit is not connected, or does not touch VSS.
    """
    if GROUND not in topology.nets:
        raise ValueError(f"the circuit does not touch {GROUND}, where walks begin")
    every = _shuffled(list(_all_passages(topology)), rng)
    passages = list(_needed(topology, rng))
    passages += _joining(topology, passages, every)
    passages += _evening(passages, every)
    return _named(topology, _circuit(_shuffled(passages, rng), rng))


def _all_passages(topology: Topology) -> Iterator[_Passage]:
    for place, device in enumerate(topology.devices):
        for into, out in combinations(TERMINALS[device.kind], 2):
            yield _Passage(place, into, out, device.net(into), device.net(out))


def _needed(topology: Topology, rng: np.random.Generator | None) -> Iterator[_Passage]:
    """Yield passages that cross every pin once."""
    for place, device in enumerate(topology.devices):
        pairs: Sequence[tuple[str, str]] = (("P", "N"),)
        if device.is_transistor:
            pairs = _PAIRINGS[0 if rng is None else int(rng.integers(len(_PAIRINGS)))]
        for into, out in pairs:
            yield _Passage(place, into, out, device.net(into), device.net(out))


def _joining(
    topology: Topology, passages: list[_Passage], every: Sequence[_Passage]
) -> list[_Passage]:
    """Return passages that join the parts which the others leave apart."""
    leader = {net: net for net in topology.nets}

    def find(net: str) -> str:
        while leader[net] != net:
            net = leader[net]
        return net

    added = []
    for own, candidates in ((True, passages), (False, every)):
        for passage in candidates:
            first, second = find(passage.start), find(passage.end)
            if first != second:
                leader[first] = second
                if not own:
                    added.append(passage)
    if len({find(net) for net in topology.nets}) > 1:
        raise ValueError("the circuit is not connected")
    return added


def _evening(passages: list[_Passage], every: Sequence[_Passage]) -> list[_Passage]:
    """Return passages after which every net is entered as often as it is left."""
    odd: dict[str, None] = {}
    for passage in passages:
        for net in (passage.start, passage.end):
            if net in odd:
                del odd[net]
            else:
                odd[net] = None
    added = []
    while odd:
        start = next(iter(odd))
        path = _path_to_any(start, odd, every)
        added += path
        del odd[start], odd[path[-1].end]
    return added


def _path_to_any(start: str, goals: dict[str, None], every: Sequence[_Passage]) -> list[_Passage]:
    """Return the shortest path from a net to another one of the goals."""
    came: dict[str, _Passage] = {}
    waiting = deque([start])
    while waiting:
        net = waiting.popleft()
        for passage in every:
            for step in (passage, passage.reversed()):
                if step.start != net or step.end == start or step.end in came:
                    continue
                came[step.end] = step
                waiting.append(step.end)
                if step.end in goals:
                    return _trace(came, step.end, start)
    raise ValueError("the circuit is not connected")


def _trace(came: dict[str, _Passage], end: str, start: str) -> list[_Passage]:
    path = []
    while end != start:
        path.append(came[end])
        end = came[end].start
    return path[::-1]


def _circuit(passages: list[_Passage], rng: np.random.Generator | None) -> list[_Passage]:
    """Return the passages as one closed walk from ground (Hierholzer)."""
    leaving: dict[str, list[tuple[int, _Passage]]] = {}
    for index, passage in enumerate(passages):
        ways = [passage, passage.reversed()]
        for way in _shuffled(ways, rng):
            leaving.setdefault(way.start, []).append((index, way))
    used = [False] * len(passages)
    trail: list[_Passage | None] = [None]
    walk: list[_Passage] = []
    while trail:
        last = trail[-1]
        net = GROUND if last is None else last.end
        ways_out = leaving.get(net, [])
        while ways_out and used[ways_out[-1][0]]:
            ways_out.pop()
        if ways_out:
            index, way = ways_out.pop()
            used[index] = True
            trail.append(way)
        else:
            trail.pop()
            if last is not None:
                walk.append(last)
    return walk[::-1]


def _named(topology: Topology, walk: list[_Passage]) -> Walk:
    """Return the words of a walk, devices and nets inside numbered as they are met."""
    nets: dict[str, str] = {}
    devices: dict[int, str] = {}
    counts: dict[str, int] = {}

    def net_name(net: str) -> str:
        if not is_inner(net):
            return net
        return nets.setdefault(net, inner_net(len(nets) + 1))

    def device_name(place: int) -> str:
        if place not in devices:
            kind = topology.devices[place].kind
            counts[kind] = counts.get(kind, 0) + 1
            devices[place] = f"{kind}{counts[kind]}"
        return devices[place]

    words = [GROUND]
    for passage in walk:
        name = device_name(passage.place)
        words += [f"{name}_{passage.into}", f"{name}_{passage.out}", net_name(passage.end)]
    return tuple(words)


def _shuffled(items: list[T], rng: np.random.Generator | None) -> list[T]:
    if rng is None:
        return items
    return [items[at] for at in rng.permutation(len(items)).tolist()]
