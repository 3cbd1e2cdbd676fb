"""Tables of a foundry's transistors: those of the package, of the user's cache, or made anew.

The package brings those of the typical process at 27 C. Others are measured with ngspice when
they are first asked for, and kept in the user's folder for cached files.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog import foundry
from archgym.cost_models.analog.columns import GF180, LENGTHS_UM
from archgym.cost_models.analog.corners import ROOM_K, ZERO_CELSIUS_K
from archgym.cost_models.analog.kernels.layout import N_CHARGE_FIELDS, OF_WHITE, Tables
from archgym.cost_models.analog.lookup.characterise import (
    Transistor,
    measure_body,
    measure_charges,
    measure_currents,
)
from archgym.cost_models.analog.lookup.grid import make_grid, settings
from archgym.cost_models.analog.lookup.spline import coefficients
from archgym.cost_models.analog.ngspice.availability import executable, missing_tools
from archgym.cost_models.compiled import cache_folders, sources_hash
from archgym.errors import SettingError

Content = dict[str, NDArray[Any]]

SHIPPED = ("tt", ROOM_K)
SHIPPED_FILE = "gf180_tt_27c.npz"
_LEAST_SIEMENS = 1e-19  # what flows below this is not read
_LEAST_NOISE = 1e-25
_PINK_RANGE = (
    1e-9,
    1e-2,
)  # noise at 1 Hz over current; beyond is that of transistors that are off
_FEMTO = 1e-15
_AXES = 3


@lru_cache(maxsize=8)
def tables(process: str, kelvin: float) -> Tables:
    """Return the tables of a corner of the process at a temperature.

    Raises:
        SettingError: They are not at hand, and what measures them is not installed.
    """
    if (process, kelvin) == SHIPPED:
        content = resources.files(__package__).joinpath(SHIPPED_FILE).read_bytes()
        return _unpack(_read(content))
    path = _cached(process, kelvin)
    if path is None:
        refused = missing_tables(process, kelvin)
        if refused:
            raise SettingError(refused)
        path = _keep(process, kelvin, packed(characterise(process, kelvin)))
    return _unpack(_read(path.read_bytes()))


def missing_tables(process: str, kelvin: float) -> str:
    """Return what has to be installed to have these tables, empty if nothing."""
    if (process, kelvin) == SHIPPED or _cached(process, kelvin) is not None:
        return ""
    needed = missing_tools(executable())
    where = f"{GF180}, process {process} at {kelvin - ZERO_CELSIUS_K:g} C"
    return f"there are no tables of {where}, and making them needs {needed}" if needed else ""


def characterise(process: str, kelvin: float) -> Content:
    """Return what ngspice says of all transistors, as files hold it.

    Raises:
        SettingError: ngspice or the foundry's cards are not installed.
    """
    foundry.foundry_cards(process)
    kinds = [
        Transistor(polarity, length, process, kelvin)
        for polarity in foundry.NAMES
        for length in LENGTHS_UM[GF180]
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = list(pool.map(_characterise_one, kinds))
    content = {name: np.stack([one[name] for one in measured]) for name in measured[0]}
    content["polarities"] = np.array([kind.polarity for kind in kinds], dtype=np.float64)
    content["lengths_um"] = np.array([kind.length_um for kind in kinds])
    return content


def _characterise_one(kind: Transistor) -> Content:
    grid = make_grid("currents")
    body = measure_body(kind, grid)
    drains = np.maximum(grid.drain, settings()["least_drain_v"])
    siemens = measure_currents(kind, grid, body) / drains[:, None, None]
    logs = np.log(np.maximum(siemens, _LEAST_SIEMENS))
    charges, noise, exponent = _charges(kind, body)
    return {
        "bodies": np.array(body),
        "exponents": np.array(exponent),
        "currents": np.stack([logs[..., 0], logs[..., 1] - logs[..., 0]], -1).astype(np.float32),
        "charges": (charges / _FEMTO).astype(np.float16),
        "noise": noise.astype(np.float32),
    }


def _charges(
    kind: Transistor, body: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return derivatives of charges, logarithms of noise, and how the latter falls with 1/f."""
    grid = make_grid("charges")
    drains = np.maximum(grid.drain, settings()["least_drain_v"])
    biases = np.empty((*grid.shape, _AXES))
    for k, bulk in enumerate(grid.bulk):
        biases[:, :, k, 0] = grid.gates(body, bulk)[:, None]
        biases[:, :, k, 1], biases[:, :, k, 2] = drains, bulk
    measured = measure_charges(kind, biases.reshape(-1, _AXES)).reshape(*grid.shape, -1)
    white, near, far = np.moveaxis(measured[..., OF_WHITE:], -1, 0)
    currents = measure_currents(kind, grid, body)[..., 0]
    pink = np.clip(near / np.maximum(currents, _LEAST_NOISE), *_PINK_RANGE)
    noise = np.stack([np.log(np.maximum(white, _LEAST_NOISE)), np.log(pink)], -1)
    loudest = np.unravel_index(np.argmax(near), near.shape)
    return measured[..., :OF_WHITE], noise, 2.0 * float(np.log10(near[loudest] / far[loudest]))


def packed(content: Content) -> bytes:
    """Return the bytes of a file."""
    room = BytesIO()
    np.savez_compressed(room, allow_pickle=False, **content)
    return room.getvalue()


def _read(content: bytes) -> Content:
    with np.load(BytesIO(content)) as file:
        return {name: file[name] for name in file.files}


def _unpack(content: Content) -> Tables:
    given = settings()
    charges = np.concatenate([content["charges"].astype(np.float64), content["noise"]], axis=-1)
    assert charges.shape[-1] == N_CHARGE_FIELDS
    return Tables(
        polarities=content["polarities"],
        lengths=content["lengths_um"] * 1e-6,
        bodies=content["bodies"],
        exponents=content["exponents"],
        width=foundry.FINGER_M,
        surface=given["surface_v"],
        drain_scale=given["drain_scale_v"],
        high=given["high_v"],
        current_axes=make_grid("currents").axes(),
        currents=np.stack([coefficients(one, _AXES) for one in content["currents"]]),
        charge_axes=make_grid("charges").axes(),
        charges=np.stack([coefficients(one, _AXES) for one in charges]),
    )


def _name(process: str, kelvin: float) -> str:
    return (
        f"archgym-gf180-{sources_hash(Path(__file__).parent, _MAKERS)}/{process}-{kelvin:.9g}.npz"
    )


_MAKERS = (Path(__file__).with_name("grid.yaml"), Path(foundry.__file__))


def _cached(process: str, kelvin: float) -> Path | None:
    paths = [base / _name(process, kelvin) for base in cache_folders()]
    return next((path for path in paths if path.is_file()), None)


def _keep(process: str, kelvin: float, content: bytes) -> Path:
    """Write a file whole or not at all, into the first folder that can be written."""
    refused: OSError | None = None
    for base in cache_folders():
        path = base / _name(process, kelvin)
        partial = path.with_suffix(f".{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            refused = error
            continue
        return path
    raise SettingError(f"tables of transistors cannot be kept: {refused}")
