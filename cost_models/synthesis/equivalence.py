"""Combinational equivalence, proved by ABC."""

from __future__ import annotations

from archgym.cost_models.synthesis.abc_process import (
    AbcProcess,
    EngineError,
    EngineTimeoutError,
)
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import Engine

NO, YES, UNDECIDED = "no", "yes", "undecided"
VERDICTS = (NO, YES, UNDECIDED)
_SOLVER_SECONDS = 20  # of cec's -T, which binds the solver but not all that is around it
_LIMIT_SECONDS = 120.0


class EquivalenceChecker:
    """Compares networks with the circuit that they came from, inputs and outputs by order.

    Args:
        engine: The executable.
    """

    def __init__(self, engine: Engine):
        self.process = AbcProcess(engine, limit_s=_LIMIT_SECONDS)

    def check(self, circuit: Circuit, aiger: bytes) -> str:
        """Return "yes" or "no" where it is proved, else "undecided"."""
        try:
            return self._check(circuit, aiger)
        except EngineTimeoutError:
            return UNDECIDED
        except EngineError:
            self.process.close()
        try:
            return self._check(circuit, aiger)
        except EngineError:
            return UNDECIDED

    def close(self) -> None:
        """End the process; the next request starts another."""
        self.process.close()

    def _check(self, circuit: Circuit, aiger: bytes) -> str:
        source, final = f"source{circuit.suffix}", "final.aig"
        (self.process.folder / source).write_bytes(circuit.content)
        (self.process.folder / final).write_bytes(aiger)
        answer = self.process.ask(f"cec -n -T {_SOLVER_SECONDS} {source} {final}")
        if "NOT EQUIVALENT" in answer:
            return NO
        return YES if "Networks are equivalent" in answer else UNDECIDED
