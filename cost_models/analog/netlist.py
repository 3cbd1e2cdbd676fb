"""Subcircuits in a small part of SPICE's language, with placeholders for what is designed.

One ``.subckt NAME PORT...`` with elements up to ``.ends``, one a line, ``*`` begins a comment::

    mNAME drain gate source bulk {n1} w=5u l={l1} m={m1} {geo}     a transistor
    rNAME a b VALUE     cNAME a b VALUE     iNAME from to VALUE     vNAME plus minus VALUE

A value is a number with SPICE's suffixes (``2p``, ``60k``) or a placeholder ``{ib}`` for the
parameter ``ib_a``: the parameter's name without its unit. ``{n1}`` and ``{p1}`` ask for the NMOS
or PMOS model of the length ``{l1}``, ``{geo}`` for the junctions' geometry, where the model has
any. Node 0 is ground.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archgym.errors import WorkloadError

GROUND = "0"
TERMINALS = {"m": 4, "r": 2, "c": 2, "i": 2, "v": 2}
GEOMETRY = "{geo}"
_SUFFIXES = {
    "t": 1e12,
    "g": 1e9,
    "meg": 1e6,
    "k": 1e3,
    "": 1.0,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
}
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(meg|[tgkmunpf]?)")
_HOLE = re.compile(r"\{(\w+)\}")

Value = float | str  # a number in SI units, or the name in a placeholder


@dataclass(frozen=True)
class Element:
    """One element of a circuit.

    Attributes:
        kind: "m", "r", "c", "i" or "v".
        name: As it stands in the netlist.
        nodes: Drain, gate, source, bulk of a transistor, else the two ends.
        value: Of all but transistors.
        polarity: 1 of an NMOS, -1 of a PMOS transistor, else 0.
        width: Of one finger in metres.
        length: In metres.
        fingers: How many there are; need not be whole.
    """

    kind: str
    name: str
    nodes: tuple[str, ...]
    value: Value = 0.0
    polarity: int = 0
    width: float = 0.0
    length: Value = 0.0
    fingers: Value = 1.0

    @property
    def holes(self) -> tuple[str, ...]:
        """Names in its placeholders, the model's excepted."""
        return tuple(v for v in (self.value, self.length, self.fingers) if isinstance(v, str))


@dataclass(frozen=True)
class Netlist:
    """A parsed subcircuit.

    Attributes:
        name: Of the subcircuit.
        ports: In order.
        elements: In order.
        text: As it was written.
    """

    name: str
    ports: tuple[str, ...]
    elements: tuple[Element, ...]
    text: str

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes, ground first, then ports, then those inside."""
        inner = [node for element in self.elements for node in element.nodes]
        return tuple(dict.fromkeys([GROUND, *self.ports, *inner]))

    def of_kind(self, kind: str) -> tuple[Element, ...]:
        """Return the elements of a kind, in order."""
        return tuple(element for element in self.elements if element.kind == kind)


def parse_netlist(text: str, where: str) -> Netlist:
    """Read a subcircuit.

    Raises:
        WorkloadError: A line cannot be understood; says which, and what is allowed.
    """
    name, ended = "", False
    ports: tuple[str, ...] = ()
    elements: list[Element] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.lower().split()
        place = f"{where}, netlist line {number}"
        if not words or words[0].startswith("*"):
            continue
        if words[0] == ".subckt" and len(words) > 2 and not name:
            name, ports = words[1], tuple(words[2:])
        elif words[0] == ".ends" and name:
            ended = True
        elif words[0].startswith(".") or not name or ended:
            raise WorkloadError(f"{place}: {line.strip()!r} is not one .subckt ... .ends")
        else:
            elements.append(_element(words, place))
    _check(name, ended, elements, where)
    return Netlist(name, ports, tuple(elements), text)


def number(text: str) -> float:
    """Return the number that a text such as ``0.3p`` stands for.

    Raises:
        ValueError: It is none.
    """
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(text)
    return float(found[1]) * _SUFFIXES[found[2]]


def _check(name: str, ended: bool, elements: list[Element], where: str) -> None:
    if not name or not ended:
        raise WorkloadError(f"{where}: the netlist needs one .subckt NAME PORT... and .ends")
    names = [element.name for element in elements]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise WorkloadError(f"{where}: element {min(repeated)!r} stands there twice")
    if not any(element.kind == "m" for element in elements):
        raise WorkloadError(f"{where}: the netlist has no transistor")


def _element(words: list[str], place: str) -> Element:
    name, kind = words[0], words[0][0]
    if kind not in TERMINALS:
        raise WorkloadError(f"{place}: element {name!r}: known are m, r, c, i and v")
    ends = 1 + TERMINALS[kind]
    nodes = tuple(GROUND if node == "gnd" else node for node in words[1:ends])
    rest = words[ends:]
    if kind == "m":
        return _transistor(name, nodes, rest, place)
    if len(nodes) != TERMINALS[kind] or len(rest) != 1:
        raise WorkloadError(f"{place}: {name!r} needs two nodes and one value")
    value = _value(rest[0], place)
    if kind in "rc" and not isinstance(value, str) and value <= 0:
        raise WorkloadError(f"{place}: {name!r}: {rest[0]} is not positive")
    return Element(kind, name, nodes, value)


def _transistor(name: str, nodes: tuple[str, ...], rest: list[str], place: str) -> Element:
    form = f"{place}: {name!r} must read 'drain gate source bulk {{n1}} w=5u l={{l1}} m={{m1}}'"
    options = dict(word.split("=", 1) for word in rest[1:] if "=" in word)
    plain = [word for word in rest[1:] if "=" not in word and word != GEOMETRY]
    if len(nodes) != TERMINALS["m"] or not rest or plain or not {"w", "l"} <= set(options):
        raise WorkloadError(form)
    if set(options) - {"w", "l", "m"}:
        raise WorkloadError(form)
    model = _HOLE.fullmatch(rest[0])
    length = _value(options["l"], place)
    if not model or model[1][0] not in "np" or f"l{model[1][1:]}" != length:
        raise WorkloadError(f"{form}; model and length belong together, as {{p3}} and {{l3}}")
    width = _value(options["w"], place)
    if isinstance(width, str) or not width > 0:
        raise WorkloadError(f"{place}: {name!r}: the width of a finger is a positive number")
    fingers = _value(options.get("m", "1"), place)
    polarity = 1 if model[1][0] == "n" else -1
    return Element("m", name, nodes, 0.0, polarity, width, length, fingers)


def _value(text: str, place: str) -> Value:
    hole = _HOLE.fullmatch(text)
    if hole:
        return hole[1]
    try:
        return number(text)
    except ValueError:
        raise WorkloadError(f"{place}: {text!r} is neither a number nor a placeholder") from None
