"""One form for all circuits that differ in numbering alone.

Devices and nets get ranks, refined by the ranks of their neighbours until nothing changes
(Weisfeiler and Leman, 1968); where devices still tie, the first is told apart and refinement goes
on. Two circuits with the same form are isomorphic. The reverse holds whenever devices that tie are
interchangeable, as they are unless the circuit is as regular as no circuit is.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from archgym.cost_models.analog.topology.encode import Walk, encode
from archgym.cost_models.analog.topology.tokens import is_inner
from archgym.cost_models.analog.topology.topology import Device, Topology, renumbered

_ALIKE = ("R", "C")  # their ends may be exchanged
Ranks = dict[Any, int]


def canonical_walk(topology: Topology) -> Walk:
    """Return the walk of the canonical form.

    Raises:
        ValueError: The circuit is not connected, or does not touch VSS.
    """
    return encode(canonical(topology))


def canonical(topology: Topology) -> Topology:
    """Return a circuit in its canonical form: order of devices, ends of R and C, names of nets."""
    devices, nets = _told_apart(topology)
    order = sorted(range(len(topology.devices)), key=lambda place: devices[place])
    turned = [_turned(topology.devices[place], nets) for place in order]
    return renumbered(turned, [net for net in topology.nets if not is_inner(net)])


def _turned(device: Device, nets: Ranks) -> Device:
    if device.kind in _ALIKE and nets[device.nets[0]] > nets[device.nets[1]]:
        return Device(device.kind, device.nets[::-1])
    return device


def _told_apart(topology: Topology) -> tuple[Ranks, Ranks]:
    """Return ranks of devices (by place) and nets in which no two devices tie."""
    places = range(len(topology.devices))
    devices = _ranked({place: topology.devices[place].kind for place in places})
    nets = _ranked({net: "" if is_inner(net) else net for net in topology.nets})
    while True:
        devices, nets = _refined(topology, devices, nets)
        tied = _first_tie(devices)
        if tied is None:
            return devices, nets
        devices = _ranked({p: (rank, p != tied) for p, rank in devices.items()})


def _refined(topology: Topology, devices: Ranks, nets: Ranks) -> tuple[Ranks, Ranks]:
    count = 0
    while count != (count := len(set(devices.values())) + len(set(nets.values()))):
        nets = _ranked({net: (nets[net], _around(topology, net, devices)) for net in nets})
        devices = _ranked({p: (devices[p], _between(topology.devices[p], nets)) for p in devices})
    return devices, nets


def _around(topology: Topology, net: str, devices: Ranks) -> tuple[tuple[int, str], ...]:
    """Return what is attached to a net."""
    found = [
        (devices[place], "" if topology.devices[place].kind in _ALIKE else terminal)
        for place, terminal in topology.at[net]
    ]
    return tuple(sorted(found))


def _between(device: Device, nets: Ranks) -> tuple[int, ...]:
    """Return the nets of a device."""
    ranks = [nets[net] for net in device.nets]
    return tuple(sorted(ranks) if device.kind in _ALIKE else ranks)


def _first_tie(ranks: Ranks) -> int | None:
    """Return the first device of the lowest rank that several have."""
    seen: dict[int, int] = {}
    tied = []
    for place, rank in ranks.items():
        if rank in seen:
            tied.append((rank, seen[rank]))
        seen.setdefault(rank, place)
    return min(tied)[1] if tied else None


def _ranked(colours: dict[Any, Hashable]) -> Ranks:
    places = {colour: rank for rank, colour in enumerate(sorted(set(colours.values())))}  # type: ignore[type-var]
    return {item: places[colour] for item, colour in colours.items()}
