"""Circuits under synthesis: what was computed once is not computed again.

A `Synthesizer` owns the ABC processes: one for passes, one for each library, one for equivalence.
Its `Session` for a circuit holds the graph of states: since a state is its AIGER bytes, passes
that lead to the same network lead to the same state, and each pass of a state is run once. Mapped
costs and verdicts of equivalence are kept by state too. Agents that share a session share it all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from archgym.cost_models.synthesis.actions import RESYN2, parse_recipe
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import Engine
from archgym.cost_models.synthesis.equivalence import EquivalenceChecker
from archgym.cost_models.synthesis.libraries import Library
from archgym.cost_models.synthesis.mapper import NO_FINISHER, Mapper, Quality
from archgym.cost_models.synthesis.passes import PassRunner, Snapshot

_MOST_MAPPERS = 6
_MOST_BYTES = 256 * 2**20


@dataclass(eq=False)
class State:
    """A strashed network, and what passes were found to make of it.

    Attributes:
        snapshot: The network.
        digest: Hash of its AIGER bytes.
        after: Pass -> the state that it leads to, as far as it was run.
    """

    snapshot: Snapshot
    digest: bytes
    after: dict[str, State] = field(default_factory=dict, repr=False)

    @property
    def aiger(self) -> bytes:
        """Binary AIGER without names."""
        return self.snapshot.aiger

    @property
    def and_count(self) -> int:
        """AND gates."""
        return self.snapshot.and_count

    @property
    def level(self) -> int:
        """Depth in gates."""
        return self.snapshot.level


@dataclass(frozen=True)
class Synthesized:
    """The end of a recipe: a state, and the sizes that count.

    Those of a plain chain are taken before the strash that ends it.
    """

    state: State
    and_count: int
    level: int


@dataclass
class Statistics:
    """What was asked of a session and what had to be computed."""

    passes_asked: int = 0
    passes_run: int = 0
    mappings_asked: int = 0
    mappings_run: int = 0
    checks_asked: int = 0
    checks_run: int = 0

    @property
    def pass_hits(self) -> int:
        """Passes that were answered without running them."""
        return self.passes_asked - self.passes_run


class Session:
    """One circuit under synthesis; made by `Synthesizer.session`.

    Attributes:
        circuit: The circuit.
        root: The state as loaded.
        symbols: Names of inputs and outputs, as an AIGER symbol table.
        statistics: What was asked and what had to be computed.

    Raises:
        WorkloadError: ABC cannot load the circuit.
    """

    def __init__(self, owner: Synthesizer, circuit: Circuit):
        self.circuit, self.statistics = circuit, Statistics()
        self._owner = owner
        self._states: dict[bytes, State] = {}
        self._bytes = 0
        self._plain: dict[tuple[str, ...], Synthesized] = {}
        self._qualities: dict[tuple[bytes, Library, str], Quality] = {}
        self._verdicts: dict[bytes, str] = {}
        snapshot, self.symbols = owner.runner.load(circuit)
        self.root = self._state(snapshot)

    def apply(self, state: State, action: str) -> State:
        """Return the state after one pass of the canonical chain.

        Args:
            state: Of this session.
            action: A legal pass's full name, see `archgym.cost_models.synthesis.actions`.

        Raises:
            EngineTimeoutError, EngineError: ABC fails at it, twice.
        """
        self.statistics.passes_asked += 1
        known = state.after.get(action)
        if known is None:
            known = self._state(self._owner.runner.apply(state.snapshot, action))
            state.after[action] = known
            self.statistics.passes_run += 1
        return known

    def run(self, recipe: Iterable[str]) -> Synthesized:
        """Return the end of a recipe in the canonical chain; raises as `apply`."""
        state = self.root
        for action in recipe:
            state = self.apply(state, action)
        return Synthesized(state, state.and_count, state.level)

    def run_plain(self, recipe: Iterable[str]) -> Synthesized:
        """Return the end of a recipe without strash between passes; raises as `apply`."""
        passes = tuple(recipe)
        self.statistics.passes_asked += len(passes)
        known = self._plain.get(passes)
        if known is None:
            stats, snapshot = self._owner.runner.run_plain(self.circuit, passes)
            known = Synthesized(self._state(snapshot), stats.and_count, stats.level)
            self._plain[passes] = known
            self.statistics.passes_run += len(passes)
        return known

    def map(self, state: State, library: Library, finisher: str = NO_FINISHER) -> Quality:
        """Return what a state costs in a library.

        Raises:
            LibraryError: The library cannot be mapped to.
            EngineTimeoutError, EngineError: ABC fails at it, twice.
        """
        self.statistics.mappings_asked += 1
        key = (state.digest, library, finisher)
        if key not in self._qualities:
            # With names: the mapper puts no buffer between an input and an output of its name.
            named = state.aiger + self.symbols
            self._qualities[key] = self._owner.mapper(library).map(named, finisher)
            self.statistics.mappings_run += 1
        return self._qualities[key]

    def reference(self, library: Library) -> Quality:
        """Return what resyn2 costs in a library: a plain chain, mapped without finisher."""
        return self.map(self.reference_end.state, library)

    @cached_property
    def reference_end(self) -> Synthesized:
        """The end of resyn2 in a plain chain; run once."""
        return self.run_plain(parse_recipe(RESYN2))

    def equivalence(self, state: State) -> str:
        """Return "yes" or "no" where it is proved that a state is the circuit, or "undecided"."""
        self.statistics.checks_asked += 1
        if state.digest not in self._verdicts:
            verdict = self._owner.checker.check(self.circuit, state.aiger)
            self._verdicts[state.digest] = verdict
            self.statistics.checks_run += 1
        return self._verdicts[state.digest]

    def _state(self, snapshot: Snapshot) -> State:
        """Return the state of these bytes, a new one where there is none."""
        digest = hashlib.blake2b(snapshot.aiger, digest_size=16).digest()
        if digest not in self._states:
            self._make_room(len(snapshot.aiger))
            self._states[digest] = State(snapshot, digest)
            self._bytes += len(snapshot.aiger)
        return self._states[digest]

    def _make_room(self, size: int) -> None:
        """Forget all states but the first once they are large; they can be computed again."""
        if self._bytes + size <= _MOST_BYTES or not self._states:
            return
        self.root.after.clear()
        self._states = {self.root.digest: self.root}
        self._plain.clear()
        self._bytes = len(self.root.aiger)


class Synthesizer:
    """ABC processes that are kept alive, and a session for each circuit.

    Pickled without processes and sessions; a copy starts its own.

    Args:
        engine: The executable.
        limit_s: Wall-clock limit of one pass or mapping in seconds.
    """

    def __init__(self, engine: Engine, limit_s: float):
        self.engine, self.limit_s = engine, limit_s
        self.runner = PassRunner(engine, limit_s)
        self.checker = EquivalenceChecker(engine)
        self._mappers: dict[Library, Mapper] = {}
        self._sessions: dict[str, Session] = {}

    def __reduce__(self) -> tuple[type[Synthesizer], tuple[Engine, float]]:
        return Synthesizer, (self.engine, self.limit_s)

    def session(self, circuit: Circuit) -> Session:
        """Return the session of a circuit, the same for equal circuits.

        Raises:
            WorkloadError: ABC cannot load it.
        """
        if circuit.digest not in self._sessions:
            self._sessions[circuit.digest] = Session(self, circuit)
        return self._sessions[circuit.digest]

    def mapper(self, library: Library) -> Mapper:
        """Return the mapper of a library; the one made first goes when there are too many."""
        if library not in self._mappers:
            if len(self._mappers) >= _MOST_MAPPERS:
                self._mappers.pop(next(iter(self._mappers))).close()
            self._mappers[library] = Mapper(self.engine, library, self.limit_s)
        return self._mappers[library]

    def close(self) -> None:
        """End all processes; the next requests start others."""
        self.runner.close()
        self.checker.close()
        for mapper in self._mappers.values():
            mapper.close()
