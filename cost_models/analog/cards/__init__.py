"""Level-1 model cards: one per polarity and gate length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from archgym.cost_models.analog.netlist import number
from archgym.errors import WorkloadError

SUPPLY_V = 1.8
_POLARITY = {"nmos": 1, "pmos": -1}
_FIELDS = ("vto", "kp", "gamma", "phi", "lambda", "tox", "cgso", "cgdo", "kf")
_IGNORED_WHERE_ZERO = ("cgbo", "cj", "cjsw")


@dataclass(frozen=True)
class Card:
    """A SPICE level-1 card.

    Attributes:
        name: Polarity and length, for example ``n018`` for 0.18 um.
        polarity: 1 NMOS, -1 PMOS.
        length_um: The gate length that it is for.
        values: SPICE's parameters vto, kp, gamma, phi, lambda, tox, cgso, cgdo, kf in SI units.
    """

    name: str
    polarity: int
    length_um: float
    values: dict[str, float]


def card_text() -> str:
    """Return the cards as SPICE reads them."""
    return resources.files(__package__).joinpath("afm1.lib").read_text()


@lru_cache(maxsize=1)
def read_cards() -> tuple[Card, ...]:
    """Return the cards of ``afm1``, a 1.8 V process with numbers of our own."""
    lines = [line.split() for line in card_text().splitlines() if line.startswith(".model")]
    return tuple(_card(words) for words in lines)


def lengths_um() -> tuple[float, ...]:
    """Return the gate lengths for which there are cards, ascending."""
    return tuple(sorted({card.length_um for card in read_cards()}))


def _card(words: list[str]) -> Card:
    name, kind, options = words[1], words[2], dict(word.split("=") for word in words[3:])
    given = {key: number(text) for key, text in options.items()}
    if given.pop("level") != 1 or any(given[key] for key in _IGNORED_WHERE_ZERO):
        raise WorkloadError(f"card {name!r}: only level 1 without junction capacitances is known")
    values = {field: given[field] for field in _FIELDS}
    return Card(name, _POLARITY[kind], int(name[1:]) / 100, values)
