"""What makes a circuit an amplifier on the bench, each rule with its reason.

A circuit that keeps all of them has an operating point in which current can flow through every
transistor. Whether it does flow depends on sizes, which the solver decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from archgym.cost_models.analog.topology.conduction import on_supply_paths, reached_from_rails
from archgym.cost_models.analog.topology.tokens import (
    GROUND,
    INPUTS,
    OUTPUT,
    RAILS,
    SUPPLY,
    is_inner,
)
from archgym.cost_models.analog.topology.topology import Device, Topology

PORTS = (GROUND, SUPPLY, *INPUTS, OUTPUT)
BULK_RAIL = {"NM": GROUND, "PM": SUPPLY}
CONDUCTING = ("NM", "PM", "R", "V")  # and the devices through which current flows otherwise: I
_GATE, _BULK = "G", "B"

Rule = Callable[[Topology], Iterator[str]]


class Violation(NamedTuple):
    """A rule that is broken, and where."""

    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"


def violations(topology: Topology) -> list[Violation]:
    """Return what a circuit violates, one entry a place, in the order of `RULES`."""
    return [Violation(name, text) for name, rule in RULES.items() for text in rule(topology)]


def _ports(topology: Topology) -> Iterator[str]:
    for port in PORTS:
        if port not in topology.nets:
            yield f"nothing is connected to {port}"
    for net in topology.nets:
        if net not in PORTS and not is_inner(net):
            yield f"the bench has no port {net}, only {', '.join(PORTS)}"


def _bulk(topology: Topology) -> Iterator[str]:
    for name, device in zip(topology.names, topology.devices, strict=True):
        if device.is_transistor:
            rail, source, bulk = BULK_RAIL[device.kind], device.net("S"), device.net(_BULK)
            if bulk not in (rail, source):
                yield f"{name}_B must be at {rail} or at its source {source}, not {bulk}"


def _inputs(topology: Topology) -> Iterator[str]:
    for port in INPUTS:
        for place, terminal in topology.at.get(port, ()):
            if terminal != _GATE:
                yield f"{port} drives gates alone, not {topology.names[place]}_{terminal}"


def _always_off(topology: Topology) -> Iterator[str]:
    for name, device in zip(topology.names, topology.devices, strict=True):
        if device.is_transistor and device.net(_GATE) == BULK_RAIL[device.kind]:
            yield f"{name} is always off, its gate is at {device.net(_GATE)}"


def _bypassed(topology: Topology) -> Iterator[str]:
    for name, device in zip(topology.names, topology.devices, strict=True):
        first, second = device.ends
        if first == second:
            yield f"both ends of {name} are at {first}"


def _shorted(topology: Topology) -> Iterator[str]:
    tied: dict[str, str] = {}
    for name, device in zip(topology.names, topology.devices, strict=True):
        if device.kind != "V":
            continue
        free = [net for net in device.nets if net not in RAILS]
        if len(free) != 1 or not is_inner(free[0]) or not _is_at_rail(device):
            yield f"{name} must have P at {SUPPLY} or N at {GROUND}, its other end inside"
        elif free[0] in tied:
            yield f"{name} and {tied[free[0]]} are voltage sources in parallel"
        else:
            tied[free[0]] = name


def _free_energy(topology: Topology) -> Iterator[str]:
    """Forbid sources that could feed the circuit beside the supply."""
    for name, device in zip(topology.names, topology.devices, strict=True):
        if device.kind == "I" and not _is_at_rail(device):
            yield f"{name} must have P at {SUPPLY} or N at {GROUND}"
        if device.kind != "V":
            continue
        for net in set(device.nets) - set(RAILS):
            for place, terminal in topology.at[net]:
                if terminal != _GATE and topology.devices[place].kind not in ("C", "V"):
                    used = f"{topology.names[place]}_{terminal}"
                    yield f"{name} holds {net}, which may drive gates alone, not {used}"


def _is_at_rail(device: Device) -> bool:
    return device.net("P") == SUPPLY or device.net("N") == GROUND


def _floating_gate(topology: Topology) -> Iterator[str]:
    for net, attached in topology.at.items():
        terminals = {terminal for _, terminal in attached}
        if net not in (*INPUTS, *RAILS) and terminals <= {_GATE, _BULK} and _GATE in terminals:
            yield f"nothing drives the gates at {net}"


def _floating_node(topology: Topology) -> Iterator[str]:
    reached = reached_from_rails(device.ends for device in topology.of_kind(*CONDUCTING))
    for net, attached in topology.at.items():
        if is_inner(net) and len(attached) < 2:
            yield f"{topology.names[attached[0].place]} alone is connected to {net}"
        elif (is_inner(net) or net == OUTPUT) and net not in reached:
            yield f"no transistor, resistor or voltage source joins {net} to a supply"


def _starved(topology: Topology) -> Iterator[str]:
    fed = _fed(topology)
    for name, device in zip(topology.names, topology.devices, strict=True):
        if (device.is_transistor or device.kind == "I") and not fed.issuperset(device.ends):
            yield f"{name} lies on no path from {SUPPLY} to {GROUND}"


def _supply_path(topology: Topology) -> Iterator[str]:
    if _fed(topology) == set(RAILS):
        yield f"no current flows from {SUPPLY} through devices to {GROUND}"


def _output(topology: Topology) -> Iterator[str]:
    if OUTPUT in topology.nets and OUTPUT not in _fed(topology):
        yield f"{OUTPUT} lies on no path from {SUPPLY} to {GROUND}"


def _fed(topology: Topology) -> set[str]:
    return on_supply_paths(device.ends for device in topology.of_kind(*CONDUCTING, "I"))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "ports": _ports,
        "bulk": _bulk,
        "inputs drive gates": _inputs,
        "no device that is off": _always_off,
        "no bypassed device": _bypassed,
        "no shorted supply": _shorted,
        "no energy beside the supply": _free_energy,
        "no floating gate": _floating_gate,
        "no floating node": _floating_node,
        "no starved device": _starved,
        "supply path": _supply_path,
        "output connected": _output,
    }
)
