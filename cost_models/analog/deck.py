"""Decks for ngspice: a sized circuit on its bench, and the analyses that measure it.

The loop of an amplifier is opened by a huge inductor and a huge capacitor. Copies of a circuit
that are wired otherwise (the buffer that slews, the closed loop of a regulator) stand in the same
deck, their nodes and elements marked by a suffix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from archgym.cost_models.analog import formula, foundry
from archgym.cost_models.analog.cards import Card, card_text, read_cards
from archgym.cost_models.analog.cards.process import TYPICAL, at_process, card_line, shifted
from archgym.cost_models.analog.circuit import (
    AMPLIFIER,
    COMMON_SOURCE,
    COMPARATOR,
    REGULATOR,
    TRANSIMPEDANCE,
    Circuit,
)
from archgym.cost_models.analog.columns import AFM1, SUPPLY_V
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.corners import ZERO_CELSIUS_K
from archgym.cost_models.analog.deck_sources import (
    BUFFER,
    CLOSED,
    COMMON,
    FALL,
    LIGHT,
    RIPPLE,
    RISE,
    SERVO_GAINS,
    SWING_V,
    Place,
    joined,
    sources,
)
from archgym.cost_models.analog.mismatch import BETA, THRESHOLD, shifts
from archgym.cost_models.analog.netlist import GROUND, Element, Value

OPTIONS = "gmin=1e-13 reltol=1e-6 vntol=1e-9 abstol=1e-16 itl1=1000"
TRANSIENT_OPTIONS = "gmin=1e-13 reltol=1e-4 vntol=1e-6 abstol=1e-14 itl1=500"
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


@dataclass(frozen=True)
class Sized:
    """A design of a circuit and what it is measured under.

    Attributes:
        circuit: The circuit.
        model: Of its transistors.
        design: Parameter -> value.
        conditions: One corner, one sample of mismatch.
    """

    circuit: Circuit
    model: str
    design: Design
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def supply_v(self) -> float:
        """The supply voltage."""
        return self.conditions.supply_v(self.model)


def make_deck(sized: Sized, servo_gain: float = SERVO_GAINS[0]) -> Deck:
    """Return the deck of one design for the operating point and small signals.

    ``servo_gain`` is that of what holds a comparator at its trip point.
    """
    suffixes = [""]
    if sized.circuit.bench == REGULATOR:
        suffixes += [CLOSED, LIGHT]
    if sized.circuit.bench == AMPLIFIER and sized.conditions.rejection:
        suffixes += [RIPPLE, COMMON]
    copies = [_Copy(sized, Place(suffix, servo_gain=servo_gain)) for suffix in suffixes]
    return _deck(sized, copies, _analyses(sized.circuit, sized.conditions))


def make_slew_deck(sized: Sized, ugbw_hz: float) -> Deck:
    """Return the deck of the buffer that answers a pulse (`pulse_period`)."""
    period = pulse_period(sized.circuit, sized.design, ugbw_hz)
    copy = _Copy(sized, Place(BUFFER, period=period))
    run = f"tran {period / 400:.9g} {0.52 * period:.9g}"
    return _deck(sized, [copy], (_transient(run, (f"v(out{BUFFER})",)),))


def make_delay_deck(sized: Sized, trip_v: float, horizon_s: float) -> Deck:
    """Return the deck of two comparators that decide, up and down, within a time."""
    copies = [_Copy(sized, Place(suffix, trip_v=trip_v)) for suffix in (RISE, FALL)]
    states = Analysis("op", (f"i(vdd{RISE})", f"i(vdd{FALL})"))
    run = f"tran {horizon_s / 400:.9g} {horizon_s:.9g}"
    return _deck(sized, copies, (states, _transient(run, (f"v(out{RISE})", f"v(out{FALL})"))))


def pulse_period(circuit: Circuit, design: Design, ugbw_hz: float) -> float:
    """Return the period of the pulse in seconds, from a rough slew rate and the bandwidth."""
    columns = {name: np.array([value]) for name, value in design.items()}
    slew = float(np.ravel(formula.evaluate(circuit.slew_v_per_s, columns))[0])
    return 2.0 * (6.0 * SWING_V / slew + 6.0 / (2.0 * np.pi * ugbw_hz))


def _transient(run: str, vectors: tuple[str, ...]) -> Analysis:
    return Analysis(run, vectors, TRANSIENT_OPTIONS, "tran")


def _deck(sized: Sized, copies: list[_Copy], analyses: tuple[Analysis, ...]) -> Deck:
    celsius = sized.conditions.temperature_k - ZERO_CELSIUS_K
    lines = [f"* {sized.circuit.name}: {sized.circuit.about}", *_cards(sized)]
    for copy in copies:
        lines += copy.lines()
    lines += [f".options {OPTIONS}", f".temp {celsius:.9g}", ".end"]
    alter = tuple(command for copy in copies for command in copy.alter())
    return Deck(tuple(line for line in lines if line.strip()), alter, analyses)


def _cards(sized: Sized) -> list[str]:
    """Return the cards; those of mismatched transistors of level 1 come with the copies."""
    process = sized.conditions.process
    if sized.model != AFM1:
        return foundry.foundry_cards(process).splitlines()
    if process == TYPICAL:
        return card_text().splitlines()
    return [card_line(at_process(card, process), card.name) for card in read_cards()]


class _Copy:
    """One copy of a circuit with its sources."""

    def __init__(self, sized: Sized, place: Place):
        self.sized, self.place = sized, place
        self.circuit, self.model, self.suffix = sized.circuit, sized.model, place.suffix
        self._values = {s.hole: s.unit * float(sized.design[s.name]) for s in self.circuit.sizes}
        self._joined = joined(place.suffix)
        self._off = _off(sized)

    def lines(self) -> list[str]:
        elements = [self._element(e) for e in self.circuit.netlist.elements]
        placed = sources(self.circuit, self.place, self._node, self.sized.supply_v)
        return [*self._own_cards(), *elements, *placed, *self._starts()]

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
        return f"{e.name}{self.suffix} {nodes} {self._model(e)} {sizes}{self._geometry(e)}"

    def _model(self, e: Element) -> str:
        if self.model != AFM1:
            return foundry.NAMES[e.polarity]
        name = self._card(e).name
        return f"{name}_{e.name}{self.suffix}" if e.name in self._off else name

    def _card(self, e: Element) -> Card:
        length = float(self._number(e.length)) * 1e6
        fits = [
            card
            for card in read_cards()
            if card.polarity == e.polarity and abs(card.length_um - length) < 1e-6
        ]
        return fits[0]

    def _geometry(self, e: Element) -> str:
        if self.model == AFM1:
            return ""
        if e.name not in self._off:
            return f" {foundry.GEOMETRY}"
        threshold, beta = self._off[e.name]
        off = f"delvto={e.polarity * threshold:.12g} mulu0={1.0 + beta:.12g}"
        return f" {foundry.GEOMETRY} {off}"

    def _own_cards(self) -> list[str]:
        """Return a card for each transistor of level 1 that is off: it has no such options."""
        if self.model != AFM1:
            return []
        lines = []
        for e in self.circuit.netlist.of_kind("m"):
            if e.name in self._off:
                threshold, beta = self._off[e.name]
                card = at_process(self._card(e), self.sized.conditions.process)
                lines.append(card_line(shifted(card, threshold, 1.0 + beta), self._model(e)))
        return lines

    def _starts(self) -> list[str]:
        """Return where the search for the operating point begins."""
        scale = self.sized.supply_v / SUPPLY_V[AFM1]
        places = {self._node(n): volts * scale for n, volts in self.circuit.start.items()}
        return [f".nodeset v({node})={volts:.6g}" for node, volts in places.items()]


def _off(sized: Sized) -> dict[str, tuple[float, float]]:
    """Return by how much transistors are off in threshold and current factor, by name."""
    conditions = sized.conditions
    if not conditions.sample:
        return {}
    sizes = {name: np.array([value]) for name, value in sized.design.items()}
    seed, sample = conditions.mismatch_seed, conditions.sample
    (table,) = shifts(sized.circuit, sized.model, sizes, seed, sample)
    names = [m.name for m in sized.circuit.netlist.of_kind("m")]
    return {
        name: (float(row[THRESHOLD]), float(row[BETA]))
        for name, row in zip(names, table, strict=True)
    }


def _analyses(circuit: Circuit, conditions: Conditions) -> tuple[Analysis, ...]:
    devices = tuple(f"@{m.name}[id]" for m in circuit.netlist.of_kind("m"))
    sweep = f"ac dec {conditions.points_per_decade} 10 10g"
    direct = ("v(out)", "i(vdd)", *devices)

    def noise(output: str, source: str, grid: str) -> Analysis:
        run = f"noise {output} {source} {grid}"
        return Analysis(run, ("onoise_spectrum",), plot="noise")

    if circuit.bench in (AMPLIFIER, COMMON_SOURCE, COMPARATOR):
        spots = noise("v(out)", "vin", "dec 1 1k 1meg")
        answers = ["v(out)"]
        if circuit.bench == AMPLIFIER and conditions.rejection:
            answers += [f"v(out{RIPPLE})", f"v(out{COMMON})"]
        if circuit.bench == COMPARATOR:
            direct = ("v(inp)", *direct)
        return Analysis("op", direct), Analysis(sweep, tuple(answers)), spots
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
