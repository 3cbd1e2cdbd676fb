"""Answers requests with libngspice, loaded once; runs in a process of its own.

A request: ``library`` (its name), ``key`` (circuits with the same key differ in what ``alter``
sets; without one the circuit is loaded anew), ``lines`` (the deck), ``alter`` (commands) and
``analyses`` (command, vectors, options, plot). The answer: ``plots``, for each analysis
vector -> [real parts, imaginary parts].
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

# Debian's ngspice evaluates BSIM4 with threads that spin: several times the work of one.
os.environ["OMP_THREAD_LIMIT"] = "1"


class _Complex(ctypes.Structure):
    _fields_ = [("real", ctypes.c_double), ("imag", ctypes.c_double)]


class _Vector(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("kind", ctypes.c_int),
        ("flags", ctypes.c_short),
        ("real", ctypes.POINTER(ctypes.c_double)),
        ("complex", ctypes.POINTER(_Complex)),
        ("length", ctypes.c_int),
    ]


_PRINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
_EXIT = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p
)


class Session:
    """The library with the circuit that it holds."""

    def __init__(self, name: str):
        self.said: list[str] = []
        self.key, self._loaded = "", False
        self._hear = _PRINT(self._listen)
        self._leave = _EXIT(self._exit)
        self.library = ctypes.CDLL(name)
        self.library.ngGet_Vec_Info.restype = ctypes.POINTER(_Vector)
        self.library.ngSpice_AllPlots.restype = ctypes.POINTER(ctypes.c_char_p)
        nothing = ctypes.c_void_p(None)
        self.library.ngSpice_Init(
            self._hear, nothing, self._leave, nothing, nothing, nothing, nothing
        )
        self.command("set noaskquit")

    def _listen(self, text: bytes, ident: int, user: object) -> int:
        self.said.append(text.decode(errors="replace"))
        return 0

    def _exit(self, status: int, immediate: bool, quits: bool, ident: int, user: object) -> int:
        os._exit(status or 1)

    def command(self, text: str) -> None:
        """Run a command.

        Raises:
            RuntimeError: ngspice refuses it. Says with which words.
        """
        if self.library.ngSpice_Command(text.encode()):
            raise RuntimeError(f"{text}: {' '.join(self.said[-3:])}")

    def load(self, lines: list[str]) -> None:
        """Replace the circuit.

        Raises:
            RuntimeError: ngspice refuses it.
        """
        if self._loaded:
            self.command("remcirc")
        self.key, self._loaded = "", False
        deck = (ctypes.c_char_p * (len(lines) + 1))(*[line.encode() for line in lines], None)
        if self.library.ngSpice_Circ(deck):
            raise RuntimeError(f"the circuit is refused: {' '.join(self.said[-3:])}")
        self._loaded = True

    def vector(self, name: str, plot: str) -> list[list[float]]:
        """Return real and imaginary parts of a vector in the newest plot that has it.

        Raises:
            RuntimeError: There is none.
        """
        found = self.library.ngGet_Vec_Info(self._full_name(name, plot))
        if not found:
            raise RuntimeError(f"no vector {name}: {' '.join(self.said[-3:])}")
        vector = found.contents
        if not vector.length:
            raise RuntimeError(f"{name} is empty: {' '.join(self.said[-3:])}")
        if vector.complex:
            pairs = [vector.complex[k] for k in range(vector.length)]
            return [[z.real for z in pairs], [z.imag for z in pairs]]
        return [[vector.real[k] for k in range(vector.length)], []]

    def _full_name(self, name: str, plot: str) -> Any:
        if not plot:
            return name.encode()
        plots, at = self.library.ngSpice_AllPlots(), 0
        while plots[at]:
            full = plots[at] + b"." + name.encode()
            if plots[at].startswith(plot.encode()) and self.library.ngGet_Vec_Info(full):
                return full
            at += 1
        return name.encode()


_session: list[Session] = []


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the plots of a request."""
    if not _session:
        _session.append(Session(request["library"]))
    session = _session[0]
    session.said.clear()
    try:
        return {"plots": _run(session, request)}
    except RuntimeError:
        session.key = ""
        raise


def _run(session: Session, request: dict[str, Any]) -> list[dict[str, Any]]:
    if not request["key"] or session.key != request["key"]:
        session.load(request["lines"])
        session.key = request["key"]
    else:
        for text in request["alter"]:
            session.command(text)
    plots = []
    for analysis in request["analyses"]:
        for option in analysis["options"].split():
            session.command(f"option {option}")
        session.command(analysis["command"])
        scale = {"op": "", "ac": "frequency", "tran": "time", "noise": "frequency"}
        names = list(analysis["vectors"])
        abscissa = scale[analysis["command"].split()[0]]
        plot = {name: session.vector(name, analysis["plot"]) for name in names}
        if abscissa:
            plot["scale"] = session.vector(abscissa, analysis["plot"])
        plots.append(plot)
    session.command("destroy all")
    return plots
