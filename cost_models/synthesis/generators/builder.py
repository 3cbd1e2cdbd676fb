"""Making and-inverter graphs gate by gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from archgym.cost_models.synthesis.aiger import Aig

FALSE, TRUE = 0, 1
Bits = list[int]


class Builder:
    """A graph under construction; equal gates are made once.

    Nets are literals: twice a node, plus one where inverted; ``net ^ 1`` inverts. Buses are lists
    of nets, the least significant bit first. All inputs come before the first gate.
    """

    def __init__(self) -> None:
        self._input_names: list[str] = []
        self._outputs: list[int] = []
        self._output_names: list[str] = []
        self._gates: list[tuple[int, int]] = []
        self._known: dict[tuple[int, int], int] = {}

    @property
    def gates(self) -> int:
        """Gates made so far."""
        return len(self._gates)

    def input(self, name: str) -> int:
        """Return a new input."""
        assert not self._gates, "inputs come first"
        self._input_names.append(name)
        return 2 * len(self._input_names)

    def input_bus(self, name: str, width: int) -> Bits:
        """Return new inputs ``name[0]``, ``name[1]``, ..."""
        return [self.input(f"{name}[{bit}]") for bit in range(width)]

    def output(self, name: str, net: int) -> None:
        """Add an output."""
        self._outputs.append(net)
        self._output_names.append(name)

    def output_bus(self, name: str, bits: Sequence[int]) -> None:
        """Add outputs ``name[0]``, ``name[1]``, ..."""
        for at, net in enumerate(bits):
            self.output(f"{name}[{at}]", net)

    def finish(self) -> Aig:
        """Return the graph."""
        return Aig(
            len(self._input_names),
            np.array(self._gates, dtype=np.int64).reshape(-1, 2),
            np.array(self._outputs, dtype=np.int64),
            tuple(self._input_names),
            tuple(self._output_names),
        )

    # -- gates -----------------------------------------------------------------------------------

    def all_of(self, *nets: int) -> int:
        """Return the conjunction, a balanced tree."""
        return self._tree(self._and, nets, TRUE)

    def any_of(self, *nets: int) -> int:
        """Return the disjunction, a balanced tree."""
        return self.all_of(*(net ^ 1 for net in nets)) ^ 1

    def xor(self, *nets: int) -> int:
        """Return the parity, a balanced tree."""
        return self._tree(self._xor, nets, FALSE)

    def choose(self, condition: int, then: int, otherwise: int) -> int:
        """Return a multiplexer."""
        return self.any_of(self.all_of(condition, then), self.all_of(condition ^ 1, otherwise))

    def choose_bus(self, condition: int, then: Sequence[int], otherwise: Sequence[int]) -> Bits:
        """Return a multiplexer of buses of equal width."""
        return [self.choose(condition, a, b) for a, b in zip(then, otherwise, strict=True)]

    def _tree(self, gate: Callable[[int, int], int], nets: Sequence[int], empty: int) -> int:
        level = list(nets)
        while len(level) > 1:
            pairs = [gate(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
            level = pairs + level[len(level) & ~1 :]
        return level[0] if level else empty

    def _and(self, a: int, b: int) -> int:
        if a < b:
            a, b = b, a
        if b == FALSE or a == b ^ 1:
            return FALSE
        if b == TRUE or a == b:
            return a
        if (a, b) not in self._known:
            self._gates.append((a, b))
            self._known[a, b] = 2 * (len(self._input_names) + len(self._gates))
        return self._known[a, b]

    def _xor(self, a: int, b: int) -> int:
        return self._and(self._and(a, b ^ 1) ^ 1, self._and(a ^ 1, b) ^ 1) ^ 1
