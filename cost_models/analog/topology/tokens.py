"""The words of walks: pins of devices and nets.

A pin is a device and a terminal, ``NM1_G``; nets inside are ``N1``, ``N2``, ...; any other word of
capitals and digits is a port, such as ``VDD``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Kind of device -> its terminals. Current flows from P to N through a source.
TERMINALS = {"NM": "DGSB", "PM": "DGSB", "R": "PN", "C": "PN", "I": "PN", "V": "PN"}
TRANSISTORS = ("NM", "PM")
GROUND, SUPPLY = "VSS", "VDD"
RAILS = (GROUND, SUPPLY)
PLUS, MINUS, OUTPUT = "VIN1", "VIN2", "VOUT1"
INPUTS = (PLUS, MINUS)

_KINDS = "|".join(TERMINALS)
_PIN = re.compile(rf"({_KINDS})([1-9]\d*)_([A-Z])")
_DEVICE = re.compile(rf"({_KINDS})[1-9]\d*")
_INNER = re.compile(r"N([1-9]\d*)")
_NET = re.compile(r"[A-Z][A-Z0-9]*")


class Pin(NamedTuple):
    """A terminal of a device.

    Attributes:
        kind: Of the device.
        number: Of the device among those of its kind, from 1.
        terminal: A letter of `TERMINALS`.
    """

    kind: str
    number: int
    terminal: str

    @property
    def token(self) -> str:
        """The word for it."""
        return f"{self.kind}{self.number}_{self.terminal}"

    def other(self, terminal: str) -> Pin:
        """Return another terminal of the same device."""
        return Pin(self.kind, self.number, terminal)


@lru_cache(maxsize=4096)
def pin_of(token: str) -> Pin | None:
    """Return the pin that a word stands for, None where it stands for none."""
    found = _PIN.fullmatch(token)
    if not found or found[3] not in TERMINALS[found[1]]:
        return None
    return Pin(found[1], int(found[2]), found[3])


def is_net(token: str) -> bool:
    """Return whether a word is a net: a port or one inside."""
    return bool(_NET.fullmatch(token)) and not _DEVICE.fullmatch(token)


def is_inner(token: str) -> bool:
    """Return whether a word is a net inside."""
    return bool(_INNER.fullmatch(token))


def inner_net(number: int) -> str:
    """Return the word for a net inside, counted from 1."""
    return f"N{number}"
