"""Passes on snapshots.

A network that was strashed is its AIGER snapshot: reading the snapshot and strashing it gives the
same network, to the order of its nodes. So with ``strash`` after every pass (the canonical chain)
a recipe may be resumed from any snapshot, in this process or another. In a plain chain it may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from archgym.cost_models.synthesis.abc_process import AbcProcess, EngineError
from archgym.cost_models.synthesis.actions import commands_of
from archgym.cost_models.synthesis.aiger import split_symbols
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import Engine
from archgym.errors import WorkloadError

_STATS = re.compile(
    r"i/o =\s*(\d+)/\s*(\d+)\s+lat =\s*(\d+)\s+and =\s*(\d+)\s+lev =\s*(\d+)\s*$", re.MULTILINE
)
_SNAPSHOT, _RESULT, _NAMED = "snapshot.aig", "result.aig", "named.aig"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Snapshot:
    """A strashed network.

    Attributes:
        aiger: Binary AIGER without names.
        inputs: How many.
        outputs: How many.
        and_count: AND gates.
        level: Depth.
    """

    aiger: bytes
    inputs: int
    outputs: int
    and_count: int
    level: int


@dataclass(frozen=True)
class Stats:
    """What ``print_stats`` says of an AIG."""

    inputs: int
    outputs: int
    latches: int
    and_count: int
    level: int


class PassRunner:
    """Runs passes in one ABC that is kept alive; requests that fail are tried once more.

    Args:
        engine: The executable.
        limit_s: Wall-clock limit of one pass in seconds.

    Attributes:
        passes_run: Passes that were really run, retries included.
    """

    def __init__(self, engine: Engine, limit_s: float):
        self.process = AbcProcess(engine, limit_s=limit_s)
        self.passes_run = 0
        self._held: Snapshot | None = None

    def load(self, circuit: Circuit) -> tuple[Snapshot, bytes]:
        """Return the circuit after ``read; strash``, and its names as an AIGER symbol table.

        Raises:
            WorkloadError: ABC cannot read it, or it has latches.
            EngineError: ABC fails otherwise, twice.
        """
        try:
            return self._try_twice(lambda: self._load(circuit))
        except EngineError as error:
            raise WorkloadError(f"{circuit.name}: ABC does not read it: {error}") from None

    def apply(self, snapshot: Snapshot, action: str) -> Snapshot:
        """Return the network after a pass and ``strash``.

        Raises:
            EngineTimeoutError: The pass took too long, twice.
            EngineError: It failed, twice.
        """
        return self._try_twice(lambda: self._apply(snapshot, action))

    def run_plain(self, circuit: Circuit, recipe: Sequence[str]) -> tuple[Stats, Snapshot]:
        """Return the network after a plain chain: its size, and the snapshot of its strash.

        Raises:
            EngineTimeoutError: A pass took too long, twice.
            EngineError: A pass failed, twice.
        """
        return self._try_twice(lambda: self._run_plain(circuit, recipe))

    def close(self) -> None:
        """End the process; the next request starts another."""
        self.process.close()
        self._held = None

    def _try_twice(self, request: Callable[[], Result]) -> Result:
        try:
            return self._try(request)
        except EngineError:
            return self._try(request)

    def _try(self, request: Callable[[], Result]) -> Result:
        """Return what a request does; one that fails leaves no process in an unknown state."""
        try:
            return request()
        except BaseException:
            self.close()
            raise

    def _load(self, circuit: Circuit) -> tuple[Snapshot, bytes]:
        self._read_source(circuit)
        self.process.ask(f"write_aiger -s {_NAMED}")
        _, symbols = split_symbols((self.process.folder / _NAMED).read_bytes())
        self._held = self._snapshot("print_stats")
        return self._held, symbols

    def _read_source(self, circuit: Circuit) -> Stats:
        name = f"source{circuit.suffix}"
        (self.process.folder / name).write_bytes(circuit.content)
        self._held = None
        stats = _stats(self.process.ask(f"empty; read {name}; strash; print_stats"))
        if stats.latches:
            raise WorkloadError(
                f"{circuit.name}: has {stats.latches} latches; only combinational circuits count"
            )
        return stats

    def _apply(self, snapshot: Snapshot, action: str) -> Snapshot:
        if self._held != snapshot:
            self._restore(snapshot)
        self._held = None
        self.passes_run += 1
        result = self._snapshot(f"{commands_of(action)}; strash; print_stats")
        if (result.inputs, result.outputs) != (snapshot.inputs, snapshot.outputs):
            raise EngineError(f"ABC: {action} changed the number of inputs or outputs")
        self._held = result
        return result

    def _run_plain(self, circuit: Circuit, recipe: Sequence[str]) -> tuple[Stats, Snapshot]:
        before = stats = self._read_source(circuit)
        for action in recipe:
            self.passes_run += 1
            stats = _stats(self.process.ask(f"{commands_of(action)}; print_stats"))
        if (stats.inputs, stats.outputs) != (before.inputs, before.outputs):
            raise EngineError("ABC: a pass changed the number of inputs or outputs")
        return stats, self._snapshot("strash; print_stats")

    def _restore(self, snapshot: Snapshot) -> None:
        """Make ABC hold a snapshot; a read that fails must not leave another network there."""
        (self.process.folder / _SNAPSHOT).write_bytes(snapshot.aiger)
        stats = _stats(self.process.ask(f"empty; read {_SNAPSHOT}; strash; print_stats"))
        if (stats.and_count, stats.level) != (snapshot.and_count, snapshot.level):
            raise EngineError("ABC: a snapshot was not read back as it was written")

    def _snapshot(self, commands: str) -> Snapshot:
        """Return what ABC holds after commands that end with ``print_stats``."""
        path = self.process.folder / _RESULT
        path.unlink(missing_ok=True)
        stats = _stats(self.process.ask(f"{commands}; write_aiger {_RESULT}"))
        try:
            aiger, _ = split_symbols(path.read_bytes())
        except (OSError, WorkloadError) as error:
            raise EngineError(f"ABC wrote no snapshot: {error}") from None
        return Snapshot(aiger, stats.inputs, stats.outputs, stats.and_count, stats.level)


def _stats(answer: str) -> Stats:
    found = _STATS.findall(answer)
    if len(found) != 1:
        last = answer.strip().split("\n")[-1]
        raise EngineError(f"ABC did not say the size of the network: {last}")
    return Stats(*map(int, found[0]))
