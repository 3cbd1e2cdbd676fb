"""Technology mapping of snapshots, one ABC for each library.

A second library in one ABC breaks its mapper, so each has a process of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archgym.cost_models.synthesis.abc_process import AbcProcess, EngineError
from archgym.cost_models.synthesis.engine import Engine
from archgym.cost_models.synthesis.libraries import GENLIB, LIBERTY, LUT, Library

NO_FINISHER, DCH = "none", "dch"
FINISHERS = (NO_FINISHER, DCH)
_NETWORK = "network.aig"
_FILES = {GENLIB: "library.genlib", LIBERTY: "library.lib"}
_READ = {GENLIB: "read_genlib library.genlib", LIBERTY: "read_lib -w library.lib", LUT: ""}
_MAP = {GENLIB: "map; print_stats", LIBERTY: "map; topo; stime"}
_NUMBER = r"\s*(-?[\d.]+)"
_NO_GATES = re.compile(r"contains no gates|has 0 cells")
_NO_INVERTER = re.compile(r"cannot detect the invertor gate")


class LibraryError(EngineError):
    """A library cannot be mapped to; says why."""


@dataclass(frozen=True)
class Quality:
    """A mapped circuit, as ABC prints it.

    Attributes:
        gates: Mapped nodes, or look-up tables.
        area: In the library's unit, or look-up tables.
        delay: In the library's unit, or levels.
    """

    gates: int
    area: float
    delay: float


class Mapper:
    """Maps to one library.

    Args:
        engine: The executable.
        library: What to map to.
        limit_s: Wall-clock limit of one mapping in seconds.
    """

    def __init__(self, engine: Engine, library: Library, limit_s: float):
        self.library = library
        files = {_FILES[library.kind]: library.content} if library.content else {}
        self.process = AbcProcess(engine, files, _READ[library.kind], limit_s)

    def map(self, aiger: bytes, finisher: str = NO_FINISHER) -> Quality:
        """Return what a network costs; ABC gets a second try.

        Raises:
            LibraryError: The library has no gates, or no inverter.
            EngineTimeoutError: It took too long, twice.
            EngineError: ABC failed, twice.
        """
        try:
            return self._map(aiger, finisher)
        except EngineError:
            self.process.close()
        return self._map(aiger, finisher)

    def close(self) -> None:
        """End the process; the next request starts another."""
        self.process.close()

    def _map(self, aiger: bytes, finisher: str) -> Quality:
        (self.process.folder / _NETWORK).write_bytes(aiger)
        self._check_library()
        choices = "dch; " if finisher == DCH else ""
        answer = self.process.ask(f"empty; read {_NETWORK}; strash; {choices}{self._script()}")
        if self.library.kind == LIBERTY:
            return _quality(answer, "Gates", "Area", "Delay")
        if self.library.kind == LUT:
            return _quality(answer, "nd", "nd", "lev")
        return _quality(answer, "nd", "area", "delay")

    def _script(self) -> str:
        if self.library.kind == LUT:
            return f"if -K {self.library.lut_inputs}; print_stats"
        return _MAP[self.library.kind]

    def _check_library(self) -> None:
        """Start the process where none runs, and look at what it says of the library."""
        try:
            self.process.ask("")
        except EngineError as error:
            raise LibraryError(f"library {self.library.name}: not read: {error}") from None
        if _NO_GATES.search(self.process.greeting):
            raise LibraryError(f"library {self.library.name}: has no gates that can be read")
        if _NO_INVERTER.search(self.process.greeting):
            raise LibraryError(f"library {self.library.name}: has no inverter")


def _quality(answer: str, gates: str, area: str, delay: str) -> Quality:
    found = [re.findall(rf"\b{word} ={_NUMBER}", answer) for word in (gates, area, delay)]
    if not all(len(values) == 1 for values in found):
        last = answer.strip().split("\n")[-1]
        raise EngineError(f"ABC did not say the cost of the mapping: {last}")
    return Quality(int(found[0][0]), float(found[1][0]), float(found[2][0]))
