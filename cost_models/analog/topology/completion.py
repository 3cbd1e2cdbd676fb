"""How any walk is brought to an end: a witness that the grammar has no dead ends.

Open pins are connected to rails, nets without current get a resistor to either rail, an input
that drives nothing the gate of a transistor between the rails. Nobody would design so; what
matters is that it always works, and in how many words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archgym.cost_models.analog.topology.decode import INTO, NET
from archgym.cost_models.analog.topology.tokens import (
    GROUND,
    INPUTS,
    RAILS,
    SUPPLY,
    TERMINALS,
    Pin,
)

if TYPE_CHECKING:
    from archgym.cost_models.analog.topology.grammar import PartialWalk


def completion(walk: PartialWalk) -> tuple[str, ...]:
    """Return words that complete a walk, END not among them."""
    builder = _Builder(walk)
    builder.to_a_net()
    while builder.walk.open_pins:
        builder.close_a_pin()
    for net in builder.walk.idle:
        builder.use(net)
    while builder.walk.needy:
        builder.feed(min(builder.walk.needy))
    if builder.walk.last != GROUND:
        builder.to_rail(GROUND)
    return tuple(builder.words)


class _Builder:
    """A walk to which words are added."""

    def __init__(self, walk: PartialWalk):
        self.walk, self.words = walk, list[str]()

    def add(self, *words: str) -> None:
        self.words += words
        for word in words:
            self.walk = self.walk.extended(word)

    def to_a_net(self) -> None:
        """Leave the device that the walk is in."""
        if self.walk.place == INTO:
            pin = self.walk.pin
            self.add(self._way_out(pin).token)
        if self.walk.place != NET:
            self.add(self._net_for(self.walk.pin))

    def _way_out(self, into: Pin) -> Pin:
        """Return another pin of the device, one at a net with current where there is one."""
        pins = [into.other(t) for t in TERMINALS[into.kind] if t != into.terminal]
        without = (None, *INPUTS, *self.walk.tied)
        return min(pins, key=lambda pin: self.walk.net_of(pin) in without)

    def _net_for(self, pin: Pin) -> str:
        net = self.walk.net_of(pin)
        return net if net is not None else self._rail_for(pin)

    def _rail_for(self, pin: Pin) -> str:
        """Return a net to connect an open pin to; a rail but for voltage sources."""
        nets = self.walk.devices[pin.kind, pin.number]
        choices = [*RAILS, *self.walk.inner_nets]
        return next(net for net in choices if self.walk.suits(pin.kind, nets, pin.terminal, net))

    def to_rail(self, rail: str) -> None:
        """Go to a rail by a resistor of its own.

        Inputs and held nets, which no resistor may touch, are left by a device that is there.
        """
        if self.walk.last in (*INPUTS, *self.walk.tied):
            into = self._pin_at(self.walk.last)
            out = self._way_out(into)
            self.add(into.token, out.token, self._net_for(out))
        if self.walk.last != rail:
            number = self.walk.count("R") + 1
            self.add(f"R{number}_P", f"R{number}_N", rail)

    def _pin_at(self, net: str) -> Pin:
        """Return the gate at an input, or the voltage source at a net that it holds."""
        return next(
            Pin(kind, number, TERMINALS[kind][nets.index(net)])
            for (kind, number), nets in self.walk.devices.items()
            if net in nets and (kind == "V" or net in INPUTS)
        )

    def close_a_pin(self) -> None:
        pin = next(
            Pin(kind, number, terminal)
            for (kind, number), nets in self.walk.devices.items()
            for terminal, net in zip(TERMINALS[kind], nets, strict=True)
            if net is None
        )
        self.to_rail(self._rail_for(pin))
        out = self._way_out(pin)
        self.add(pin.token)
        self.add(out.token)
        self.add(self._net_for(out))

    def feed(self, net: str) -> None:
        """Join a net to both rails by resistors."""
        if self.walk.last not in RAILS:
            self.to_rail(GROUND)
        start = self.walk.last
        self.to_net(net)
        self.to_rail(SUPPLY if start == GROUND else GROUND)

    def to_net(self, net: str) -> None:
        number = self.walk.count("R") + 1
        self.add(f"R{number}_P", f"R{number}_N", net)

    def use(self, net: str) -> None:
        """Let an input, or a net that a voltage source holds, drive a transistor."""
        if self.walk.last not in RAILS:
            self.to_rail(GROUND)
        kind = "NM" if self.walk.last == GROUND else "PM"
        start = self.walk.last
        end = SUPPLY if start == GROUND else GROUND
        name = f"{kind}{self.walk.count(kind) + 1}"
        self.add(f"{name}_B", f"{name}_G", net, f"{name}_G", f"{name}_S", start)
        self.add(f"{name}_B", f"{name}_D", end)
