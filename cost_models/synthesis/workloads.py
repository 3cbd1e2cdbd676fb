"""Circuits by name or from files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from archgym.cost_models.synthesis.aiger import Aig, read_aiger, write_binary
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.generators import describe_generators, generate
from archgym.cost_models.synthesis.generators.catalogue import GENERATORS
from archgym.cost_models.synthesis.verilog import verilog_to_aiger
from archgym.errors import UnknownNameError, WorkloadError

DEFAULT_CIRCUIT = "alu"


def list_circuits() -> Mapping[str, str]:
    """Return name -> description of the circuits that need no file, the default first."""
    known = describe_generators()
    return {DEFAULT_CIRCUIT: known[DEFAULT_CIRCUIT], **known}


def load_circuit(name: str) -> Circuit:
    """Return the circuit of a file (by its suffix) or of a generator (``adder:width=32``).

    Raises:
        UnknownNameError: No such file, generator or option.
        WorkloadError: The file is not of its format, has latches, or an option a wrong value.
    """
    path = Path(name).expanduser()
    if name.partition(":")[0] in GENERATORS:
        return _from_aig(name, generate(name))
    if not path.is_file():
        hint = f"; or a file: {', '.join(_READERS)}"
        raise UnknownNameError("workload", name, GENERATORS, hint)
    if path.suffix not in _READERS:
        raise WorkloadError(f"{name}: suffix {path.suffix!r} is none of {', '.join(_READERS)}")
    try:
        return _READERS[path.suffix](path)
    except OSError as error:
        raise WorkloadError(f"{name}: cannot be read: {error.strerror}") from None


def _from_aig(name: str, aig: Aig) -> Circuit:
    return Circuit(name, write_binary(aig))


def _read_binary(path: Path) -> Circuit:
    content = path.read_bytes()
    if content.startswith(b"aag"):
        raise WorkloadError(f"{path}: is ASCII AIGER: its suffix must be .aag")
    read_aiger(content, str(path))
    return Circuit(str(path), content)


def _read_ascii(path: Path) -> Circuit:
    content = path.read_bytes()
    if content.startswith(b"aig"):
        raise WorkloadError(f"{path}: is binary AIGER: its suffix must be .aig")
    return _from_aig(str(path), read_aiger(content, str(path)))


def _read_as_it_is(path: Path) -> Circuit:
    return Circuit(str(path), path.read_bytes(), path.suffix)


def _read_verilog(path: Path) -> Circuit:
    content = verilog_to_aiger(path)
    read_aiger(content, str(path))
    return Circuit(str(path), content)


_READERS: dict[str, Callable[[Path], Circuit]] = {
    ".aig": _read_binary,
    ".aag": _read_ascii,
    ".blif": _read_as_it_is,
    ".bench": _read_as_it_is,
    ".pla": _read_as_it_is,
    ".v": _read_verilog,
    ".sv": _read_verilog,
}
CIRCUIT_SUFFIXES = tuple(_READERS)
