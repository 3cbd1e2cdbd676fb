"""Mismatch of transistors by Pelgrom's law.

Two equal transistors of area W L differ in threshold and relative current factor with standard
deviations A / sqrt(W L) (Pelgrom, Duinmaijer and Welbers, JSSC 1989), so each is off by 1 / sqrt 2
of that. Sample k of every design is made of the same standard normal numbers, one for each
transistor and quantity; the area decides what they amount to. What a design measures is thus a
function of it alone, which may be searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import yaml
from numpy.typing import NDArray

from archgym.cost_models.analog import foundry
from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.columns import AFM1
from archgym.cost_models.analog.netlist import Element, Value

Floats = NDArray[np.float64]
THRESHOLD, BETA = range(2)


@dataclass(frozen=True)
class Matching:
    """Pelgrom's coefficients of one kind of transistor.

    Attributes:
        threshold_v_m: Of the threshold in V m.
        beta_m: Of the relative current factor in m.
        less_length_m: By how much the length that matters is less than the drawn one.
        more_width_m: By how much the width of a finger that matters is more than the drawn one.
    """

    threshold_v_m: float
    beta_m: float
    less_length_m: float = 0.0
    more_width_m: float = 0.0


def matching(model: str, polarity: int) -> Matching:
    """Return the coefficients of a process: our own, or those of the foundry's cards.

    Raises:
        SettingError: The foundry's cards are not installed.
    """
    if model == AFM1:
        return _own()[polarity]
    return Matching(*foundry.matching(polarity))


def shifts(
    circuit: Circuit, model: str, sizes: Mapping[str, Floats], seed: int, sample: int
) -> Floats:
    """Return by how much transistors are off in one sample, shape (n, transistors, 2).

    The last axis is the threshold's magnitude in volts (`THRESHOLD`) and the relative current
    factor (`BETA`). ``sizes`` are arrays of shape (n,) by parameter.
    """
    devices = circuit.netlist.of_kind("m")
    sigmas = [_sigmas(m, matching(model, m.polarity), circuit, sizes) for m in devices]
    return np.stack(sigmas, axis=1) * draws(seed, sample, len(devices))


@lru_cache(maxsize=1024)
def draws(seed: int, sample: int, devices: int) -> Floats:
    """Return the standard normal numbers of a sample (from 1), shape (devices, 2)."""
    return np.random.default_rng([seed, sample]).standard_normal((devices, 2))


def _sigmas(m: Element, law: Matching, circuit: Circuit, sizes: Mapping[str, Floats]) -> Floats:
    """Return the standard deviations of one transistor, shape (n, 2)."""
    length = _si(m.length, circuit, sizes) - law.less_length_m
    width = _si(m.fingers, circuit, sizes) * (m.width + law.more_width_m)
    root = np.sqrt(2.0 * width * length)
    count = len(next(iter(sizes.values())))
    pair = np.stack(np.broadcast_arrays(law.threshold_v_m / root, law.beta_m / root), axis=-1)
    return np.broadcast_to(pair, (count, 2))


def _si(value: Value, circuit: Circuit, sizes: Mapping[str, Floats]) -> Floats:
    if not isinstance(value, str):
        return np.float64(value)  # type: ignore[return-value]
    size = circuit.size(value)
    return np.asarray(sizes[size.name] * size.unit)


@cache
def _own() -> dict[int, Matching]:
    text = resources.files(f"{__package__}.cards").joinpath("mismatch.yaml").read_text()
    um = 1e-6
    return {
        sign: Matching(entry["threshold_v_um"] * um, entry["beta_um"] * um)
        for sign, entry in ((1, yaml.safe_load(text)["n"]), (-1, yaml.safe_load(text)["p"]))
    }
