"""The chips that agents search for a task graph, and those that users may evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.soc.design.columns import (
    BUS_LINKS,
    BUSES,
    INTERCONNECT,
    IP,
    MEM_BUS,
    MEMS,
    MOST_BLOCKS,
    PE_BUS,
    PES,
    TASK_MEM,
    TASK_PE,
)
from archgym.cost_models.soc.design.library import MEMORY_KINDS, alphabets_of
from archgym.cost_models.soc.design.workload import TaskGraph
from archgym.errors import SettingError
from archgym.setting import Setting
from archgym.space import DesignSpace
from archgym.word_list import Entry, WordList

Settings = Mapping[str, Any]

CHAIN, TREE = "chain", "tree"
SETTINGS = {
    "cpus": Setting(2, description="cores that agents may use, PEs 0, 1, ..."),
    "memories": Setting(4, description="memories that agents may use"),
    "buses": Setting(3, description="buses that agents may use"),
    "topology": Setting(
        CHAIN, choices=(CHAIN, TREE), description="how agents' buses are joined: 0-1-2-..., or any"
    ),
    "task_graph": Setting("", description="the name of one workload in a file that has several"),
}


def design_space(settings: Settings, graph: TaskGraph) -> DesignSpace:
    """Return the space of chips for a task graph.

    PEs are ``cpus`` cores and one accelerator for each task that can have one; a task runs on a
    core or on its own accelerator, so every design can be built.
    """
    cpus, memories, buses = (_number(settings, name) for name in ("cpus", "memories", "buses"))
    words, hardware = alphabets_of(graph), graph.hardware
    accelerated = [at for at, _ in graph.accelerated()]
    if cpus + len(accelerated) > MOST_BLOCKS:
        raise SettingError(f"setting 'cpus': more than {MOST_BLOCKS} PEs with the accelerators")
    multiples = _texts(hardware.accelerator.freq_multiples)
    pes: list[Entry] = [((hardware.cpu.name,),)] * cpus
    pes += [((IP,), (t.name,), _texts(t.unroll), multiples) for _, t in graph.accelerated()]
    memory, bus = hardware.memory, hardware.interconnect
    mem: Entry = (MEMORY_KINDS, _texts(memory.width_bytes), _texts(memory.freq_multiples))
    joint: Entry = ((INTERCONNECT,), _texts(bus.width_bytes), _texts(bus.freq_multiples))
    task_pe = [
        _choices(cpus, cpus + accelerated.index(at) if at in accelerated else None)
        if graph.spec.tasks[at].cpu_cycles
        else _choices(1)
        for at in range(len(graph.task_names))
    ]
    task_mem = [_choices(memories if children else 1) for children in graph.children]
    return DesignSpace(
        [
            _column(PES, pes, words.pes, "compute", "A53 or ip:TASK:UNROLL:FREQUENCY"),
            _column(MEMS, [mem] * memories, words.mems, "memory", "KIND:WIDTH_B:FREQUENCY"),
            _column(BUSES, [joint] * buses, words.buses, "interconnect", "ic:WIDTH_B:FREQUENCY"),
            _column(
                PE_BUS,
                [_choices(buses)] * len(pes),
                words.indices,
                "interconnect",
                "bus of each PE",
            ),
            _column(
                MEM_BUS,
                [_choices(buses)] * memories,
                words.indices,
                "interconnect",
                "bus of each memory",
            ),
            _column(
                BUS_LINKS,
                _links(settings["topology"], buses),
                words.links,
                "interconnect",
                "A-B;...; empty for a chain",
                MOST_BLOCKS - 1,
            ),
            _column(TASK_PE, task_pe, words.indices, "mapping", "PE of each task", len(task_pe)),
            _column(
                TASK_MEM,
                task_mem,
                words.indices,
                "mapping",
                "memory of each task's output",
                len(task_mem),
            ),
        ]
    )


def _column(
    name: str,
    entries: list[Entry],
    alphabet: tuple[str, ...],
    role: str,
    description: str,
    most: int = MOST_BLOCKS,
) -> WordList:
    return WordList(name, tuple(entries), alphabet, most=most, role=role, description=description)


def _number(settings: Settings, name: str) -> int:
    number = int(settings[name])
    if not 1 <= number <= MOST_BLOCKS:
        raise SettingError(f"setting {name!r}: {number} is not 1 .. {MOST_BLOCKS}")
    return number


def _texts(numbers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(map(str, sorted(set(numbers))))


def _choices(count: int, other: int | None = None) -> Entry:
    """Return a choice among the first blocks, and possibly one more."""
    numbers = [*range(count), *([] if other is None else [other])]
    return (tuple(map(str, numbers)),)


def _links(topology: str, buses: int) -> list[Entry]:
    """Return no link for a chain, else for each bus but the first one to some bus before it."""
    if topology == CHAIN:
        return []
    # The bus before comes first, so that the default is a chain.
    return [(tuple(f"{at}-{bus}" for at in reversed(range(bus))),) for bus in range(1, buses)]
