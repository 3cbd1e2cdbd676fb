"""Trace files of users: which format a file has, and reading it.

============================  ====================================================
ending (``.gz`` may follow)   format
============================  ====================================================
``.stl``, ``.rstl``           DRAMSys, absolute and relative cycles
``.ramulator``                Ramulator 1 (``0x40 R``) and 2 (``LD 0x40``, ``R 0x40``)
``.dramsim3``                 DRAMsim3 (``0x40 READ 12``)
``.trace``                    whichever of the three the first data line is written in
``.npz``                      numpy arrays t (cycle), w (1 = write), a (byte address)
============================  ====================================================
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from archgym.cost_models.dram.trace import Trace
from archgym.cost_models.dram.workloads.formats import FORMATS, LineFormat, parse_lines, sniff
from archgym.cost_models.dram.workloads.npz import read_npz
from archgym.errors import WorkloadError

SUFFIXES = (".stl", ".rstl", ".ramulator", ".dramsim3", ".trace", ".npz")
_FORMAT_OF = {
    ".stl": FORMATS["stl"],
    ".rstl": FORMATS["stl"],
    ".ramulator": FORMATS["ramulator"],
    ".dramsim3": FORMATS["dramsim3"],
}


def read_trace(path: str | Path) -> Trace:
    """Return the trace in a file; the format follows from the file's ending.

    Raises:
        WorkloadError: The ending is unknown, the file cannot be read, holds no request or a
            malformed line (file, line number, text, reason, what is allowed).
    """
    suffix = _suffix(Path(path))
    if not Path(path).is_file():
        raise WorkloadError(f"{path}: not a file")
    if suffix == ".npz":
        return read_npz(path)
    lines = list(_lines(path))
    layout = _FORMAT_OF.get(suffix) or sniff(str(path), lines)
    return parse_lines(str(path), lines, layout, relative=suffix == ".rstl")


def text_format(path: str | Path) -> LineFormat | None:
    """Return the format that a text trace's ending stands for, None where it leaves it open."""
    return _FORMAT_OF.get(_suffix(Path(path)))


def _suffix(path: Path) -> str:
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix
    if suffix not in SUFFIXES or path.suffixes[-2:] == [".npz", ".gz"]:
        allowed = ", ".join(SUFFIXES)
        raise WorkloadError(
            f"{path}: unknown kind of trace; the name must end in one of {allowed} "
            "(all but .npz also with .gz)"
        )
    return suffix


def _lines(path: str | Path) -> Iterator[str]:
    opener = gzip.open if str(path).endswith(".gz") else open
    try:
        # Latin-1 reads any byte, so that a binary file fails as a malformed line.
        with opener(path, "rt", encoding="latin-1") as file:
            yield from file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise WorkloadError(f"{path}: truncated or damaged gzip file ({error})") from error
    except OSError as error:
        raise WorkloadError(f"{path}: cannot be read ({error.strerror or error})") from error
