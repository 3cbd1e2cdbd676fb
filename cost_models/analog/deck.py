"""Decks for ngspice: a sized circuit on its bench, and the analyses that measure it.

The loop of an amplifier is opened by a huge inductor and a huge capacitor. Copies of a circuit
that are wired otherwise (the buffer that slews, the closed loop of a regulator) stand in the same
deck, their nodes and elements marked by a suffix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archgym.cost_models.analog import formula, foundry
from archgym.cost_models.analog.cards import card_text, read_cards
from archgym.cost_models.analog.circuit import AMPLIFIER, COMMON_SOURCE, TRANSIMPEDANCE, Circuit
from archgym.cost_models.analog.columns import AFM1, SUPPLY_V
from archgym.cost_models.analog.conditions import LIGHT_LOAD_A, LOAD_A
from archgym.cost_models.analog.netlist import GROUND, Element, Value

HUGE_H, HUGE_F = "1e12", "1e9"
OPTIONS = "gmin=1e-13 reltol=1e-6 vntol=1e-9 abstol=1e-16 itl1=1000"
TRANSIENT_OPTIONS = "gmin=1e-13 reltol=1e-4 vntol=1e-6 abstol=1e-14 itl1=500"
BUFFER, CLOSED, LIGHT = "_b", "_c", "_l"
SWING_V = 0.4
Design = Mapping[str, float]


@dataclass(frozen=True)
class Analysis:
    """A command, and the vectors to read after it.

    Attributes:
        command: As typed in ngspice.
        vectors: In order; the scale of the analysis is read besides.
        options: What to set before.
        plot: What the names of plots with these vectors begin with.
    """

    command: str
    vectors: tuple[str, ...]
    options: str = OPTIONS
    plot: str = ""


@dataclass(frozen=True)
class Deck:
    """A circuit to be loaded once, and how to make another design of it.

    Attributes:
        lines: From the title to ``.end``.
        alter: Commands that turn any design with the same gate lengths into this one.
        analyses: In order.
    """

    lines: tuple[str, ...]
    alter: tuple[str, ...]
    analyses: tuple[Analysis, ...]


def make_deck(
    circuit: Circuit, model: str, design: Design, per_decade: int = 20, celsius: float = 27.0
) -> Deck:
    """Return the deck of one design for the operating point and small signals."""
    copies = [_Copy(circuit, model, design, "")]
    if circuit.bench not in (AMPLIFIER, COMMON_SOURCE, TRANSIMPEDANCE):
        copies += [_Copy(circuit, model, design, suffix) for suffix in (CLOSED, LIGHT)]
    return _deck(copies, _analyses(circuit, per_decade), celsius)


def make_slew_deck(
    circuit: Circuit, model: str, design: Design, ugbw_hz: float, celsius: float = 27.0
) -> Deck:
    """Return the deck of the buffer that answers a pulse (`transient_times`)."""
    period = pulse_period(circuit, design, ugbw_hz)
    copy = _Copy(circuit, model, design, BUFFER, period)
    run = f"tran {period / 400:.9g} {0.52 * period:.9g}"
    vectors = (f"v(out{BUFFER})",)
    return _deck([copy], (Analysis(run, vectors, TRANSIENT_OPTIONS, "tran"),), celsius)


def pulse_period(circuit: Circuit, design: Design, ugbw_hz: float) -> float:
    """Return the period of the pulse in seconds, from a rough slew rate and the bandwidth."""
    import numpy as np

    columns = {name: np.array([value]) for name, value in design.items()}
    slew = float(np.ravel(formula.evaluate(circuit.slew_v_per_s, columns))[0])
    return 2.0 * (6.0 * SWING_V / slew + 6.0 / (2.0 * np.pi * ugbw_hz))


def _deck(copies: list[_Copy], analyses: tuple[Analysis, ...], celsius: float) -> Deck:
    first = copies[0]
    cards = card_text() if first.model == AFM1 else foundry.foundry_cards()
    lines = [f"* {first.circuit.name}: {first.circuit.about}", *cards.splitlines()]
    for copy in copies:
        lines += copy.lines()
    lines += [f".options {OPTIONS}", f".temp {celsius:g}", ".end"]
    alter = tuple(command for copy in copies for command in copy.alter())
    return Deck(tuple(line for line in lines if line.strip()), alter, analyses)


class _Copy:
    """One copy of a circuit with its sources."""

    def __init__(
        self, circuit: Circuit, model: str, design: Design, suffix: str, period: float = 0.0
    ):
        self.circuit, self.model, self.suffix, self.period = circuit, model, suffix, period
        self.supply = SUPPLY_V[model]
        self._values = {s.hole: s.unit * float(design[s.name]) for s in circuit.sizes}
        self._joined = {"inn": "out"} if suffix == BUFFER else {}
        if suffix in (CLOSED, LIGHT):
            self._joined = {"fbg": "fb"}

    def lines(self) -> list[str]:
        elements = [self._element(e) for e in self.circuit.netlist.elements]
        return [*elements, *self._sources(), *self._starts()]

    def alter(self) -> list[str]:
        """Return commands that set what has a placeholder, gate lengths excepted."""
        commands = []
        for e in self.circuit.netlist.elements:
            name = e.name + self.suffix
            if e.kind == "m" and isinstance(e.fingers, str):
                commands.append(f"alter @{name}[m] = {self._number(e.fingers)}")
            elif e.kind != "m" and isinstance(e.value, str):
                commands.append(f"alter {name} = {self._number(e.value)}")
        return commands

    def _number(self, value: Value) -> str:
        return f"{self._values[value] if isinstance(value, str) else value:.12g}"

    def _node(self, node: str) -> str:
        node = self._joined.get(node, node)
        return node if node == GROUND else node + self.suffix

    def _element(self, e: Element) -> str:
        nodes = " ".join(map(self._node, e.nodes))
        if e.kind != "m":
            return f"{e.name}{self.suffix} {nodes} {self._number(e.value)}"
        sizes = f"w={e.width:g} l={self._number(e.length)} m={self._number(e.fingers)}"
        return f"{e.name}{self.suffix} {nodes} {self._card(e)} {sizes}{self._geometry()}"

    def _card(self, e: Element) -> str:
        if self.model != AFM1:
            return foundry.NAMES[e.polarity]
        length = float(self._number(e.length)) * 1e6
        fits = [
            card.name
            for card in read_cards()
            if card.polarity == e.polarity and abs(card.length_um - length) < 1e-6
        ]
        return fits[0]

    def _geometry(self) -> str:
        return "" if self.model == AFM1 else f" {foundry.GEOMETRY}"

    def _starts(self) -> list[str]:
        """Return where the search for the operating point begins."""
        scale = self.supply / SUPPLY_V[AFM1]
        places = {self._node(n): volts * scale for n, volts in self.circuit.start.items()}
        return [f".nodeset v({node})={volts:.6g}" for node, volts in places.items()]

    def _sources(self) -> list[str]:
        n, s, vdd = self._node, self.suffix, self.supply
        supply = f"vdd{s} {n('vdd')} 0 dc {vdd:g}"
        bench, common = self.circuit.bench, self.circuit.common_mode * vdd
        if s == BUFFER:
            low, high, t = common - SWING_V / 2, common + SWING_V / 2, self.period
            pulse = f"pulse({low:.9g} {high:.9g} {0.02 * t:.9g} {1e-4 * t:.9g} {1e-4 * t:.9g}"
            return [supply, f"vin{s} {n('inp')} 0 {pulse} {0.5 * t:.9g} {t:.9g})"]
        opened = [f"lbench out inn {HUGE_H}"]
        if bench == AMPLIFIER:
            return [supply, f"vin inp 0 dc {common:.9g} ac 1", *opened, f"cbench inn 0 {HUGE_F}"]
        if bench == COMMON_SOURCE:
            drive = ["vin source 0 dc 0 ac 1", f"cbench source inn {HUGE_F}", "vinp inp 0 dc 0"]
            return [supply, *opened, *drive]
        if bench == TRANSIMPEDANCE:
            return [supply, "iin 0 in dc 0 ac 1"]
        load = LIGHT_LOAD_A if s == LIGHT else LOAD_A
        shared = [f"vref{s} {n('ref')} 0 dc {vdd / 2:g}", f"iload{s} {n('out')} 0 dc {load:g}"]
        if s:
            return [supply + " ac 1", *shared]
        drive = [
            f"lbench fb fbg {HUGE_H}",
            f"cbench fbg source {HUGE_F}",
            "vin source 0 dc 0 ac 1",
        ]
        return [supply, *shared, *drive]


def _analyses(circuit: Circuit, per_decade: int) -> tuple[Analysis, ...]:
    devices = tuple(f"@{m.name}[id]" for m in circuit.netlist.of_kind("m"))
    sweep = f"ac dec {per_decade} 10 10g"
    direct = ("v(out)", "i(vdd)", *devices)

    def noise(output: str, source: str, grid: str) -> Analysis:
        run = f"noise {output} {source} {grid}"
        return Analysis(run, ("onoise_spectrum",), plot="noise")

    if circuit.bench in (AMPLIFIER, COMMON_SOURCE):
        spots = noise("v(out)", "vin", "dec 1 1k 1meg")
        return Analysis("op", direct), Analysis(sweep, ("v(out)",)), spots
    if circuit.bench == TRANSIMPEDANCE:
        spots = noise("v(out)", "iin", "dec 10 1k 10g")
        return Analysis("op", direct), Analysis(sweep, ("v(out)",)), spots
    direct = (f"v(out{CLOSED})", f"i(vdd{CLOSED})", f"v(out{LIGHT})")
    direct += tuple(f"@{m.name}{CLOSED}[id]" for m in circuit.netlist.of_kind("m"))
    return (
        Analysis("op", direct),
        Analysis(sweep, ("v(fb)", "v(fbg)", f"v(out{CLOSED})")),
        noise(f"v(out{CLOSED})", f"vdd{CLOSED}", "dec 1 10k 100k"),
    )
