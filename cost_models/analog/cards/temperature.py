"""Level-1 cards at other temperatures than they were measured at, as SPICE has it.

Mobility falls with the power 1.5 of the absolute temperature; surface potential and threshold
follow the band gap of silicon (Varshni, Physica 1967).
"""

from __future__ import annotations

import math
from dataclasses import replace

from archgym.cost_models.analog.cards import Card
from archgym.cost_models.analog.corners import ROOM_K

BOLTZMANN, CHARGE = 1.38064852e-23, 1.6021766208e-19
_GAP_EV, _VARSHNI_EV_PER_K, _VARSHNI_K = 1.16, 7.02e-4, 1108.0
_ROOM_GAP_EV = 1.1150877
_MOBILITY_EXPONENT = 1.5


def at_temperature(card: Card, kelvin: float) -> Card:
    """Return a card of 27 C at another temperature."""
    if kelvin == ROOM_K:
        return card
    given, ratio = card.values, kelvin / ROOM_K
    phi = ratio * (given["phi"] - _potential_shift(ROOM_K)) + _potential_shift(kelvin)
    flat = given["vto"] - card.polarity * given["gamma"] * math.sqrt(given["phi"])
    flat += 0.5 * (_gap(ROOM_K) - _gap(kelvin)) + 0.5 * card.polarity * (phi - given["phi"])
    threshold = flat + card.polarity * given["gamma"] * math.sqrt(phi)
    kp = given["kp"] / ratio**_MOBILITY_EXPONENT
    return replace(card, values=given | {"phi": phi, "vto": threshold, "kp": kp})


def _gap(kelvin: float) -> float:
    """Return the band gap in eV."""
    return _GAP_EV - _VARSHNI_EV_PER_K * kelvin**2 / (kelvin + _VARSHNI_K)


def _potential_shift(kelvin: float) -> float:
    """Return what a junction's potential changes by, in volts, beside its scaling."""
    gap = CHARGE * (_ROOM_GAP_EV / ROOM_K - _gap(kelvin) / kelvin) / (2.0 * BOLTZMANN)
    volts = kelvin * BOLTZMANN / CHARGE
    return -2.0 * volts * (1.5 * math.log(kelvin / ROOM_K) + gap)
