"""A circuit and its bench as the arrays that the kernels take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog.circuit import (
    AMPLIFIER,
    COMPARATOR,
    PORTS,
    REGULATOR,
    TRANSIMPEDANCE,
    Circuit,
)
from archgym.cost_models.analog.kernels.layout import Net, Wiring
from archgym.cost_models.analog.mismatch import BETA, THRESHOLD
from archgym.cost_models.analog.netlist import GROUND, Element, Netlist, Value
from archgym.errors import WorkloadError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """What is compiled of a circuit once.

    Attributes:
        names: Of the parameters, the first values of a row.
        units: float64, SI units per unit of each parameter.
        constants: float64, the further values: numbers that stand in the netlist. After these
            come a threshold's shift and a factor of beta of each transistor.
        net: The elements.
        nodes: Node -> index.
        given: Node -> volts as a share of the supply, of nodes that the bench holds.
        wirings: Name -> wiring: "direct", and those of the bench's small signals.
        fed: float64 (nodes,), 1 for nodes that draw from the supply.
    """

    names: tuple[str, ...]
    units: Floats
    constants: Floats
    net: Net
    nodes: Mapping[str, int]
    given: Mapping[str, float]
    wirings: Mapping[str, Wiring]
    fed: Floats

    def values(self, sizes: Mapping[str, Floats], shifts: Floats | None = None) -> Floats:
        """Return rows of values, shape (n, values), of parameters by name.

        ``shifts`` (n, transistors, 2) are what transistors are off by, see
        `archgym.cost_models.analog.mismatch.shifts`.
        """
        columns = np.array([sizes[name] for name in self.names]).T
        named, devices = len(self.names), len(self.net.mos_sign)
        rows = np.empty((len(columns), named + len(self.constants) + 2 * devices))
        rows[:, :named] = columns * self.units
        rows[:, named : -2 * devices] = self.constants
        rows[:, self.net.mos_threshold] = 0.0 if shifts is None else shifts[:, :, THRESHOLD]
        rows[:, self.net.mos_beta] = 1.0 if shifts is None else 1.0 + shifts[:, :, BETA]
        return rows

    def base(self, supply: float) -> Floats:
        """Return the voltages of given nodes, shape (nodes,)."""
        volts = np.zeros(len(self.nodes))
        for node, share in self.given.items():
            volts[self.nodes[node]] = share * supply
        return volts


def make_plan(circuit: Circuit) -> Plan:
    """Return the arrays of a circuit on its bench.

    Raises:
        WorkloadError: A voltage source does not tie a node to one whose voltage is given.
    """
    netlist = circuit.netlist
    nodes = {node: index for index, node in enumerate(netlist.nodes)}
    numbering = _Numbering(tuple(size.hole for size in circuit.sizes))
    given = _given(circuit)
    ties = _ties(netlist, set(given), circuit.name)
    net = _net(netlist, nodes, ties, numbering)
    roots = _roots(ties, given)
    return Plan(
        names=tuple(size.name for size in circuit.sizes),
        units=np.array([size.unit for size in circuit.sizes]),
        constants=np.array(numbering.constants, dtype=np.float64),
        net=net,
        nodes=nodes,
        given=given,
        wirings=_wirings(circuit, nodes, roots),
        fed=np.array([float(roots.get(node) == "vdd") for node in netlist.nodes]),
    )


class _Numbering:
    """Gives every placeholder and number its place in a row of values."""

    def __init__(self, holes: tuple[str, ...]):
        self.holes, self.constants = holes, list[float]()

    @property
    def count(self) -> int:
        """How many values have a place."""
        return len(self.holes) + len(self.constants)

    def place(self, value: Value) -> int:
        """Return the place of a value."""
        if isinstance(value, str):
            return self.holes.index(value)
        self.constants.append(value)
        return self.count - 1


def _given(circuit: Circuit) -> dict[str, float]:
    """Return the nodes that the bench holds in DC, in shares of the supply."""
    held = {GROUND: 0.0, "vdd": 1.0}
    if circuit.bench == AMPLIFIER:
        return held | {"inp": circuit.common_mode}
    if circuit.bench == COMPARATOR:
        return held | {"inp": circuit.common_mode, "inn": circuit.common_mode}
    if circuit.bench == REGULATOR:
        return held | {"ref": 0.5}
    return held if circuit.bench == TRANSIMPEDANCE else held | {"inp": 0.0}


@dataclass(frozen=True)
class _Tie:
    node: str
    parent: str
    value: Value
    sign: float


def _ties(netlist: Netlist, known: set[str], name: str) -> list[_Tie]:
    """Return voltage sources in an order in which each begins at a known node."""
    left, ties, known = list(netlist.of_kind("v")), list[_Tie](), set(known)
    while left:
        ready = [source for source in left if len(known & set(source.nodes)) == 1]
        if not ready:
            raise WorkloadError(
                f"{name}: voltage source {left[0].name!r} must tie one node to ground, to vdd or"
                " to a node that is tied to them"
            )
        source = ready[0]
        plus, minus = source.nodes
        tie = (
            _Tie(plus, minus, source.value, 1.0)
            if minus in known
            else _Tie(minus, plus, source.value, -1.0)
        )
        ties.append(tie)
        known.add(tie.node)
        left.remove(source)
    return ties


def _roots(ties: list[_Tie], given: Mapping[str, float]) -> dict[str, str]:
    """Return, for every node of known voltage, the node of the bench that it follows."""
    roots = {node: node for node in given}
    for tie in ties:
        roots[tie.node] = roots[tie.parent]
    return roots


def _net(
    netlist: Netlist, nodes: Mapping[str, int], ties: list[_Tie], numbering: _Numbering
) -> Net:
    mos = netlist.of_kind("m")

    def places(values: list[Value]) -> Ints:
        return np.array([numbering.place(value) for value in values], dtype=np.int64)

    def ends(elements: tuple[Element, ...], width: int) -> Ints:
        table = [[nodes[node] for node in element.nodes] for element in elements]
        return np.array(table, dtype=np.int64).reshape(len(elements), width)

    r, c, i = (netlist.of_kind(kind) for kind in "rci")
    tied = [(nodes[t.node], nodes[t.parent], numbering.place(t.value)) for t in ties]
    length, fingers = places([m.length for m in mos]), places([m.fingers for m in mos])
    r_value, c_value, i_value = (places([e.value for e in kind]) for kind in (r, c, i))
    after_constants = numbering.count + np.arange(len(mos))
    return Net(
        mos_nodes=ends(mos, 4),
        mos_sign=np.array([float(m.polarity) for m in mos]),
        mos_width=np.array([m.width for m in mos]),
        mos_length=length,
        mos_fingers=fingers,
        mos_threshold=after_constants,
        mos_beta=after_constants + len(mos),
        r_nodes=ends(r, 2),
        r_value=r_value,
        c_nodes=ends(c, 2),
        c_value=c_value,
        i_nodes=ends(i, 2),
        i_value=i_value,
        ties=np.array(tied, dtype=np.int64).reshape(len(tied), 3),
        tie_sign=np.array([tie.sign for tie in ties]),
    )


# Bench -> wiring -> (node that joins another one, that one, or none; drives; injected; output).
_Bench = dict[str, tuple[tuple[str, str] | None, dict[str, float], str, str]]
_BENCHES: dict[str, _Bench] = {
    "amplifier": {
        "direct": (("inn", "out"), {}, "", "out"),
        "signal": (None, {"inp": 1.0, "inn": 0.0}, "", "out"),
        "ripple": (None, {"vdd": 1.0, "inn": 0.0}, "", "out"),
        "common": (None, {"inp": 1.0, "inn": 1.0}, "", "out"),
    },
    "common_source": {
        "direct": (("inn", "out"), {}, "", "out"),
        "signal": (None, {"inn": 1.0}, "", "out"),
    },
    "transimpedance": {
        "direct": (None, {}, "", "out"),
        "signal": (None, {}, "in", "out"),
    },
    "regulator": {
        "direct": (("fbg", "fb"), {}, "", "out"),
        "loop": (None, {"fbg": 1.0}, "", "fb"),
        "ripple": (("fbg", "fb"), {"vdd": 1.0}, "", "out"),
    },
    "comparator": {
        "direct": (None, {}, "", "out"),
        "signal": (None, {"inp": 1.0}, "", "out"),
    },
}
assert set(_BENCHES) == set(PORTS)


def _wirings(
    circuit: Circuit, nodes: Mapping[str, int], roots: Mapping[str, str]
) -> dict[str, Wiring]:
    return {name: _wiring(nodes, roots, *entry) for name, entry in _BENCHES[circuit.bench].items()}


def _wiring(
    nodes: Mapping[str, int],
    roots: Mapping[str, str],
    joined: tuple[str, str] | None,
    drives: Mapping[str, float],
    injected: str,
    output: str,
) -> Wiring:
    held = {node: drives.get(root, 0.0) for node, root in roots.items()} | dict(drives)
    merged = {joined[0]: joined[1]} if joined else {}
    free = [node for node in nodes if node not in held and node not in merged and node != output]
    rows = {node: row for row, node in enumerate([*free, output])}
    rows |= {node: rows[other] for node, other in merged.items()}
    drive, inject = np.zeros(len(nodes)), np.zeros(len(rows) - len(merged))
    for node, volts in held.items():
        drive[nodes[node]] = volts
    if injected:
        inject[rows[injected]] = 1.0
    row = np.array([rows.get(node, -1) for node in nodes], dtype=np.int64)
    return Wiring(row, drive, inject)
