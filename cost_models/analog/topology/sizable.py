"""A topology as a circuit to be sized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archgym.cost_models.analog.circuit import AMPLIFIER, PORTS, Circuit, parse_circuit
from archgym.cost_models.analog.topology.bench import (
    TopologyBench,
    mirror_input_fingers,
    size_ranges,
)
from archgym.cost_models.analog.topology.symmetry import matched, same_length
from archgym.cost_models.analog.topology.tokens import is_inner
from archgym.cost_models.analog.topology.topology import PORT_OF_NODE, Device, Topology

_NODE_OF_PORT = {port: node for node, port in PORT_OF_NODE.items() if node != "in"}
_UNITS = {"R": "ohm", "C": "f", "I": "a", "V": "v"}


def circuit_content(topology: Topology, bench: TopologyBench) -> dict[str, Any]:
    """Return the circuit as the content of a circuit file of ``analog.sizing``.

    Twins share length and fingers, the transistors of a mirror their length; the fingers of a
    mirror's input are fixed.
    """
    writer = _Writer(topology)
    lines = [f".subckt topology {' '.join(PORTS[AMPLIFIER])}", *writer.elements()]
    lines += [f"cload out 0 {bench.load_f:.9g}", ".ends"]
    return {
        "about": f"{len(topology.devices)} devices, {bench.about}",
        "bench": AMPLIFIER,
        "common_mode": bench.common_mode,
        "slew_v_per_s": writer.slew(bench),
        "netlist": "\n".join(lines) + "\n",
        "parameters": writer.parameters,
    }


def sizable(topology: Topology, bench: TopologyBench) -> Circuit:
    """Return the circuit of a topology that keeps the rules."""
    return parse_circuit(circuit_content(topology, bench), "topology")


class _Writer:
    """Lines of a netlist, and the parameters that they ask for."""

    def __init__(self, topology: Topology):
        self._topology = topology
        self._twin = matched(topology)
        self._like = same_length(topology, self._twin)
        self.parameters: dict[str, Mapping[str, Any]] = {}

    def elements(self) -> Iterator[str]:
        for place, (name, device) in enumerate(
            zip(self._topology.names, self._topology.devices, strict=True)
        ):
            nodes = " ".join(map(_node, device.nets))
            if device.is_transistor:
                yield f"m{name.lower()} {nodes} {self._model(place, device)}"
            else:
                yield f"{name.lower()} {nodes} {{{self._value(place, device)}}}"

    def _model(self, place: int, device: Device) -> str:
        like = self._topology.names[self._like[place]].lower()
        self.parameters.setdefault(f"l_{like}_um", {"grid": "length"})
        fingers = f"{mirror_input_fingers():g}"
        if not self._is_mirror_input(place, device):
            fingers = f"m_{self._topology.names[self._twin[place]].lower()}"
            self.parameters.setdefault(fingers, size_ranges()["transistor"])
            fingers = f"{{{fingers}}}"
        polarity = "n" if device.kind == "NM" else "p"
        return f"{{{polarity}_{like}}} w=5u l={{l_{like}}} m={fingers} {{geo}}"

    def _value(self, place: int, device: Device) -> str:
        hole = self._topology.names[self._twin[place]].lower()
        self.parameters.setdefault(f"{hole}_{_UNITS[device.kind]}", size_ranges()[device.kind])
        return hole

    def _is_mirror_input(self, place: int, device: Device) -> bool:
        """Return whether others mirror the current of this diode, which is no one's twin."""
        is_diode = device.net("G") == device.net("D")
        alone = self._twin.count(self._twin[place]) == 1
        return is_diode and alone and self._like.count(self._like[place]) > 1

    def slew(self, bench: TopologyBench) -> str:
        """Return a rough slew rate: a bias current, or a usual one, into the load."""
        sources = [name for name in self.parameters if name.endswith("_a")]
        current = sources[0] if sources else f"{size_ranges()['I']['default']:g}"
        return f"{current} / {bench.load_f:g}"


def _node(net: str) -> str:
    return net.lower() if is_inner(net) else _NODE_OF_PORT[net]
