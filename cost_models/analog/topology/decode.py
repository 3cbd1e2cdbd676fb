"""From a walk back to the circuit, or to what is wrong with the walk."""

from __future__ import annotations

from collections.abc import Sequence

from archgym.cost_models.analog.topology.tokens import GROUND, TERMINALS, Pin, is_net, pin_of
from archgym.cost_models.analog.topology.topology import Device, Topology

NET, INTO, OUT = range(3)  # what comes at places 0, 1, 2 modulo 3 of a walk


class WalkError(ValueError):
    """Words that are no walk of a circuit.

    Attributes:
        progress: The share of the words before the first wrong one.
    """

    def __init__(self, message: str, progress: float):
        self.progress = progress
        super().__init__(message)


def decode(words: Sequence[str]) -> Topology:
    """Return the circuit that a walk describes.

    Raises:
        WalkError: A word cannot stand where it stands, or a pin is missing at the end.
    """
    connected: dict[Pin, str] = {}
    for at, word in enumerate(words):
        reason = _wrong(words, at, connected)
        if reason:
            raise WalkError(f"word {at + 1}, {word!r}: {reason}", at / len(words))
    if len(words) % 3 != 1 or words[-1] != GROUND or len(words) == 1:
        raise WalkError(f"the walk must end at {GROUND} and pass a device", 1.0)
    return _topology(connected)


def _wrong(words: Sequence[str], at: int, connected: dict[Pin, str]) -> str:
    """Return why a word cannot stand there, or nothing; note which pins are connected."""
    word, pin = words[at], pin_of(words[at])
    if at == 0 and word != GROUND:
        return f"walks begin at {GROUND}"
    if at % 3 == NET:
        if not is_net(word):
            return "a net must follow the pin by which a device is left"
        return "" if at == 0 else _connect(pin_of(words[at - 1]), word, connected)
    if pin is None:
        return "a pin of a device must follow here, such as NM1_G or R1_P"
    if at % 3 == INTO:
        return _connect(pin, words[at - 1], connected)
    before = pin_of(words[at - 1])
    if before is None or (before.kind, before.number) != (pin.kind, pin.number) or before == pin:
        return f"another pin of the device of {words[at - 1]} must follow"
    return ""


def _connect(pin: Pin | None, net: str, connected: dict[Pin, str]) -> str:
    assert pin is not None
    before = connected.setdefault(pin, net)
    return "" if before == net else f"{pin.token} is at {before} already, it cannot be at {net}"


def _topology(connected: dict[Pin, str]) -> Topology:
    devices = []
    for kind, terminals in TERMINALS.items():
        numbers = sorted({pin.number for pin in connected if pin.kind == kind})
        for number in numbers:
            pins = [Pin(kind, number, terminal) for terminal in terminals]
            missing = [pin.token for pin in pins if pin not in connected]
            if missing:
                raise WalkError(f"the walk ends before {missing[0]} is connected", 1.0)
            devices.append(Device(kind, tuple(connected[pin] for pin in pins)))
    return Topology(tuple(devices))
