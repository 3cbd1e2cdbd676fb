"""Walks word by word: which words may follow, so that a valid circuit can still be reached.

What is checked at each word: the form of walks, devices and nets numbered as they are met, the
rules of single devices, and that the walk can be completed within its length. For the last there
is an upper bound of the words that `completion.completion` needs; a word is allowed where that
bound, after it, is not above what is left. Where no word passes, the walk follows a completion
that was within the bound before, so it never ends in a dead end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from archgym.cost_models.analog.topology.conduction import on_supply_paths, reached_from_rails
from archgym.cost_models.analog.topology.decode import INTO, NET
from archgym.cost_models.analog.topology.rules import BULK_RAIL, CONDUCTING, PORTS
from archgym.cost_models.analog.topology.tokens import (
    GROUND,
    INPUTS,
    OUTPUT,
    RAILS,
    SUPPLY,
    TERMINALS,
    TRANSISTORS,
    Pin,
    inner_net,
    is_inner,
    pin_of,
)

END = "END"  # the word behind a finished walk
_MOST_ADDED = 36  # more than a single word can add to the bound, or to the resistors
Nets = tuple[str | None, ...]
Name = tuple[str, int]


@dataclass(frozen=True)
class Limits:
    """How large a walk may become.

    Attributes:
        length: Most words, END not counted.
        devices: Kind -> most devices of it.
        inner_nets: Most nets inside.
    """

    length: int
    devices: Mapping[str, int]
    inner_nets: int

    @staticmethod
    def of(length: int) -> Limits:
        """Return limits that leave walks of a length free, and completions their resistors."""
        some, few = max(length // 8, 4), max(length // 32, 2)
        kinds = {"NM": some, "PM": some, "R": 2 * some, "C": few, "I": few, "V": few}
        return Limits(length, kinds, max(length // 6, 4))

    @cached_property
    def alphabet(self) -> tuple[str, ...]:
        """All words: END, ports, nets inside, pins."""
        inner = (inner_net(number + 1) for number in range(self.inner_nets))
        pins = (
            Pin(kind, number + 1, terminal).token
            for kind, most in self.devices.items()
            for number in range(most)
            for terminal in TERMINALS[kind]
        )
        return (END, *PORTS, *inner, *pins)


@dataclass(frozen=True)
class PartialWalk:
    """A walk so far. Made by `begin` and `after`.

    Attributes:
        limits: How large it may become.
        length: Its words.
        last: The last of them.
        devices: Device -> the nets of its terminals, None where a pin is open.
        inner: Nets inside so far.
        fed: Nets known to lie on a path between the supplies.
        needy: Nets that may still lack what the rules ask for; none else do.
        promise: Words that complete the walk, where only they are known to.
    """

    limits: Limits
    length: int = 1
    last: str = GROUND
    devices: Mapping[Name, Nets] = field(default_factory=dict)
    inner: int = 0
    fed: frozenset[str] = frozenset(RAILS)
    needy: frozenset[str] = frozenset({OUTPUT})
    promise: tuple[str, ...] = ()

    # -- the words that may follow ---------------------------------------------------------------

    @property
    def place(self) -> int:
        """Which kind of word came last: a net, the pin into a device, the pin out of it."""
        return (self.length - 1) % 3

    @property
    def is_complete(self) -> bool:
        """Whether the walk may end here."""
        owes = self.needy or self.unused_inputs or self.open_pins
        return self.place == NET and self.last == GROUND and not owes and bool(self.devices)

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """The words that may follow, END among them where the walk may end; never none."""
        words = [word for word in self.legal() if self._can_be_completed(word)]
        if self.is_complete:
            words.append(END)
        return tuple(words) or self._promised()[:1]

    def after(self, word: str) -> PartialWalk:
        """Return the walk with one more word, which must be legal."""
        walk = self.extended(word)
        if self._can_be_completed(word):
            return walk
        promised = self._promised()
        if promised[:1] != (word,):
            raise ValueError(f"{word!r} may not follow {self.last!r} here")
        return replace(walk, promise=promised[1:])

    def extended(self, word: str) -> PartialWalk:
        """Return the walk with one more legal word, whether or not it can be completed."""
        return self._with(word)._weighed()

    def legal(self) -> Iterator[str]:
        """Yield the words that may follow as far as form and single devices are concerned."""
        if self.place == NET:
            yield from self._ways_in()
        elif self.place == INTO:
            pin = self.pin
            yield from (pin.other(t).token for t in TERMINALS[pin.kind] if t != pin.terminal)
        else:
            yield from self._nets_for(self.pin)

    @property
    def pin(self) -> Pin:
        """The last word, where it is a pin."""
        pin = pin_of(self.last)
        assert pin is not None
        return pin

    def _ways_in(self) -> Iterator[str]:
        for (kind, number), nets in self.devices.items():
            for terminal, net in zip(TERMINALS[kind], nets, strict=True):
                if net == self.last or (
                    net is None and self.suits(kind, nets, terminal, self.last)
                ):
                    yield Pin(kind, number, terminal).token
        for kind, most in self.limits.devices.items():
            number = self.count(kind) + 1
            if number <= most and (kind != "V" or self._nets_to_tie):
                open_nets: Nets = (None,) * len(TERMINALS[kind])
                for terminal in TERMINALS[kind]:
                    if self.suits(kind, open_nets, terminal, self.last):
                        yield Pin(kind, number, terminal).token

    def _nets_for(self, pin: Pin) -> Iterator[str]:
        net = self.net_of(pin)
        if net is not None:
            yield net
            return
        nets = self.devices[pin.kind, pin.number]
        for candidate in (*PORTS, *self._inner_nets(fresh=True)):
            if self.suits(pin.kind, nets, pin.terminal, candidate):
                yield candidate

    def suits(self, kind: str, nets: Nets, terminal: str, net: str) -> bool:
        """Return whether an open terminal of a device may be connected to a net."""
        if kind in TRANSISTORS:
            return self._suits_transistor(kind, nets, terminal, net)
        other = nets[1 - TERMINALS[kind].index(terminal)]
        if kind == "C":
            return net not in INPUTS and net != other
        if kind == "V":
            others = self._nets_to_tie
        else:
            others = tuple(name for name in self._nets if name not in self.tied)
        if kind == "R":
            return net in others and net != other
        # a source has P at the supply or N at ground
        at_rail = net == (GROUND if terminal == "N" else SUPPLY)
        inside = net in others and net not in RAILS
        if other is None:
            return at_rail or inside
        if other in RAILS:
            return inside or (kind == "I" and at_rail)
        return at_rail

    def _suits_transistor(self, kind: str, nets: Nets, terminal: str, net: str) -> bool:
        if terminal == "G":
            return net != BULK_RAIL[kind]
        drain, _, source, _ = nets
        if terminal == "B":
            return net == BULK_RAIL[kind] or (net == source and net not in INPUTS)
        free = net not in INPUTS and net not in self.tied
        return free and net != (source if terminal == "D" else drain)

    @cached_property
    def _nets(self) -> tuple[str, ...]:
        """All nets that a device which carries current may be connected to."""
        return (*RAILS, OUTPUT, *self._inner_nets(fresh=True))

    @property
    def inner_nets(self) -> tuple[str, ...]:
        """Nets inside, and the next one where there may be one more."""
        return tuple(self._inner_nets(fresh=True))

    def _inner_nets(self, fresh: bool) -> Iterator[str]:
        last = min(self.inner + fresh, self.limits.inner_nets)
        return (inner_net(number + 1) for number in range(last))

    @cached_property
    def tied(self) -> frozenset[str]:
        """Nets that voltage sources hold."""
        ends = (nets for (kind, _), nets in self.devices.items() if kind == "V")
        return frozenset(net for nets in ends for net in nets if net not in (None, *RAILS))

    @cached_property
    def _nets_to_tie(self) -> tuple[str, ...]:
        """Nets inside that a voltage source may hold: those that drive gates alone."""
        taken = {
            net
            for (kind, _), nets in self.devices.items()
            for terminal, net in zip(TERMINALS[kind], nets, strict=True)
            if kind != "C" and terminal != "G"
        }
        return tuple(net for net in self._inner_nets(fresh=True) if net not in taken)

    # -- whether it can be completed -------------------------------------------------------------

    def _can_be_completed(self, word: str) -> bool:
        return self._is_roomy or self._with(word).fits

    @cached_property
    def _is_roomy(self) -> bool:
        """Whether any word can be completed."""
        left, added = self.limits.length - self.length - 1, _MOST_ADDED
        return (
            self.bound + added <= left
            and self.resistors + added <= self._spare("R")
            and len(self.idle) + 2 <= min(map(self._spare, TRANSISTORS))
        )

    @property
    def fits(self) -> bool:
        """Whether a completion surely stays within the limits."""
        return (
            self.bound <= self.limits.length - self.length
            and self.resistors <= self._spare("R")
            and len(self.idle) <= min(map(self._spare, TRANSISTORS))
        )

    @cached_property
    def bound(self) -> int:
        """An upper bound of the words that `completion` adds."""
        fed = len(self.needy - self.tied)
        owed = 6 * self.open_pins + 3 + 6 * fed + 9 * len(self.idle) + 3
        return owed + self._to_a_rail()

    def _to_a_rail(self) -> int:
        """Return an upper bound of the words to the next rail."""
        if self.place == NET:
            return 0 if self.last in RAILS else 6 if self.last in (*INPUTS, *self.tied) else 3
        ties = 12 if self.pin.kind == "V" else 0  # the net may be a new one
        return ties + (5 if self.place == INTO else 4)

    @cached_property
    def resistors(self) -> int:
        """An upper bound of the resistors that `completion` adds."""
        return self.open_pins + 2 * len(self.needy) + 4

    def _spare(self, kind: str) -> int:
        return self.limits.devices[kind] - self.count(kind)

    def _promised(self) -> tuple[str, ...]:
        from archgym.cost_models.analog.topology.completion import completion

        return self.promise or completion(self)

    # -- what the walk is so far -----------------------------------------------------------------

    def count(self, kind: str) -> int:
        """Return how many devices of a kind there are."""
        return self._counts.get(kind, 0)

    @cached_property
    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for kind, _ in self.devices:
            counts[kind] = counts.get(kind, 0) + 1
        return counts

    def net_of(self, pin: Pin) -> str | None:
        """Return the net of a pin, None where it is open."""
        return self.devices[pin.kind, pin.number][TERMINALS[pin.kind].index(pin.terminal)]

    @cached_property
    def open_pins(self) -> int:
        """How many pins of transistors are open."""
        return sum(
            nets.count(None) for (kind, _), nets in self.devices.items() if kind in TRANSISTORS
        )

    @property
    def idle(self) -> tuple[str, ...]:
        """Inputs and held nets that have no gate to drive."""
        return (*self.unused_inputs, *sorted(self.needy & self.tied))

    @cached_property
    def unused_inputs(self) -> tuple[str, ...]:
        """Inputs that drive nothing yet."""
        used = {nets[1] for (kind, _), nets in self.devices.items() if kind in TRANSISTORS}
        return tuple(port for port in INPUTS if port not in used)

    def _with(self, word: str) -> PartialWalk:
        """Return the walk with one more word; its needy nets may be more than there are."""
        devices, inner, needy = self.devices, self.inner, self.needy
        if self.place == NET:
            pin = pin_of(word)
            assert pin is not None
            devices, inner, needy = self._connected(pin, self.last)
        elif self.place != INTO:
            devices, inner, needy = self._connected(self.pin, word)
        return PartialWalk(self.limits, self.length + 1, word, devices, inner, self.fed, needy)

    def _connected(self, pin: Pin, net: str) -> tuple[Mapping[Name, Nets], int, frozenset[str]]:
        """Return devices, number of nets inside and needy nets with a pin at a net."""
        name, at = (pin.kind, pin.number), TERMINALS[pin.kind].index(pin.terminal)
        nets = self.devices.get(name, (None,) * len(TERMINALS[pin.kind]))
        if nets[at] is not None:
            return self.devices, self.inner, self.needy
        devices = {**self.devices, name: (*nets[:at], net, *nets[at + 1 :])}
        is_new = is_inner(net) and net == inner_net(self.inner + 1)
        carries = pin.terminal in "DS" or pin.kind == "I"
        lacks = net not in self.fed and net not in INPUTS and (carries or is_new)
        return devices, self.inner + is_new, self.needy | {net} if lacks else self.needy

    def _weighed(self) -> PartialWalk:
        """Return the walk with those nets as needy that are."""
        if self.place != NET:
            return self
        ends: dict[str, list[tuple[str, str]]] = {kind: [] for kind in TERMINALS}
        pins: dict[str, int] = {}
        carrying = {OUTPUT}
        for (kind, _), nets in self.devices.items():
            first, second = nets[0], nets[2 if kind in TRANSISTORS else 1]
            if first is not None and second is not None:
                ends[kind].append((first, second))
            for net in nets:
                if net is not None:
                    pins[net] = pins.get(net, 0) + 1
            if kind in TRANSISTORS or kind == "I":
                carrying |= {net for net in (first, second) if net is not None}
        conducting = [edge for kind in CONDUCTING for edge in ends[kind]]
        fed, reached = on_supply_paths([*conducting, *ends["I"]]), reached_from_rails(conducting)
        needy = {
            net
            for net in (OUTPUT, *self._inner_nets(fresh=False))
            if net not in reached or (net in carrying and net not in fed) or pins.get(net, 0) < 2
        }
        if OUTPUT in fed & reached:
            needy.discard(OUTPUT)
        return replace(self, fed=frozenset(fed & reached), needy=frozenset(needy))


def begin(limits: Limits) -> PartialWalk:
    """Return the walk of one word, VSS.

    Raises:
        ValueError: No circuit fits into the limits for sure.
    """
    walk = PartialWalk(limits)
    if not walk.fits:
        raise ValueError(
            f"walks need {1 + walk.bound} words at least, {limits.length} are allowed"
        )
    return walk
