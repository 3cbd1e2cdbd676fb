"""Which transistors of a circuit are made alike.

Both halves of a differential pair have the same size, and so has whatever stands symmetrically
above and below them: from the pair of inputs, matched nets lead to matched devices and these to
further nets, as in the detection of layout constraints. Transistors that form a current mirror
(same gate, same source) have one length, so that currents are as widths.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from archgym.cost_models.analog.topology.tokens import INPUTS, RAILS, TERMINALS
from archgym.cost_models.analog.topology.topology import Device, Topology

Groups = tuple[int, ...]  # per device, the first device that it is like


def matched(topology: Topology) -> Groups:
    """Return, per device, the place of the first that has the same size: itself or its twin."""
    group = list(range(len(topology.devices)))
    for first, second in _twins(topology):
        group[max(first, second)] = min(first, second)
    return tuple(group)


def same_length(topology: Topology, twins: Groups) -> Groups:
    """Return, per device, the first one that has the same gate length: a mirror's, a twin's."""
    mirrors: dict[tuple[str, str, str], int] = {}
    group = list(twins)
    for place, device in enumerate(topology.devices):
        if device.is_transistor:
            key = (device.kind, device.net("G"), device.net("S"))
            _unite(group, mirrors.setdefault(key, place), place)
    return tuple(group)


def _unite(group: list[int], first: int, second: int) -> None:
    low, high = sorted((group[first], group[second]))
    for place, leader in enumerate(group):
        if leader == high:
            group[place] = low


def _twins(topology: Topology) -> Iterator[tuple[int, int]]:
    """Yield pairs of matched devices, outwards from the inputs."""
    twin_net = {INPUTS[0]: INPUTS[1], INPUTS[1]: INPUTS[0]}
    taken: set[int] = set()
    waiting = deque([INPUTS])
    while waiting:
        for first, second in _candidates(topology, *waiting.popleft()):
            one, other = topology.devices[first], topology.devices[second]
            if first in taken or second in taken or not _alike(one, other, twin_net):
                continue
            taken |= {first, second}
            yield first, second
            for nets in _new_pairs(one, other, twin_net):
                twin_net |= {nets[0]: nets[1], nets[1]: nets[0]}
                waiting.append(nets)


def _candidates(topology: Topology, net: str, twin: str) -> Iterator[tuple[int, int]]:
    """Yield pairs of devices that are attached to two nets by the same terminal."""
    for first, terminal in topology.at.get(net, ()):
        for second, other in topology.at.get(twin, ()):
            if terminal == other and first != second:
                yield first, second


def _alike(one: Device, other: Device, twin_net: dict[str, str]) -> bool:
    """Return whether two devices may be twins.

    Their sources and bulks must be. Gates too, but for the mirror whose input is one of the two.
    """
    if one.kind != other.kind or one.nets == other.nets:
        return False
    if not one.is_transistor:
        return any(a == b for a, b in zip(one.nets, other.nets, strict=True))
    return all(
        one.net(terminal) == other.net(terminal)
        or twin_net.get(one.net(terminal)) == other.net(terminal)
        or (terminal in "SB" and _are_new(one.net(terminal), other.net(terminal), twin_net))
        for terminal in "GSB"
    )


def _are_new(net: str, other: str, twin_net: dict[str, str]) -> bool:
    return net not in (*twin_net, *RAILS) and other not in (*twin_net, *RAILS)


def _new_pairs(one: Device, other: Device, twin_net: dict[str, str]) -> Sequence[tuple[str, str]]:
    pairs = zip(TERMINALS[one.kind], one.nets, other.nets, strict=True)
    return [(net, twin) for _, net, twin in pairs if net != twin and _are_new(net, twin, twin_net)]
