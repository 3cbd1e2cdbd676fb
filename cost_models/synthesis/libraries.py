"""What circuits are mapped to: gate libraries and look-up tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from archgym.errors import SettingError

GENLIB, LIBERTY, LUT = "genlib", "liberty", "lut"
SHIPPED = {"small": "small.genlib"}
DEFAULT_LIBRARY = "small"
_SUFFIXES = {".genlib": GENLIB, ".lib": LIBERTY}
_LUT = re.compile(r"lut([3-8])")
ALLOWED = "small, lut3 .. lut8, or the path of a .genlib or Liberty .lib file"


@dataclass(frozen=True)
class Library:
    """A mapping target.

    Attributes:
        name: As it was given.
        kind: "genlib", "liberty" or "lut".
        content: The file, empty for look-up tables.
        lut_inputs: Of a look-up table, else 0.
    """

    name: str
    kind: str
    content: bytes = field(default=b"", repr=False)
    lut_inputs: int = 0


def find_library(name: str) -> Library:
    """Return the library of a shipped name, of ``lutK``, or of a file.

    Raises:
        SettingError: It is none of these, or the file cannot be read.
    """
    lut = _LUT.fullmatch(name)
    if lut:
        return Library(name, LUT, lut_inputs=int(lut.group(1)))
    if name in SHIPPED:
        folder = files("archgym.cost_models.synthesis").joinpath("libraries")
        return Library(name, GENLIB, folder.joinpath(SHIPPED[name]).read_bytes())
    path = Path(name).expanduser()
    if path.suffix not in _SUFFIXES or not path.is_file():
        raise SettingError(f"library {name!r} is not known: {ALLOWED}")
    try:
        return Library(name, _SUFFIXES[path.suffix], path.read_bytes())
    except OSError as error:
        raise SettingError(f"library {name}: cannot be read: {error.strerror}") from None
