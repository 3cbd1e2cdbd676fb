"""Batches of designs as arrays, and what is wrong with those that cannot be built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.soc.design.arrays import DesignArrays
from archgym.cost_models.soc.design.columns import (
    BUS_LINKS,
    BUSES,
    COLUMNS,
    IP,
    MEM_BUS,
    MEMS,
    PE_BUS,
    PES,
    TASK_MEM,
    TASK_PE,
)
from archgym.cost_models.soc.design.workload import TaskGraph
from archgym.word_list import WordList


def arrays_of(batch: Batch) -> DesignArrays:
    """Return the designs as kernels take them, cut to the longest list of each column."""
    columns = {name: _places(batch, name) for name in COLUMNS}
    return DesignArrays(
        pes=columns[PES],
        mems=columns[MEMS],
        buses=columns[BUSES],
        pe_bus=columns[PE_BUS],
        mem_bus=columns[MEM_BUS],
        links=columns[BUS_LINKS],
        task_pe=columns[TASK_PE],
        task_mem=columns[TASK_MEM],
    )


def _places(batch: Batch, name: str) -> NDArray[np.int64]:
    places = _parameter(batch, name).places(batch.codes[:, batch.space.columns[name]])
    longest = int((places >= 0).sum(axis=1).max(initial=1))
    return np.ascontiguousarray(places[:, : max(longest, 1)])


def _parameter(batch: Batch, name: str) -> WordList:
    parameter = batch.space[name]
    assert isinstance(parameter, WordList), name
    return parameter


def faults(batch: Batch, graph: TaskGraph) -> dict[int, str]:
    """Return row -> what is wrong; designs of the grid are sound by construction."""
    given = np.zeros(len(batch), dtype=bool)
    for name in COLUMNS:
        codes = batch.codes[:, batch.space.columns[name]]
        given |= ~_parameter(batch, name).is_on_grid(codes)
    rows = np.flatnonzero(given).tolist()
    texts = {name: batch.select(rows)[name].tolist() for name in COLUMNS} if rows else {}
    found = {}
    for at, row in enumerate(rows):
        words = {name: text[at].split(";") if text[at] else [] for name, text in texts.items()}
        found[row] = _fault(words, graph)
    return {row: text for row, text in found.items() if text}


def _fault(words: dict[str, list[str]], graph: TaskGraph) -> str:
    """Return what is wrong with one design, or nothing."""
    tasks = len(graph.task_names)
    sizes = {name: len(words[name]) for name in (PES, MEMS, BUSES)}
    wanted = {
        PE_BUS: ("PEs", sizes[PES], "bus", sizes[BUSES]),
        MEM_BUS: ("memories", sizes[MEMS], "bus", sizes[BUSES]),
        TASK_PE: ("tasks", tasks, "PE", sizes[PES]),
        TASK_MEM: ("tasks", tasks, "memory", sizes[MEMS]),
    }
    for name, (what, count, kind, limit) in wanted.items():
        if len(words[name]) != count:
            return f"{name}: {len(words[name])} entries for {count} {what}"
        for word in words[name]:
            if int(word) >= limit:
                return f"{name}: there is no {kind} {word}, only 0 .. {limit - 1}"
    return _fault_of_links(words[BUS_LINKS], sizes[BUSES]) or _fault_of_tasks(words, graph)


def _fault_of_links(links: Sequence[str], buses: int) -> str:
    """Return why links do not join all buses to one tree, or nothing."""
    if not links:
        return ""
    group = list(range(buses))
    for link in links:
        one, other = map(int, link.split("-"))
        if max(one, other) >= buses:
            return f"{BUS_LINKS}: there is no bus {max(one, other)}, only 0 .. {buses - 1}"
        if group[one] == group[other]:
            return f"{BUS_LINKS}: {link} closes a ring; buses form a tree"
        old = group[other]
        group = [group[one] if at == old else at for at in group]
    return "" if len(set(group)) == 1 else f"{BUS_LINKS}: not all {buses} buses are joined"


def _fault_of_tasks(words: dict[str, list[str]], graph: TaskGraph) -> str:
    for name, pe in zip(graph.task_names, words[TASK_PE], strict=True):
        fields = words[PES][int(pe)].split(":")
        if fields[0] == IP and fields[1] != name:
            return f"{TASK_PE}: {name} is on PE {pe}, which runs {fields[1]} alone"
    return ""
