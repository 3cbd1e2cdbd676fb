"""Level-1 cards at the corners of a process."""

from __future__ import annotations

from dataclasses import replace

from archgym.cost_models.analog.cards import Card
from archgym.cost_models.analog.corners import corner_data

TYPICAL = "tt"
_POLARITIES = {1: "n", -1: "p"}


def at_process(card: Card, process: str) -> Card:
    """Return a typical card at a corner of the process (``corners.yaml``)."""
    if process == TYPICAL:
        return card
    data = corner_data()
    moved = data["devices"][data["processes"][process][_POLARITIES[card.polarity]]]
    return shifted(
        replace(card, values=card.values | {"tox": card.values["tox"] * moved["tox"]}),
        moved["threshold_v"],
        moved["kp"],
    )


def shifted(card: Card, threshold_v: float, kp: float) -> Card:
    """Return a card whose threshold is larger in magnitude and whose kp is multiplied."""
    values = card.values | {
        "vto": card.values["vto"] + card.polarity * threshold_v,
        "kp": card.values["kp"] * kp,
    }
    return replace(card, values=values)


def card_line(card: Card, name: str) -> str:
    """Return a card as SPICE reads it, under a name."""
    kind = "nmos" if card.polarity > 0 else "pmos"
    values = " ".join(f"{key}={value:.12g}" for key, value in card.values.items())
    return f".model {name} {kind} level=1 {values} cgbo=0 cj=0 cjsw=0 is=1e-18 af=1"
