"""One design by one process of ngspice."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from archgym.cost_models.analog.deck import Deck
from archgym.cost_models.analog.ngspice.availability import INSTALL_NGSPICE, executable
from archgym.cost_models.analog.ngspice.curves import Plot
from archgym.cost_models.tool_process import ToolFailedError, ToolTimeoutError
from archgym.errors import SettingError


class NgspiceProcess:
    """Runs decks with ``ngspice -b`` in a folder that vanishes afterwards.

    Args:
        timeout_s: Wall-clock limit of one deck in seconds.
    """

    def __init__(self, timeout_s: float):
        self._timeout_s = timeout_s

    def run(self, key: str, deck: Deck) -> list[Plot]:
        """Return the plots of the deck's analyses.

        Raises:
            SettingError: ngspice is not installed.
            ToolFailedError: It ended without results.
            ToolTimeoutError: It took too long.
        """
        program = executable()
        if program is None:
            raise SettingError(f"ngspice is not installed: {INSTALL_NGSPICE}")
        with tempfile.TemporaryDirectory(prefix="archgym-ngspice-") as folder:
            path = Path(folder, "deck.cir")
            path.write_text(deck_text(deck, save=True))
            said = self._call([program, "-b", "-n", path.name], folder)
            return [_read(Path(folder), k, deck, said) for k in range(len(deck.analyses))]

    def close(self) -> None:
        """Do nothing: no process outlives its design."""

    def _call(self, command: list[str], folder: str) -> str:
        environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=self._timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise ToolTimeoutError(f"ngspice: no result within {self._timeout_s:g} s") from None
        return said.decode(errors="replace")


def deck_text(deck: Deck, save: bool) -> str:
    """Return a deck as a file for ngspice with its analyses; ``save`` writes tables beside it."""
    control = [".control", "set numdgt=15", "set wr_singlescale"]
    for k, analysis in enumerate(deck.analyses):
        control += [f"option {analysis.options}", analysis.command]
        if analysis.plot == "noise":
            control.append(f"setplot noise{1 + 2 * _noises_before(deck, k)}")
        if save:
            control.append(f"wrdata plot{k} {' '.join(analysis.vectors)}")
        else:
            control.append(f"print {' '.join(analysis.vectors)}")
    lines = [*deck.lines[:-1], *control, *(["quit"] if save else []), ".endc", deck.lines[-1]]
    return "\n".join(lines) + "\n"


def _noises_before(deck: Deck, k: int) -> int:
    return sum(analysis.plot == "noise" for analysis in deck.analyses[:k])


def _read(folder: Path, k: int, deck: Deck, said: str) -> Plot:
    path = folder / f"plot{k}"
    if not path.is_file():
        lines = [line for line in said.splitlines() if line.strip()]
        raise ToolFailedError(f"ngspice: {' '.join(lines[-3:])}")
    table = np.loadtxt(path, ndmin=2)
    names = deck.analyses[k].vectors
    plot = {"scale": table[:, 0].astype(np.complex128)}
    parts = (table.shape[1] - 1) // len(names)
    for at, name in enumerate(names):
        first = 1 + parts * at
        imaginary = 1j * table[:, first + 1] if parts == 2 else 0.0
        plot[name] = (table[:, first] + imaginary).astype(np.complex128)
    return plot
