"""ngspice's library, kept alive in a process of its own, where a crash costs one design."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from archgym.cost_models.analog.deck import Deck
from archgym.cost_models.analog.ngspice.availability import INSTALL_NGSPICE, library
from archgym.cost_models.analog.ngspice.curves import Plot
from archgym.cost_models.tool_process import ToolProcess
from archgym.errors import SettingError

SCRIPT = Path(__file__).with_name("run_library.py")


class NgspiceLibrary:
    """Runs decks with libngspice.

    Args:
        timeout_s: Wall-clock limit of one deck in seconds.
        alters: Whether designs with the same gate lengths alter the loaded circuit, which is
            faster; results then depend on the design before within ngspice's tolerances.
    """

    def __init__(self, timeout_s: float, alters: bool = False):
        self._alters = alters
        python = Path(sys.executable)
        self._tool = ToolProcess("ngspice", python, SCRIPT, INSTALL_NGSPICE, timeout_s)

    def run(self, key: str, deck: Deck) -> list[Plot]:
        """Return the plots of the deck's analyses; decks of one key differ in ``alter`` alone.

        Raises:
            SettingError: The library is not installed.
            ToolFailedError: It gave no results.
            ToolTimeoutError: It took too long.
        """
        name = library()
        if name is None:
            raise SettingError(f"ngspice's library is not installed: {INSTALL_NGSPICE}")
        request = {
            "library": name,
            "key": key if self._alters else "",
            "lines": deck.lines,
            "alter": deck.alter,
            "analyses": [asdict(analysis) for analysis in deck.analyses],
        }
        return [_plot(plot) for plot in self._tool.ask(request)["plots"]]

    def close(self) -> None:
        """End the process; it is started again when needed."""
        self._tool.close()


def _plot(plot: dict[str, list[list[float]]]) -> Plot:
    return {
        name: np.array(real) + 1j * np.array(imaginary or 0.0)
        for name, (real, imaginary) in plot.items()
    }
