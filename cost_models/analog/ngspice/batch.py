"""A deck with many analyses, run by one process of ngspice, and the raw file that it writes."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog.ngspice.availability import INSTALL_NGSPICE, executable
from archgym.cost_models.tool_process import ToolFailedError
from archgym.errors import SettingError

Plot = dict[str, NDArray[Any]]  # vector -> values, real or complex

RAW = "plots.raw"
WRITE = f"write {RAW}"  # the command that adds the newest plot to those that are returned
_MARK = b"Binary:\n"


def run_batch(lines: Sequence[str], commands: Sequence[str]) -> list[Plot]:
    """Return the plots that the commands write.

    Args:
        lines: A deck from its title on, without ``.end``.
        commands: As typed in ngspice, among them `WRITE` after each analysis.

    Raises:
        SettingError: ngspice is not installed.
        ToolFailedError: It ended without results.
    """
    program = executable()
    if program is None:
        raise SettingError(f"ngspice is not installed: {INSTALL_NGSPICE}")
    control = [".control", "set appendwrite", *commands, "quit", ".endc", ".end"]
    with tempfile.TemporaryDirectory(prefix="archgym-ngspice-") as folder:
        Path(folder, "deck.cir").write_text("\n".join([*lines, *control]) + "\n")
        said = subprocess.run(
            [program, "-b", "-n", "deck.cir"],
            cwd=folder,
            env=os.environ | {"OMP_THREAD_LIMIT": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        path = Path(folder, RAW)
        if not path.is_file():
            raise ToolFailedError(f"ngspice: {' '.join(said.stderr.split()[-30:])}")
        return list(_plots(path.read_bytes()))


def _plots(content: bytes) -> Iterator[Plot]:
    start = 0
    while (mark := content.find(_MARK, start)) >= 0:
        head = content[start:mark].decode(errors="replace")
        points, names = int(_field(head, "No. Points")), _names(head)
        kind = np.complex128 if "complex" in _field(head, "Flags") else np.float64
        begin = mark + len(_MARK)
        start = begin + points * len(names) * np.dtype(kind).itemsize
        table = np.frombuffer(content[begin:start], dtype=kind).reshape(points, len(names))
        yield dict(zip(names, table.T, strict=True))


def _field(head: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}:\s*(.*)$", head, re.MULTILINE)
    if found is None:
        raise ToolFailedError(f"ngspice: its raw file has no {name!r}")
    return found[1]


def _names(head: str) -> list[str]:
    listed = head.split("Variables:\n", 1)[1].splitlines()
    return [line.split()[1] for line in listed if line.strip()]
