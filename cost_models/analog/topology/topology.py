"""Which devices a circuit has and how they are connected; no sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from archgym.cost_models.analog.netlist import GROUND as GROUND_NODE
from archgym.cost_models.analog.netlist import Netlist
from archgym.cost_models.analog.topology.tokens import (
    GROUND,
    MINUS,
    OUTPUT,
    PLUS,
    SUPPLY,
    TERMINALS,
    TRANSISTORS,
    inner_net,
)

# Node of a bench -> port; other ports are their names in capitals.
PORT_OF_NODE = {
    GROUND_NODE: GROUND,
    "vdd": SUPPLY,
    "inp": PLUS,
    "inn": MINUS,
    "in": PLUS,
    "out": OUTPUT,
}
_KIND_OF_ELEMENT = {"r": "R", "c": "C", "i": "I", "v": "V"}


@dataclass(frozen=True)
class Device:
    """A device and the nets of its terminals, in the order of `tokens.TERMINALS`."""

    kind: str
    nets: tuple[str, ...]

    def net(self, terminal: str) -> str:
        """Return the net of a terminal."""
        return self.nets[TERMINALS[self.kind].index(terminal)]

    @property
    def is_transistor(self) -> bool:
        """Whether it has a channel."""
        return self.kind in TRANSISTORS

    @property
    def ends(self) -> tuple[str, str]:
        """The nets between which current flows: drain and source, or P and N."""
        return (self.nets[0], self.nets[2]) if self.is_transistor else (self.nets[0], self.nets[1])


class Attached(NamedTuple):
    """A device at a net: its place among the devices, and the terminal."""

    place: int
    terminal: str


@dataclass(frozen=True)
class Topology:
    """Devices and how they are connected.

    The device ``NM2`` is the second of kind NM in ``devices``.
    """

    devices: tuple[Device, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each device."""
        seen: Counter[str] = Counter()
        names = []
        for device in self.devices:
            seen[device.kind] += 1
            names.append(f"{device.kind}{seen[device.kind]}")
        return tuple(names)

    @cached_property
    def nets(self) -> tuple[str, ...]:
        """All nets in order of first appearance."""
        return tuple(dict.fromkeys(net for device in self.devices for net in device.nets))

    @cached_property
    def at(self) -> dict[str, tuple[Attached, ...]]:
        """Net -> what is attached to it."""
        found: dict[str, list[Attached]] = {net: [] for net in self.nets}
        for place, device in enumerate(self.devices):
            for terminal, net in zip(TERMINALS[device.kind], device.nets, strict=True):
                found[net].append(Attached(place, terminal))
        return {net: tuple(attached) for net, attached in found.items()}

    def of_kind(self, *kinds: str) -> Iterator[Device]:
        """Yield the devices of some kinds."""
        return (device for device in self.devices if device.kind in kinds)


def renumbered(devices: Iterable[Device], ports: Iterable[str] = ()) -> Topology:
    """Return devices with nets inside called N1, N2, ... in order of first appearance.

    Args:
        devices: In the order that they keep.
        ports: Nets that keep their names.
    """
    names = {port: port for port in ports}
    inside = 0
    result = []
    for device in devices:
        for net in device.nets:
            if net not in names:
                inside += 1
                names[net] = inner_net(inside)
        result.append(Device(device.kind, tuple(names[net] for net in device.nets)))
    return Topology(tuple(result))


def topology_of(netlist: Netlist) -> Topology:
    """Return the topology of a netlist; ports that no element touches are lost."""
    ports = {node: PORT_OF_NODE.get(node, node.upper()) for node in (GROUND_NODE, *netlist.ports)}
    devices = []
    for element in netlist.elements:
        kind = _KIND_OF_ELEMENT.get(element.kind) or TRANSISTORS[element.polarity < 0]
        # A colon keeps nodes apart from ports of the same name.
        nets = tuple(ports.get(node, f":{node}") for node in element.nodes)
        devices.append(Device(kind, nets))
    return renumbered(devices, ports.values())
