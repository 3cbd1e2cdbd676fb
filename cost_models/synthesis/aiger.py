"""And-inverter graphs as arrays, and the AIGER formats.

Sources: A. Biere, K. Heljanko, S. Wieringa, AIGER 1.9 and beyond, 2011 (both formats).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

Ints = NDArray[np.int64]
_SYMBOLS = re.compile(rb"(?:[io][0-9]+ [^\n]*\n)*")


@dataclass(frozen=True)
class Aig:
    """A combinational and-inverter graph.

    Node 0 is the constant false, nodes 1 .. inputs are the inputs, then come the AND gates in
    topological order. A literal is twice a node, plus one where it is inverted.

    Attributes:
        inputs: How many.
        fanins: int64 (gates, 2), literals of each gate's inputs, the larger first.
        outputs: int64 (outputs,), literals.
        input_names: One per input, or none.
        output_names: One per output, or none.
    """

    inputs: int
    fanins: Ints
    outputs: Ints
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()

    @property
    def gates(self) -> int:
        """How many AND gates."""
        return len(self.fanins)

    @property
    def nodes(self) -> int:
        """How many nodes: the constant, inputs and gates."""
        return 1 + self.inputs + self.gates

    @cached_property
    def levels(self) -> Ints:
        """Depth of each node in gates, shape (nodes,)."""
        level = [0] * self.nodes
        first = 1 + self.inputs
        for at, (left, right) in enumerate((self.fanins >> 1).tolist(), first):
            a, b = level[left], level[right]
            level[at] = (a if a > b else b) + 1
        return np.array(level, dtype=np.int64)

    @property
    def level(self) -> int:
        """Depth of the deepest output."""
        return int(self.levels[self.outputs >> 1].max(initial=0))

    @cached_property
    def fanouts(self) -> Ints:
        """How often each node is used by gates and outputs, shape (nodes,)."""
        used = np.concatenate([self.fanins.ravel(), self.outputs]) >> 1
        return np.bincount(used, minlength=self.nodes)

    def simulate(self, values: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the outputs of 64 input vectors per word.

        Args:
            values: Shape (inputs, words), bit k of a word is that of vector k.

        Returns:
            Shape (outputs, words).
        """
        words = values.shape[1]
        node = np.zeros((self.nodes, words), dtype=np.uint64)
        node[1 : 1 + self.inputs] = values
        first, ones = 1 + self.inputs, np.uint64(0xFFFFFFFFFFFFFFFF)
        inverted = np.where(self.fanins & 1, ones, np.uint64(0))
        for at, (left, right) in enumerate((self.fanins >> 1).tolist()):
            node[first + at] = (node[left] ^ inverted[at, 0]) & (node[right] ^ inverted[at, 1])
        flips = np.where(self.outputs & 1, ones, np.uint64(0))
        return np.asarray(node[self.outputs >> 1] ^ flips[:, None])


def read_aiger(content: bytes, where: str = "AIGER") -> Aig:
    """Return the graph of binary or ASCII AIGER.

    Raises:
        WorkloadError: It is not AIGER, has latches, or is cut off. Says what and where.
    """
    header, _, rest = content.partition(b"\n")
    kind, counts = _header(header, where)
    try:
        if kind == b"aig":
            return _read_binary(counts, rest, where)
        return _read_ascii(counts, rest, where)
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        if isinstance(error, WorkloadError):
            raise
        raise WorkloadError(f"{where}: AIGER that is cut off or not well formed") from None


def _header(line: bytes, where: str) -> tuple[bytes, tuple[int, ...]]:
    words = line.split()
    if not words or words[0] not in (b"aig", b"aag"):
        raise WorkloadError(f"{where}: not AIGER: it begins with {line[:24]!r}, not aig or aag")
    if len(words) < 6 or not all(word.isdigit() for word in words[1:]):
        raise WorkloadError(f"{where}: line 1: an AIGER header is aig M I L O A")
    counts = tuple(int(word) for word in words[1:])
    if counts[2]:
        raise WorkloadError(f"{where}: has {counts[2]} latches; only combinational circuits count")
    if any(counts[5:]):
        raise WorkloadError(f"{where}: AIGER 1.9 properties (bad states, fairness) have no place")
    if words[0] == b"aig" and counts[0] != counts[1] + counts[4]:
        raise WorkloadError(f"{where}: line 1: M must be I + L + A")
    return words[0], counts


def _read_binary(counts: tuple[int, ...], rest: bytes, where: str) -> Aig:
    _, inputs, _, outputs, gates = counts[:5]
    lines = rest.split(b"\n", outputs)
    literals = np.array([int(line) for line in lines[:outputs]], dtype=np.int64)
    deltas, end = _decode(lines[outputs], 2 * gates)
    left = 2 * (1 + inputs + np.arange(gates, dtype=np.int64)) - deltas[::2]
    aig = Aig(inputs, np.stack([left, left - deltas[1::2]], axis=1), literals)
    _check(aig, where)
    return _with_names(aig, lines[outputs][end:])


def _decode(content: bytes, count: int) -> tuple[Ints, int]:
    """Return ``count`` numbers of 7 bits a byte, least first, and where they end."""
    if not count:
        return np.zeros(0, dtype=np.int64), 0
    raw = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(raw < 128)[:count]
    if len(ends) < count:
        raise ValueError
    used = int(ends[-1]) + 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(used) - np.repeat(starts, ends - starts + 1)
    values = (raw[:used].astype(np.int64) & 127) << (7 * place)
    return np.add.reduceat(values, starts), used


def _read_ascii(counts: tuple[int, ...], rest: bytes, where: str) -> Aig:
    most, inputs, _, outputs, gates = counts[:5]
    lines = rest.split(b"\n")
    numbers = [[int(word) for word in line.split()] for line in lines[: inputs + outputs + gates]]
    input_literals = [row[0] for row in numbers[:inputs]]
    output_literals = [row[0] for row in numbers[inputs : inputs + outputs]]
    rows = numbers[inputs + outputs :]
    if len(rows) < gates or any(len(row) != 3 for row in rows):
        raise ValueError
    order = _topological(input_literals, rows, most, where)
    literal = _renumbered(input_literals, [rows[at] for at in order])
    fanins = [[literal(x) for x in rows[at][1:]] for at in order]
    array = np.array(fanins, dtype=np.int64).reshape(gates, 2)
    aig = Aig(
        inputs,
        np.sort(array, axis=1)[:, ::-1],
        np.array([literal(x) for x in output_literals], dtype=np.int64),
    )
    return _with_names(aig, b"\n".join(lines[inputs + outputs + gates :]))


def _topological(
    inputs: Sequence[int], rows: Sequence[Sequence[int]], most: int, where: str
) -> list[int]:
    """Return the order of gates in which fan-ins come first: the file's own where it does that."""
    defined = {0} | {literal >> 1 for literal in inputs}
    gate_of = {row[0] >> 1: at for at, row in enumerate(rows)}
    if len(defined | gate_of.keys()) != 1 + len(inputs) + len(rows):
        raise WorkloadError(f"{where}: a variable is defined twice")
    order: list[int] = []
    for root in range(len(rows)):
        stack = [root]
        while stack:
            at = stack[-1]
            needed = [x >> 1 for x in rows[at][1:] if x >> 1 not in defined]
            if not needed:
                stack.pop()
                if rows[at][0] >> 1 not in defined:
                    defined.add(rows[at][0] >> 1)
                    order.append(at)
                continue
            if len(stack) > len(rows) or needed[0] not in gate_of or needed[0] > most:
                raise WorkloadError(f"{where}: variable {needed[0]} is undefined or on a cycle")
            stack.append(gate_of[needed[0]])
    return order


class _renumbered:  # noqa: N801, used as a function
    """Literal of the file -> literal of ours: inputs first, then gates in their order."""

    def __init__(self, inputs: Sequence[int], rows: Sequence[Sequence[int]]):
        nodes = [0, *(x >> 1 for x in inputs), *(row[0] >> 1 for row in rows)]
        self._place = {variable: at for at, variable in enumerate(nodes)}

    def __call__(self, literal: int) -> int:
        if literal >> 1 not in self._place:
            raise ValueError
        return 2 * self._place[literal >> 1] + (literal & 1)


def _check(aig: Aig, where: str) -> None:
    own = 2 * (1 + aig.inputs + np.arange(aig.gates))
    late = (aig.fanins[:, 0] >= own) | (aig.fanins[:, 1] < 0)
    if late.any() or (aig.outputs >= 2 * aig.nodes).any() or (aig.outputs < 0).any():
        raise WorkloadError(f"{where}: a literal names no node that comes before it")


def _with_names(aig: Aig, symbols: bytes) -> Aig:
    """Return the graph with the names of the symbol table, where it names all."""
    found: dict[str, dict[int, str]] = {"i": {}, "o": {}}
    for line in symbols.decode(errors="replace").split("\n"):
        kind, place = line[:1], line[1:].split(" ", 1)
        if kind not in found or len(place) != 2 or not place[0].isdigit():
            break
        found[kind][int(place[0])] = place[1].strip()
    return Aig(
        aig.inputs,
        aig.fanins,
        aig.outputs,
        _all_names(found["i"], aig.inputs),
        _all_names(found["o"], len(aig.outputs)),
    )


def _all_names(found: dict[int, str], count: int) -> tuple[str, ...]:
    complete = count and found.keys() == set(range(count))
    return tuple(found[at] for at in range(count)) if complete else ()


def write_binary(aig: Aig, *, names: bool = True) -> bytes:
    """Return binary AIGER, with a symbol table where there are names and these are wanted."""
    header = f"aig {aig.nodes - 1} {aig.inputs} 0 {len(aig.outputs)} {aig.gates}\n"
    outputs = "".join(f"{literal}\n" for literal in aig.outputs.tolist())
    fanins = np.sort(aig.fanins, axis=1)[:, ::-1]
    own = 2 * (1 + aig.inputs + np.arange(aig.gates, dtype=np.int64))
    deltas = np.stack([own - fanins[:, 0], fanins[:, 0] - fanins[:, 1]], axis=1).ravel()
    return (header + outputs).encode() + _encode(deltas) + (_symbols(aig) if names else b"")


def _encode(numbers: Ints) -> bytes:
    content = bytearray()
    for number in numbers.tolist():
        while number > 127:
            content.append(number & 127 | 128)
            number >>= 7
        content.append(number)
    return bytes(content)


def write_ascii(aig: Aig) -> bytes:
    """Return ASCII AIGER, with a symbol table where there are names."""
    lines = [f"aag {aig.nodes - 1} {aig.inputs} 0 {len(aig.outputs)} {aig.gates}"]
    lines += [str(2 * (1 + at)) for at in range(aig.inputs)]
    lines += map(str, aig.outputs.tolist())
    first = 1 + aig.inputs
    lines += [f"{2 * (first + at)} {a} {b}" for at, (a, b) in enumerate(aig.fanins.tolist())]
    return "\n".join([*lines, ""]).encode() + _symbols(aig)


def _symbols(aig: Aig) -> bytes:
    lines = [f"i{at} {name}\n" for at, name in enumerate(aig.input_names)]
    lines += [f"o{at} {name}\n" for at, name in enumerate(aig.output_names)]
    return "".join(lines).encode()


def split_symbols(content: bytes) -> tuple[bytes, bytes]:
    """Return binary AIGER without names and comment, and its symbol table.

    Equal graphs are equal bytes then.

    Raises:
        WorkloadError: It is no complete binary AIGER.
    """
    header = content.partition(b"\n")[0]
    kind, counts = _header(header, "AIGER")
    if kind != b"aig":
        raise WorkloadError("AIGER: a snapshot must be binary")
    start = len(header) + 1
    for _ in range(counts[3]):
        start = content.find(b"\n", start) + 1
        if not start:
            raise WorkloadError("AIGER: cut off among the outputs")
    try:
        end = start + _end_of(content[start:], 2 * counts[4])
    except ValueError:
        raise WorkloadError("AIGER: cut off among the gates") from None
    table = _SYMBOLS.match(content, end)
    assert table is not None
    return content[:end], table.group(0)


def _end_of(content: bytes, count: int) -> int:
    if not count:
        return 0
    ends = np.flatnonzero(np.frombuffer(content, dtype=np.uint8) < 128)
    if len(ends) < count:
        raise ValueError
    return int(ends[count - 1]) + 1
