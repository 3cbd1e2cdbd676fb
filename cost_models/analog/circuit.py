"""A circuit to be sized: its netlist, the bench that measures it, its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archgym.cost_models.analog import formula
from archgym.cost_models.analog.netlist import Netlist, parse_netlist
from archgym.errors import WorkloadError

AMPLIFIER, COMMON_SOURCE = "amplifier", "common_source"
TRANSIMPEDANCE, REGULATOR, COMPARATOR = "transimpedance", "regulator", "comparator"
# Bench -> the ports that its circuits have, in order.
PORTS = {
    AMPLIFIER: ("inp", "inn", "out", "vdd"),
    COMMON_SOURCE: ("inp", "inn", "out", "vdd"),
    TRANSIMPEDANCE: ("in", "out", "vdd"),
    REGULATOR: ("ref", "fbg", "fb", "out", "vdd"),
    COMPARATOR: ("inp", "inn", "out", "vdd"),
}
# Ending of a parameter's name -> SI units per unit of the parameter.
UNITS = {"um": 1e-6, "a": 1.0, "f": 1.0, "ohm": 1.0, "v": 1.0}
LENGTH_UNIT = "um"
_KEYS = {
    "about",
    "bench",
    "common_mode",
    "slew_v_per_s",
    "netlist",
    "parameters",
    "start",
    "goals",
}
_NEEDED = {"bench", "netlist", "parameters"}
_ROLE = "circuit"


@dataclass(frozen=True)
class Size:
    """One parameter of a circuit.

    Attributes:
        name: With its unit, for example ``cc_f``.
        scale: "grid" (gate lengths), "log" or "linear".
        low: Least value that is searched; of gate lengths the model says which there are.
        high: Largest value that is searched.
        default: Of the default design.
        of_supply: Whether low, high and default are shares of the supply voltage.
        role: The part of the circuit that it belongs to.
    """

    name: str
    scale: str
    low: float = 0.0
    high: float = 0.0
    default: float = 0.0
    of_supply: bool = False
    role: str = _ROLE

    @property
    def hole(self) -> str:
        """The name in the netlist's placeholders: without the unit."""
        stem, _, unit = self.name.rpartition("_")
        return stem if unit in UNITS else self.name

    @property
    def unit(self) -> float:
        """SI units per unit of the parameter."""
        return UNITS.get(self.name.rpartition("_")[2], 1.0)


@dataclass(frozen=True)
class Circuit:
    """A circuit to be sized.

    Attributes:
        name: For messages and exports.
        about: One line.
        bench: Which bench measures it.
        netlist: Its subcircuit.
        sizes: Its parameters.
        common_mode: Input voltage of amplifiers, and the reference of comparators, as a share of
            the supply.
        slew_v_per_s: Rough slew rate as a formula of the parameters, by which the pulse is
            timed; empty where the bench has none.
        start: Node -> volts where the search for the operating point begins, at 1.8 V.
        goals: Metric -> range from which targets for goal-conditioned policies are drawn.
    """

    name: str
    about: str
    bench: str
    netlist: Netlist
    sizes: tuple[Size, ...]
    common_mode: float = 0.5
    slew_v_per_s: str = ""
    start: Mapping[str, float] = field(default_factory=dict)
    goals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def size(self, hole: str) -> Size:
        """Return the parameter behind a placeholder."""
        return next(size for size in self.sizes if size.hole == hole)


def parse_circuit(content: Any, name: str) -> Circuit:
    """Return the circuit that a mapping describes.

    Raises:
        WorkloadError: It is not well made. Says where and what is allowed.
    """
    if not isinstance(content, Mapping) or not content.keys() >= _NEEDED:
        raise WorkloadError(f"{name}: a circuit is a mapping with {', '.join(sorted(_NEEDED))}")
    unknown = content.keys() - _KEYS
    if unknown:
        known = ", ".join(sorted(_KEYS))
        raise WorkloadError(f"{name}: unknown key {min(map(str, unknown))!r} (known: {known})")
    if content["bench"] not in PORTS:
        raise WorkloadError(f"{name}: bench {content['bench']!r} is not one of {', '.join(PORTS)}")
    netlist = parse_netlist(str(content["netlist"]), name)
    circuit = Circuit(
        name=name,
        about=str(content.get("about", "")),
        bench=content["bench"],
        netlist=netlist,
        sizes=_sizes(content["parameters"], name),
        common_mode=_number(content.get("common_mode", 0.5), f"{name}, common_mode"),
        slew_v_per_s=str(content.get("slew_v_per_s", "")),
        start=_start(content.get("start") or {}, netlist, name),
        goals=_goals(content.get("goals") or {}, name),
    )
    _check(circuit)
    return circuit


def _sizes(content: Any, name: str) -> tuple[Size, ...]:
    if not isinstance(content, Mapping) or not content:
        raise WorkloadError(f"{name}: parameters must be a mapping name -> range")
    return tuple(_size(str(key), entry, f"{name}, {key}") for key, entry in content.items())


def _size(key: str, entry: Any, where: str) -> Size:
    form = (
        f"{where}: write {{grid: length}} or {{log: [low, high], default: x}},"
        " linear in place of log, and of: vdd where these are shares of the supply"
    )
    if not isinstance(entry, Mapping):
        raise WorkloadError(form)
    role = str(entry.get("role", _ROLE))
    if "grid" in entry:
        if set(entry) - {"grid", "role"} or not key.endswith(f"_{LENGTH_UNIT}"):
            raise WorkloadError(f"{form}; a grid is one of lengths, the name ends with _um")
        return Size(key, "grid", role=role)
    scale = "log" if "log" in entry else "linear"
    ends = entry.get(scale)
    known = {scale, "default", "role", "of"}
    if set(entry) - known or not isinstance(ends, list | tuple) or len(ends) != 2:
        raise WorkloadError(form)
    low, high = (_number(end, where) for end in ends)
    middle = (low * high) ** 0.5 if scale == "log" else (low + high) / 2
    default = _number(entry.get("default", middle), where)
    if not 0 <= low < high or (scale == "log" and low <= 0) or not low <= default <= high:
        raise WorkloadError(f"{where}: {low:g} .. {high:g} with default {default:g} is no range")
    return Size(key, scale, low, high, default, entry.get("of") == "vdd", role)


def _start(content: Any, netlist: Netlist, name: str) -> dict[str, float]:
    if not isinstance(content, Mapping):
        raise WorkloadError(f"{name}: start must be a mapping node -> volts")
    for node in content:
        if str(node) not in netlist.nodes:
            raise WorkloadError(f"{name}: start names {node!r}, which is no node of the netlist")
    return {str(node): _number(volts, f"{name}, start") for node, volts in content.items()}


def _goals(content: Any, name: str) -> dict[str, tuple[float, float]]:
    if not isinstance(content, Mapping):
        raise WorkloadError(f"{name}: goals must be a mapping metric -> [low, high]")
    goals = {}
    for metric, ends in content.items():
        where = f"{name}, goals, {metric}"
        if not isinstance(ends, list | tuple) or len(ends) != 2:
            raise WorkloadError(f"{where}: write [low, high]")
        low, high = (_number(end, where) for end in ends)
        if not 0 < low < high:
            raise WorkloadError(f"{where}: {low:g} .. {high:g} is no range above 0")
        goals[str(metric)] = (low, high)
    return goals


def _check(circuit: Circuit) -> None:
    wanted, name = PORTS[circuit.bench], circuit.name
    if circuit.netlist.ports != wanted:
        raise WorkloadError(
            f"{name}: bench {circuit.bench!r} needs the ports {' '.join(wanted)},"
            f" the netlist has {' '.join(circuit.netlist.ports)}"
        )
    holes = {hole for element in circuit.netlist.elements for hole in element.holes}
    known = {size.hole for size in circuit.sizes}
    if holes - known:
        raise WorkloadError(f"{name}: placeholder {min(holes - known)!r} is no parameter")
    if known - holes:
        raise WorkloadError(f"{name}: parameter {min(known - holes)!r} is not in the netlist")
    lengths = {str(element.length) for element in circuit.netlist.of_kind("m")}
    for size in circuit.sizes:
        if (size.hole in lengths) != (size.scale == "grid"):
            raise WorkloadError(f"{name}: {size.name}: gate lengths, and only they, are on a grid")
    _check_slew(circuit)


def _check_slew(circuit: Circuit) -> None:
    if (circuit.bench == AMPLIFIER) != bool(circuit.slew_v_per_s):
        raise WorkloadError(
            f"{circuit.name}: slew_v_per_s is needed with bench amplifier, and only there"
        )
    if not circuit.slew_v_per_s:
        return
    try:
        unknown = formula.names_in(circuit.slew_v_per_s) - {size.name for size in circuit.sizes}
    except ValueError as error:
        raise WorkloadError(f"{circuit.name}, slew_v_per_s: {error}") from None
    if unknown:
        raise WorkloadError(f"{circuit.name}, slew_v_per_s: unknown parameter {min(unknown)!r}")


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WorkloadError(f"{where}: {value!r} is not a number")
    return float(value)
