"""Amplifiers put together from blocks: a generator of circuits that designers would recognise.

All is written for an NMOS input pair; circuits with a PMOS pair are their mirror images, with the
rails and the kinds of transistors exchanged.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from archgym.cost_models.analog.topology.tokens import (
    GROUND,
    MINUS,
    OUTPUT,
    PLUS,
    SUPPLY,
)
from archgym.cost_models.analog.topology.topology import Device, Topology, renumbered

# Block -> its choices; the first of each make up the five-transistor amplifier.
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "input": ("nmos", "pmos"),
        "core": ("plain", "telescopic", "folded"),
        "tail": ("mirror", "cascode", "resistor"),
        "degeneration": ("none", "resistors"),
        "load": ("mirror", "cascode", "wide_swing", "resistors", "diodes", "cross_coupled"),
        "second_stage": ("none", "common_source", "cascode", "resistor"),
        "compensation": ("none", "miller", "nulling", "cascode"),
        "buffer": ("none", "follower"),
        "bias": ("current", "resistor"),
    }
)
_MIRRORED = {"NM": "PM", "PM": "NM", GROUND: SUPPLY, SUPPLY: GROUND}
Blocks = Mapping[str, str]


def assemble(blocks: Blocks) -> Topology:
    """Return the circuit of some blocks; those that are not named are the first of their kind.

    Compensation needs a second stage, and a cascode to couple to where it is "cascode"; without,
    there is none, or it is "miller".
    """
    builder = _Builder({name: blocks.get(name, first) for name, (first, *_) in CHOICES.items()})
    builder.build()
    devices = builder.devices
    if builder.blocks["input"] == "pmos":
        devices = [_mirrored(device) for device in devices]
    return renumbered(devices, (GROUND, SUPPLY, PLUS, MINUS, OUTPUT))


def all_blocks() -> Iterator[dict[str, str]]:
    """Yield every choice of blocks, also those that make the same circuit."""
    for choice in itertools.product(*CHOICES.values()):
        yield dict(zip(CHOICES, choice, strict=True))


def _mirrored(device: Device) -> Device:
    nets = tuple(_MIRRORED.get(net, net) for net in device.nets)
    flows = device.kind in "IV"
    return Device(_MIRRORED.get(device.kind, device.kind), nets[::-1] if flows else nets)


class _Builder:
    """Adds devices block by block."""

    def __init__(self, blocks: Blocks):
        self.blocks, self.devices = blocks, list[Device]()
        self._gates: dict[str, str] = {}
        self._count = 0

    def build(self) -> None:
        choice = self.blocks
        has_second = choice["second_stage"] != "none"
        last = self.new() if choice["buffer"] == "follower" else OUTPUT
        single = self.new() if has_second else last
        plus, minus = (MINUS, PLUS) if has_second else (PLUS, MINUS)
        self._bias()
        drains = self._pair(self._tail(), plus, minus, single)
        left, is_on_top = self._core(drains, single)
        inside = self._load(left, single, is_on_top)
        if has_second:
            self._second(single, last, is_on_top)
            cascode = drains[1] if drains[1] != single else inside
            self._compensate(single, last, cascode)
        if last != OUTPUT:
            self.nmos(SUPPLY, last, OUTPUT)
            self.nmos(OUTPUT, "bias", GROUND)

    # -- blocks ----------------------------------------------------------------------------------

    def _bias(self) -> None:
        if self.blocks["bias"] == "current":
            self.add("I", SUPPLY, "bias")
        else:
            self.add("R", SUPPLY, "bias")
        self.nmos("bias", "bias", GROUND)

    def _tail(self) -> str:
        tail = self.new()
        if self.blocks["tail"] == "mirror":
            self.nmos(tail, "bias", GROUND)
        elif self.blocks["tail"] == "cascode":
            below = self.new()
            self.nmos(tail, self.gate("tail", GROUND), below)
            self.nmos(below, "bias", GROUND)
        else:
            self.add("R", tail, GROUND)
        return tail

    def _pair(self, tail: str, plus: str, minus: str, single: str) -> tuple[str, str]:
        """Return the drains of the pair; the second one's is the output of a plain core."""
        left = self.new()
        right = single if self.blocks["core"] == "plain" else self.new()
        sources = (tail, tail)
        if self.blocks["degeneration"] == "resistors":
            sources = (self.new(), self.new())
            for source in sources:
                self.add("R", source, tail)
        self.nmos(left, plus, sources[0])
        self.nmos(right, minus, sources[1])
        return left, right

    def _core(self, drains: tuple[str, str], single: str) -> tuple[str, bool]:
        """Return the net beside the output, and whether the load is at the supply."""
        core = self.blocks["core"]
        if core == "plain":
            return drains[0], True
        left = self.new()
        gate = self.gate("core", GROUND if core == "telescopic" else SUPPLY)
        for drain, end in zip(drains, (left, single), strict=True):
            if core == "telescopic":
                self.nmos(end, gate, drain)
            else:
                self.pmos(drain, self._top_bias(), SUPPLY)
                self.pmos(end, gate, drain)
        return left, core == "telescopic"

    def _load(self, left: str, right: str, is_on_top: bool) -> str:
        """Return a net inside the load at the output's side, or the output itself."""
        load, rail = self.blocks["load"], SUPPLY if is_on_top else GROUND
        kind = "PM" if is_on_top else "NM"
        if load in ("cascode", "wide_swing"):
            below = (self.new(), self.new())
            wide = load == "wide_swing"
            outer = self.gate("load", rail) if wide else left
            inner = left if wide else below[0]
            for end, under in zip((left, right), below, strict=True):
                self.transistor(kind, end, outer, under)
                self.transistor(kind, under, inner, rail)
            return below[1]
        if load == "resistors":
            for end in (left, right):
                self.add("R", rail, end)
            return right
        gates = (left, left) if load == "mirror" else (left, right)
        for end, gate in zip((left, right), gates, strict=True):
            self.transistor(kind, end, gate, rail)
        if load == "cross_coupled":
            for end, gate in ((left, right), (right, left)):
                self.transistor(kind, end, gate, rail)
        return right

    def _second(self, gate: str, out: str, is_on_top: bool) -> None:
        kind, rail = ("PM", SUPPLY) if is_on_top else ("NM", GROUND)
        other, away = ("NM", GROUND) if is_on_top else ("PM", SUPPLY)
        second = self.blocks["second_stage"]
        if second == "resistor":
            self.transistor(kind, out, gate, rail)
            self.add("R", out, away)
            return
        bias = "bias" if is_on_top else self._top_bias()
        for polarity, driven, end in ((kind, gate, rail), (other, bias, away)):
            drain = out
            if second == "cascode":
                drain = self.new()
                self.transistor(polarity, out, self.gate(f"second{polarity}", end), drain)
            self.transistor(polarity, drain, driven, end)

    def _compensate(self, gate: str, out: str, cascode: str) -> None:
        how = self.blocks["compensation"]
        if how == "nulling":
            between = self.new()
            self.add("R", gate, between)
            self.add("C", between, out)
        elif how != "none":
            self.add("C", cascode if how == "cascode" else gate, out)

    def _top_bias(self) -> str:
        """Return the gate of current sources at the supply, made where it is first needed."""
        if "top" not in self._gates:
            self._gates["top"] = top = self.new()
            self.nmos(top, "bias", GROUND)
            self.pmos(top, top, SUPPLY)
        return self._gates["top"]

    # -- devices and nets ------------------------------------------------------------------------

    def gate(self, name: str, rail: str) -> str:
        """Return the gate of a cascode, held by a voltage source of its own."""
        if name not in self._gates:
            self._gates[name] = net = self.new()
            self.add("V", *((net, rail) if rail == GROUND else (rail, net)))
        return self._gates[name]

    def new(self) -> str:
        """Return a net of its own."""
        self._count += 1
        return f"net{self._count}"

    def add(self, kind: str, *nets: str) -> None:
        """Add a device."""
        self.devices.append(Device(kind, nets))

    def transistor(self, kind: str, drain: str, gate: str, source: str) -> None:
        """Add a transistor with its bulk at the rail of its kind."""
        self.add(kind, drain, gate, source, GROUND if kind == "NM" else SUPPLY)

    def nmos(self, drain: str, gate: str, source: str) -> None:
        """Add an NMOS transistor."""
        self.transistor("NM", drain, gate, source)

    def pmos(self, drain: str, gate: str, source: str) -> None:
        """Add a PMOS transistor."""
        self.transistor("PM", drain, gate, source)
