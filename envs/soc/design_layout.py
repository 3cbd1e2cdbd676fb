"""Where in the codes of a chip the choices about its tasks and blocks stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.design.columns import (
    BUSES,
    MEM_BUS,
    MEMS,
    PE_BUS,
    PES,
    TASK_MEM,
    TASK_PE,
)
from archgym.cost_models.soc.design.workload import TaskGraph
from archgym.space import DesignSpace
from archgym.word_list import WordList

Codes = NDArray[np.int64]

PE, MEMORY, BUS = "PE", "memory", "bus"
KINDS = (PE, MEMORY, BUS)

# Kind -> used block -> columns of the choices that put a task, an output or a block on it, -1 for
# those that have no other place.
Occupancy = dict[str, dict[int, list[int]]]
_FIELDS = {
    PE: (PES, ("kind", "task", "unroll", "frequency")),
    MEMORY: (MEMS, ("kind", "width", "frequency")),
    BUS: (BUSES, ("kind", "width", "frequency")),
}


@dataclass(frozen=True)
class Field:
    """One choice about a block.

    Attributes:
        kind, block: Whose it is.
        name: What is chosen.
        column: Where its code stands.
        size: How many values it has.
        ordered: Whether they ascend.
    """

    kind: str
    block: int
    name: str
    column: int
    size: int
    ordered: bool


class ChipLayout:
    """Columns of the choices in the codes of a space of chips.

    Attributes:
        counts: Kind -> number of blocks that agents may use.
        cores: How many of the PEs are cores, which come first.
        fields: All choices about blocks.
        task_pe, task_mem: Column of each task's choice, -1 where it has none.
        bus_of: Kind -> column of the bus of each PE or memory, -1 where there is one bus alone.
    """

    def __init__(self, space: DesignSpace, graph: TaskGraph):
        self._space, self._graph = space, graph
        self.counts = {kind: len(self._list(_FIELDS[kind][0]).entries) for kind in KINDS}
        self.fields = tuple(field for kind in KINDS for field in self._fields_of(kind))
        self._columns_of = {(f.kind, f.block, f.name): f.column for f in self.fields}
        self.task_pe, self.task_mem = self._columns(TASK_PE), self._columns(TASK_MEM)
        self.bus_of = {PE: self._columns(PE_BUS), MEMORY: self._columns(MEM_BUS)}
        self._has_output = [bool(children) for children in graph.children]
        self._pes_of = [entry[0] for entry in self._list(TASK_PE).entries]
        self.cores = sum(len(entry) == 1 for entry in self._list(PES).entries)
        self._has_work = [task.cpu_cycles > 0 for task in graph.spec.tasks]

    def _list(self, name: str) -> WordList:
        parameter = self._space[name]
        assert isinstance(parameter, WordList), name
        return parameter

    def _columns(self, name: str) -> list[int]:
        """Return the column of each entry's only field, -1 where there is no choice."""
        start, parameter = self._space.columns[name].start, self._list(name)
        found = {entry: start + at for at, (entry, _, _) in enumerate(parameter.choices)}
        return [found.get(entry, -1) for entry in range(len(parameter.entries))]

    def _fields_of(self, kind: str) -> list[Field]:
        name, names = _FIELDS[kind]
        start, parameter = self._space.columns[name].start, self._list(name)
        return [
            Field(kind, entry, names[field], start + at, len(values), parameter.axes[at].ordered)
            for at, (entry, field, values) in enumerate(parameter.choices)
        ]

    def occupancy(self, codes: Codes) -> Occupancy:
        """Return what the blocks of a chip carry; codes are of shape (width,)."""
        row = codes.tolist()
        carried: dict[str, dict[int, list[int]]] = {kind: {} for kind in KINDS}
        for task, work in enumerate(self._has_work):
            if work:
                pe = int(self._pes_of[task][_value(row, self.task_pe[task])])
                carried[PE].setdefault(pe, []).append(self.task_pe[task])
            if self._has_output[task]:
                memory = _value(row, self.task_mem[task])
                carried[MEMORY].setdefault(memory, []).append(self.task_mem[task])
        for kind, columns in self.bus_of.items():
            for block in sorted(carried[kind]):
                bus = _value(row, columns[block])
                carried[BUS].setdefault(bus, []).append(columns[block])
        return carried

    def copy_block(self, codes: Codes, kind: str, block: int, to: int) -> None:
        """Give block ``to`` the fields and the bus of another block."""
        for field in self.fields:
            if field.kind == kind and field.block == block:
                twin = self._columns_of.get((kind, to, field.name))
                if twin is not None:
                    codes[twin] = codes[field.column]
        if kind != BUS and self.bus_of[kind][to] >= 0:
            codes[self.bus_of[kind][to]] = codes[self.bus_of[kind][block]]


def _value(row: Sequence[int], column: int) -> int:
    return row[column] if column >= 0 else 0
